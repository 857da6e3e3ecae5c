using System.Diagnostics;
using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Hosts;

/// <summary>The published program on a real host, without a VM.</summary>
public sealed class WestonTests
{
    private const long MaxBytes = 7_100_000;

    public WestonTests() => Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");

    [Fact]
    public void The_program_is_small() => Assert.InRange(new FileInfo(Repository.Program).Length, 1, MaxBytes);

    [Fact]
    public async Task A_screenshot_has_the_pattern_and_its_frame_number()
    {
        using var host = new HeadlessWeston();
        using var show = Start(host, "show", "pattern:no-cursor,rate=20", "--fullscreen", "--scale", "1:1", "--ready-fd", "2");
        // Its first message comes when the plane is about to be shown, the newline of --ready-fd when it is.
        while (await show.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 })
        {
        }
        // weston fades a new window in: the first pictures may be of that.
        await Tools.Until(() => FrameOn(host.Screenshot()) > 0, () => "no frame was seen");
        show.Kill();
    }

    private static uint? FrameOn(Png screen)
    {
        var (left, top) = ((screen.Width - 1024) / 2, (screen.Height - 768) / 2);
        return BarCode.Read((x, y) => screen.IsWhite(left + x, top + y));
    }

    private static Process Start(HeadlessWeston host, params string[] arguments)
    {
        var start = new ProcessStartInfo(Repository.Program, arguments) { RedirectStandardError = true };
        host.Prepare(start);
        return Process.Start(start)!;
    }
}
