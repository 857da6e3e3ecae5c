using System.Text.RegularExpressions;
using Guestplane.Gvt;

namespace Guestplane.Tests.Rig;

/// <summary>What tests/rig/guest/window.sh leaves of a window's life: the test pattern of 640x480 on a display of 1024x768.</summary>
public abstract partial class WindowTests<TBoot>(TBoot boot) : RigTests<TBoot>(boot)
    where TBoot : RigBoot
{
    private const int Width = 640, Height = 480, OutputWidth = 1024, OutputHeight = 768;

    // A scaled pattern's place is reckoned from a bar's.
    private const int Tolerance = 4;

    protected void AssertWindow(string host)
    {
        var place = Place($"{host}-window");
        Assert.Equal((Width, Height), (place.Width, place.Height));
        var shot = Boot.Png($"{host}-window.png");
        var pattern = new PatternImage(Width, Height, PatternImage.Frame(shot, place, Width, Height)!.Value);
        Assert.Null(pattern.Difference(shot, new(place.X, place.Y)));
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

    protected void AssertFull(string host) => AssertNear(new(0, 0, OutputWidth, OutputHeight), Place($"{host}-fullscreen"));

    /// <summary>Where the guest's image is on a screenshot, which has a frame of it, in the right colours.</summary>
    private Rectangle Place(string picture)
    {
        var shot = Boot.Png($"{picture}.png");
        Assert.Equal((OutputWidth, OutputHeight), (shot.Width, shot.Height));
        var place = PatternImage.Find(shot, Width, Height);
        Assert.True(place is not null, $"{picture}: no test pattern on the screen");
        Assert.True(PatternImage.Frame(shot, place.Value, Width, Height) is not null, $"{picture}: the pattern on {place} has no bar code");
        Assert.Null(new PatternImage(Width, Height, 0).WrongBar(shot, place.Value));
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
