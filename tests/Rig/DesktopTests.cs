using System.Text.RegularExpressions;
using Guestplane.Gvt;

namespace Guestplane.Tests.Rig;

public abstract class DesktopBoot(string suite) : RigBoot(suite, "desktop.sh", seconds: 1200);

public sealed class ForkyDesktopBoot() : DesktopBoot("forky");

public sealed class TrixieDesktopBoot() : DesktopBoot("trixie");

public sealed class ForkyDesktopTests(ForkyDesktopBoot boot) : DesktopTests<ForkyDesktopBoot>(boot)
{
    [Fact]
    public void KWin_on_a_card_does_as_the_others()
    {
        AssertWindow("kwin");
        AssertResized("kwin");
        AssertFullscreenAndBack("kwin", "resized");
        AssertEndedWell("kwin");
        AssertNoProtocolError("kwin");
    }

    /// <summary>Debian 13's logs no such thing, and cannot be told to; the program's own side of it is asserted there too.</summary>
    [Fact]
    public void Cage_tells_its_log_of_no_protocol_error() => AssertNoProtocolError("cage");
}

public sealed class TrixieDesktopTests(TrixieDesktopBoot boot) : DesktopTests<TrixieDesktopBoot>(boot);

/// <summary>A window's life on each host: mapped, another size, full screen and back, closed; and nobody spoke of an error.</summary>
public abstract partial class DesktopTests<TBoot>(TBoot boot) : RigTests<TBoot>(boot)
    where TBoot : DesktopBoot
{
    private const int Width = 640, Height = 480, OutputWidth = 1024, OutputHeight = 768;

    // A scaled card's place is reckoned from a bar's.
    private const int Tolerance = 4;

    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("weston")]
    [InlineData("weston-headless")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter")]
    public void A_window_is_as_large_as_the_guest_and_has_each_pixel_of_it(string host) => AssertWindow(host);

    /// <summary>By those that have a command for it, or a user who can: the headless weston has neither, and the kiosk one size.</summary>
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("weston")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter")]
    public void A_larger_window_has_a_larger_image_of_the_same_shape(string host) => AssertResized(host);

    [Theory]
    [InlineData("sway", "resized")]
    [InlineData("labwc", "resized")]
    [InlineData("weston", "resized")]
    [InlineData("kwin-virtual", "resized")]
    // Its other size is as large as it gets, and was taken back.
    [InlineData("mutter", "window")]
    [InlineData("cage", "window")]
    public void Full_screen_is_all_of_it_and_the_way_back_leads_to_where_it_was(string host, string before) => AssertFullscreenAndBack(host, before);

    [Fact]
    public void A_window_begins_full_screen_where_nobody_can_ask_for_it_later() => AssertFull("weston-headless");

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
    public void A_closed_window_ends_the_program_well(string name) => AssertEndedWell(name);

    /// <summary>2 is xdg-decoration's server_side. KWin offers it too, and says 1: in the rig's images it has no plugin that draws one.</summary>
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("cage")]
    public void Hosts_that_draw_frames_say_so(string host) =>
        Assert.Matches(@"zxdg_toplevel_decoration_v1[#@]\d+\.configure\(2\)", Boot.Messages(host));

    /// <summary>It would have: it told of the client that breaks the protocol, which the scenario has at the end.</summary>
    [Theory]
    [InlineData("sway")]
    [InlineData("labwc")]
    [InlineData("weston")]
    [InlineData("weston-headless")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter")]
    public void The_host_tells_its_log_of_no_protocol_error(string host) => AssertNoProtocolError(host);

    protected void AssertWindow(string host)
    {
        var place = Place($"{host}-window");
        Assert.Equal((Width, Height), (place.Width, place.Height));
        var shot = Boot.Png($"{host}-window.png");
        var card = new Card(Width, Height, Card.Frame(shot, place, Width, Height)!.Value);
        Assert.Null(card.Difference(shot, new(place.X, place.Y)));
    }

    protected void AssertResized(string host)
    {
        var place = Place($"{host}-resized");
        Assert.True(place.Width > Width && place.Height > Height, $"{host}: {place}");
        Assert.InRange(place.Height - place.Width * Height / Width, -Tolerance, Tolerance);
    }

    protected void AssertFullscreenAndBack(string host, string before)
    {
        AssertFull(host);
        AssertNear(Place($"{host}-{before}"), Place($"{host}-back"));
    }

    protected void AssertEndedWell(string name)
    {
        Assert.True(Boot.ExitCode(name) == 0, $"{name}: exit {Boot.ExitCode(name)}\n{string.Join('\n', Boot.Messages(name).Split('\n').TakeLast(20))}");
        // What WAYLAND_DEBUG makes of the event (connection.c); the exit code would tell of it too.
        Assert.DoesNotMatch(@"wl_display[#@]1\.error\(", Boot.Messages(name));
    }

    protected void AssertNoProtocolError(string host)
    {
        Assert.Matches(ProtocolError(), Boot.Text($"{host}.bad-log"));
        Assert.DoesNotMatch(ProtocolError(), Boot.Text($"{host}.log"));
    }

    /// <summary>libwayland-server's words of a client that it throws out (wayland-server.c), and others' of the same.</summary>
    [GeneratedRegex("error in client communication|protocol error|wl_display[#@]1[.:] ?error", RegexOptions.IgnoreCase)]
    private static partial Regex ProtocolError();

    private void AssertFull(string host) => AssertNear(new(0, 0, OutputWidth, OutputHeight), Place($"{host}-fullscreen"));

    /// <summary>Where the guest's image is on a screenshot, which has a frame of it, in the right colours.</summary>
    private Rectangle Place(string picture)
    {
        var shot = Boot.Png($"{picture}.png");
        Assert.Equal((OutputWidth, OutputHeight), (shot.Width, shot.Height));
        var place = Card.Find(shot, Width, Height);
        Assert.True(place is not null, $"{picture}: no card on the screen");
        Assert.True(Card.Frame(shot, place.Value, Width, Height) is not null, $"{picture}: the card on {place} has no bar code");
        Assert.Null(new Card(Width, Height, 0).WrongBar(shot, place.Value));
        return place.Value;
    }

    private static void AssertNear(Rectangle expected, Rectangle actual)
    {
        Assert.InRange(actual.X, expected.X - Tolerance, expected.X + Tolerance);
        Assert.InRange(actual.Y, expected.Y - Tolerance, expected.Y + Tolerance);
        Assert.InRange(actual.Width, expected.Width - Tolerance, expected.Width + Tolerance);
        Assert.InRange(actual.Height, expected.Height - Tolerance, expected.Height + Tolerance);
    }
}
