using System.Text.RegularExpressions;

namespace Guestplane.Tests.Rig;

public sealed class OtherHostsBoot() : RigBoot("forky", "other-hosts.sh", seconds: 1300);

/// <summary>
/// Hyprland, phoc, wayfire and Mir, whose word on zero-copy means nothing: the kernel is the witness. They take up to eight
/// minutes, which the suite does not have: tests/rig/README.md has the command.
/// </summary>
public sealed class OtherHostsTests(OtherHostsBoot boot) : WindowTests<OtherHostsBoot>(boot)
{
    private const string ScannedOut = @"(?m)^card=vkms plane=\S+ fb=1024x768 imported=yes crtc-pos=1024x768\+0\+0$";

    [Fact(Explicit = true)]
    public override void The_kernel_is_unharmed() => base.The_kernel_is_unharmed();

    /// <summary>Where a bare client of one surface is scanned out, guestplane is.</summary>
    [Theory(Explicit = true)]
    [InlineData("hyprland", true, true)]
    [InlineData("phoc", true, true)]
    [InlineData("wayfire", true, true)]
    [InlineData("mir", false, false)]
    public void The_kernel_says_what_is_scanned_out(string host, bool isBareClient, bool isPlane)
    {
        Assert.Contains("frames", Boot.Text($"{host}-bare.log"));
        Assert.Equal((isBareClient, isPlane), (IsScannedOut($"{host}-bare"), Word(Case($"{host}-matrix", "base"), "witness") == "scanout"));
        Assert.False(IsScannedOut($"{host}-cursor"));
    }

    [Theory(Explicit = true)]
    [InlineData("hyprland")]
    [InlineData("phoc")]
    [InlineData("wayfire")]
    [InlineData("mir")]
    public void The_cursor_has_its_place_and_size(string host)
    {
        Assert.Equal(0, Boot.ExitCode($"{host}-cursor"));
        AssertCursorAtItsPlace(host);
    }

    [Theory(Explicit = true)]
    [InlineData("phoc")]
    [InlineData("wayfire")]
    public void Zero_copy_is_not_believed_over_wl_shm_and_a_requirement_is_not_met(string host)
    {
        Assert.Equal(1, Boot.ExitCode($"{host}-shm"));
        Assert.Equal(0, Count(Boot.Head($"{host}-shm"), "zeroCopy"));
        Assert.Contains("The compositor does not report which frames were zero-copy, and --require wants zero-copy=1%",
            Boot.Messages($"{host}-shm"));
    }

    [Fact(Explicit = true)]
    public void No_verdict_is_wrong() => AssertNoVerdictIsWrong("hyprland-matrix");

    [Theory(Explicit = true)]
    [InlineData("hyprland", "base", "unknown", "direct-scanout-setting")]
    [InlineData("hyprland", "letterbox", "composited", "letterbox")]
    [InlineData("phoc", "base", "unknown", null)]
    [InlineData("wayfire", "base", "unknown", null)]
    [InlineData("mir", "base", "unknown", null)]
    public void A_verdict_does_not_claim_what_no_rule_knows(string host, string name, string verdict, string? rule)
    {
        var found = Case($"{host}-matrix", name);
        Assert.Equal((verdict, rule), (Word(found, "predicted"), Word(found, "rule")));
    }

    [Theory(Explicit = true)]
    [InlineData("hyprland")]
    [InlineData("wayfire")]
    public void A_window_has_the_guests_pixels_and_a_larger_one_a_larger_image(string host)
    {
        AssertWindow($"{host}-life");
        AssertResized($"{host}-life");
    }

    [Theory(Explicit = true)]
    [InlineData("hyprland", "resized")]
    [InlineData("phoc", "window")]
    [InlineData("wayfire", "resized")]
    [InlineData("mir", "window")]
    public void Full_screen_and_back_and_closed_without_a_protocol_error(string host, string before)
    {
        AssertFullscreenAndBack($"{host}-life", before);
        AssertEndedWell($"{host}-life");
    }

    private bool IsScannedOut(string name) =>
        Regex.IsMatch(Boot.Text($"{name}.drm"), ScannedOut);
}
