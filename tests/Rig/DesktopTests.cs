namespace Guestplane.Tests.Rig;

public abstract class DesktopBoot(string suite) : RigBoot(suite, "desktop.sh", seconds: 1200);

public sealed class ForkyDesktopBoot() : DesktopBoot("forky");

public sealed class TrixieDesktopBoot() : DesktopBoot("trixie");

public sealed class ForkyDesktopTests(ForkyDesktopBoot boot) : DesktopTests<ForkyDesktopBoot>(boot)
{
    [Fact]
    public void KWin_on_a_DRM_card_behaves_as_the_others()
    {
        AssertWindow("kwin");
        AssertResized("kwin");
        AssertFullscreenAndBack("kwin", "resized");
        AssertEndedWell("kwin");
        AssertNoProtocolError("kwin");
    }

    /// <summary>Debian 13's logs no such thing, and cannot be told to; the program's own side of it is asserted there too.</summary>
    [Fact]
    public void Cages_log_has_no_protocol_error() => AssertNoProtocolError("cage");
}

public sealed class TrixieDesktopTests(TrixieDesktopBoot boot) : DesktopTests<TrixieDesktopBoot>(boot);

/// <summary>A window's life on each host: mapped, another size, full screen and back, closed; and nobody spoke of an error.</summary>
public abstract class DesktopTests<TBoot>(TBoot boot) : WindowTests<TBoot>(boot)
    where TBoot : DesktopBoot
{
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("weston")]
    [InlineData("weston-headless")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter")]
    public void A_window_has_the_guests_size_and_each_of_its_pixels(string host) => AssertWindow(host);

    /// <summary>By those that have a command for it, or a user who can: the headless weston has neither, and the kiosk one size.</summary>
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("weston")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter")]
    public void A_larger_window_has_a_larger_image_of_the_same_aspect_ratio(string host) => AssertResized(host);

    [Theory]
    [InlineData("sway", "resized")]
    [InlineData("labwc", "resized")]
    [InlineData("weston", "resized")]
    [InlineData("kwin-virtual", "resized")]
    // Its other size is as large as it gets, and was taken back.
    [InlineData("mutter", "window")]
    [InlineData("cage", "window")]
    public void Full_screen_fills_the_output_and_the_window_is_restored_afterwards(string host, string before) =>
        AssertFullscreenAndBack(host, before);

    [Fact]
    public void A_window_starts_full_screen_on_compositors_that_cannot_toggle_it_later() => AssertFull("weston-headless");

    /// <summary>By SIGTERM, or as the host's close button does.</summary>
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("cage")]
    [InlineData("weston")]
    [InlineData("weston-headless")]
    [InlineData("weston-headless-full")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter")]
    public void A_closed_window_ends_the_program_with_exit_code_0(string name) => AssertEndedWell(name);

    /// <summary>2 is xdg-decoration's server_side. KWin offers it too, and says 1: in the rig's images it has no plugin that draws one.</summary>
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("cage")]
    public void Compositors_that_draw_decorations_confirm_it(string host) =>
        Assert.Matches(@"zxdg_toplevel_decoration_v1[#@]\d+\.configure\(2\)", Boot.Messages(host));

    /// <summary>It would have: it told of the client that breaks the protocol, which the scenario has at the end.</summary>
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("weston")]
    [InlineData("weston-headless")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter")]
    public void The_compositors_log_has_no_protocol_error(string host) => AssertNoProtocolError(host);
}
