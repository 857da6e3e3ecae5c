using System.Text.RegularExpressions;
using Guestplane.Gvt.Pattern;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// sway 1.7 scans out only windows of one surface, and so the primary plane of a full screen is the window itself. This one has no
/// display: what it draws has to be right, and every move of the plane from surface to surface legal.
/// </summary>
public sealed class OneSurfaceSwayTests
{
    private const int Rounds = 3;

    [Fact]
    public async Task A_window_goes_into_full_screen_and_back_and_shows_the_newest_image()
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        using var host = await HeadlessSway.Start();
        // Alone on its workspace a window is as large as the screen.
        host.Do("for_window [app_id=guestplane] floating enable");
        using var run = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName,
            $"show pattern:memory=memfd,size={HeadlessSway.Width}x{HeadlessSway.Height},no-cursor,rate=10", ("WAYLAND_DEBUG", "1"));
        await Tools.Until(() => host.Windows().Count == 1, () => "there is no window");
        host.Do("[app_id=guestplane] resize set 640 400");
        uint last = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await Resized(640, 400);
            host.Do("fullscreen enable");
            await Resized(HeadlessSway.Width, HeadlessSway.Height);
            await Tools.Until(() => FrameOn(host.Screenshot()) > last, () => $"round {round}: no newer frame than {last}");
            last = FrameOn(host.Screenshot());
            host.Do("fullscreen disable");
            // After each full screen the plane has got its subsurface again, the only kind that is not synchronised.
            await Tools.Until(() => Moves(run.MessagesSoFar) == round + 2, () => $"round {round}: {Moves(run.MessagesSoFar)} subsurfaces");
        }
        await Resized(640, 400);
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Equal(Rounds + 1, Moves(run.Messages));

        static int Moves(string said) => Regex.Count(said, "-> wl_subsurface.*set_desync");

        async Task Resized(int width, int height) => await Tools.Until(
            () => host.Windows() is [var window] && (window.Width, window.Height) == (width, height), () => string.Join(", ", host.Windows()));
    }

    /// <summary>0 for none.</summary>
    private static uint FrameOn(Png screen) => BarCode.Read((x, y) => screen.IsWhite(x, y)) ?? 0;
}
