using System.Diagnostics;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>sway 1.7 without a display: it has wp_presentation, shows every frame, and answers no presentation feedback.</summary>
public sealed class SilentSwayTests
{
    private const string Still = "pattern:memory=memfd,size=640x480,no-cursor,rate=0.01";

    [Fact]
    public async Task A_still_image_is_committed_twice_at_most()
    {
        using var host = await HeadlessSway.Start();
        using var run = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show {Still} --seconds 6");
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.InRange(run.Head.GetProperty("committed").GetInt32(), 1, 2);
    }

    [Fact]
    public async Task The_splash_goes_when_the_guest_is_shown()
    {
        using var host = await HeadlessSway.Start();
        using var kiosk = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"kiosk {Still}");
        await Tools.Until(() => host.Windows() is [{ Title: not "guestplane" }], () => string.Join(", ", host.Windows()));
        kiosk.Terminate();
        Assert.Equal(0, kiosk.Wait().ExitCode);
    }

    [Fact]
    public async Task The_first_frame_is_announced()
    {
        using var host = await HeadlessSway.Start();
        var ready = Path.Combine(host.RuntimeDir, "ready");
        // Descriptor 9 is a file here, so that the test needs no reader.
        using var run = ProgramRun.Shell(host.RuntimeDir, HeadlessSway.DisplayName, $"show {Still} --seconds 20 --ready-fd 9 9>{ready}");
        await Tools.Until(() => File.Exists(ready) && File.ReadAllText(ready) == "\n", () => "nothing was written to --ready-fd");
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
    }

    /// <summary>A compositor that compiles its shaders gets 25 seconds for them. This one is idle.</summary>
    [Fact]
    public async Task A_probe_does_not_wait_for_answers_that_an_idle_compositor_does_not_give()
    {
        using var host = await HeadlessSway.Start();
        host.Do("output * dpms off");
        var since = Stopwatch.StartNew();
        using var run = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, "probe pattern:memory=memfd --seconds 1");
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.InRange(since.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
    }
}
