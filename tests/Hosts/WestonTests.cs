using System.Diagnostics;
using System.Text.RegularExpressions;
using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Hosts;

/// <summary>The published program on a real host, without a VM.</summary>
public sealed partial class WestonTests
{
    private const long MaxBytes = 6_000_000;
    private const int MaxStartMs = 50;
    private const int MaxShots = 20;

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
        uint? frame = null;
        for (var shot = 0; shot < MaxShots && frame is null; shot++)
            frame = FrameOn(host.Screenshot());
        show.Kill();
        Assert.InRange(frame ?? 0, 1u, 600u);
    }

    private static uint? FrameOn(Png screen)
    {
        var (left, top) = ((screen.Width - 1024) / 2, (screen.Height - 768) / 2);
        return BarCode.Read((x, y) => screen.IsWhite(left + x, top + y));
    }

    /// <summary>From exec to the first image, by libwayland's own log; the best of a few, since the machine may be busy.</summary>
    [Fact]
    public async Task The_first_commit_comes_soon_after_the_start()
    {
        using var host = new HeadlessWeston();
        var best = long.MaxValue;
        for (var run = 0; run < 5; run++)
            best = Math.Min(best, await FirstAttach(host));
        Assert.InRange(best, 1, MaxStartMs);
    }

    private static async Task<long> FirstAttach(HeadlessWeston host)
    {
        // libwayland stamps with CLOCK_REALTIME in µs, 32 bits of it.
        var before = (uint)((DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        using var show = Start(host, "show", "pattern", "--frames", "3", "--no-decorations");
        var log = await show.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var match = Attach().Match(log);
        Assert.True(match.Success, log);
        var at = (uint)(uint.Parse(match.Groups[1].Value) * 1000UL + uint.Parse(match.Groups[2].Value));
        return unchecked(at - before) / 1000;
    }

    private static Process Start(HeadlessWeston host, params string[] arguments)
    {
        var start = new ProcessStartInfo(Repository.Program, arguments) { RedirectStandardError = true };
        host.Prepare(start);
        start.Environment["WAYLAND_DEBUG"] = arguments.Contains("--frames") ? "1" : "";
        return Process.Start(start)!;
    }

    [GeneratedRegex(@"\[\s*(\d+)\.(\d+)\].*\.attach\(wl_buffer")]
    private static partial Regex Attach();
}
