using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Guestplane.Tests.Rig;

public sealed class SyncBoot() : RigBoot("forky", "sync.sh", seconds: 1000);

/// <summary>linux-drm-syncobj-v1 on sway, and a guest whose GPU is late.</summary>
public sealed class SyncTests(SyncBoot boot) : RigTests<SyncBoot>(boot)
{
    private const double LateMs = 70;

    // sync.sh's images of testgpu.
    private const int FenceWidth = 640, FenceHeight = 480, FenceBuffers = 8;

    [Fact]
    public void Planes_are_scanned_out_under_explicit_synchronisation()
    {
        var head = AssertZeroCopy("explicit");
        Assert.Equal("explicit", head.GetProperty("sync").GetString());
        Assert.Equal(0, Count(head, "awaited"));
        Assert.Equal(0, ManagedBytesPerFlip("explicit"));
    }

    [Fact]
    public void Buffers_that_come_late_do_not_count_as_the_cost_of_a_flip()
    {
        // More if the compositor still has an image when its turn comes again.
        var head = AssertZeroCopy("stalled");
        Assert.True(Count(head, "imports") >= 16 && Count(head, "coalesced") >= 20, $"{head}");
        Assert.Equal(0, ManagedBytesPerFlip("stalled"));
    }

    /// <summary>Drawn in place, two or three buffers take turns: three if the compositor is busy for a moment.</summary>
    [Fact]
    public void The_release_points_release_the_buffers()
    {
        AssertZeroCopy("in-place");
        var (imports, releases) = (Count(Boot.Head("in-place"), "imports"), Releases("in-place"));
        Assert.InRange(imports, 2, 3);
        Assert.True(releases >= Count(Boot.Head("in-place"), "presented") / 2, $"{releases} releases, {imports} imports");
    }

    [Fact]
    public void A_late_frame_delays_no_other_frame()
    {
        var head = AssertTransport("late", "dmabuf");
        var awaited = Count(head, "awaited");
        // Twelve are late; some are replaced by newer flips if the compositor stands still.
        Assert.InRange(awaited, 5, 12);
        var waits = PresentedCommits("late").Select(commit => commit.Presented - commit.Committed).ToList();
        // Each is committed at its flip, except on a busy machine.
        Assert.InRange(waits.Count(ms => ms >= LateMs - 5), awaited / 2, waits.Count);
        // A quarter of the others would be late if each late frame delayed the next; a busy machine delays one now and then.
        Assert.True(waits.Count(ms => ms < LateMs - 20) >= 0.8 * (waits.Count - awaited), $"{string.Join(' ', waits)}");
    }

    [Fact]
    public void A_fence_that_never_signals_is_reported_and_the_show_continues_after_the_drivers_timeout()
    {
        Assert.Equal(0, Boot.ExitCode("hung"));
        Assert.Contains("has not finished a frame for a second", Boot.Messages("hung"));
        // Four seconds before the frame that hangs, and six after it.
        Assert.InRange(Count(Boot.Head("hung"), "presented"), 40, 140);
        Assert.True(Count(Boot.Head("hung"), "coalesced") > 20, "what came meanwhile was overtaken by newer flips");
    }

    [Fact]
    public void Without_the_GPU_that_synchronises_the_show_ends_with_a_sentence_about_the_compositor()
    {
        Assert.Equal(69, Boot.ExitCode("unplugged"));
        Assert.Contains("The GPU that the compositor draws with is gone: DRM_IOCTL_SYNCOBJ", Boot.Messages("unplugged"));
    }

    [Fact]
    public void Without_the_GPU_that_synchronises_the_VM_is_shown_again_on_the_next_connection()
    {
        Assert.Equal(0, Boot.ExitCode("unplugged-again"));
        Assert.Contains("has lost its GPU. Waiting for the next one.", Boot.Messages("unplugged-again"));
        var head = AssertTransport("unplugged-again", "dmabuf");
        Assert.Equal("implicit", head.GetProperty("sync").GetString());
        Assert.True(Count(head, "presented") > 30, $"{head}");
    }

    [Fact]
    public void Synchronisation_can_be_left_to_the_kernel()
    {
        var head = AssertTransport("implicit", "dmabuf");
        Assert.Equal("implicit", head.GetProperty("sync").GetString());
        Assert.True(Count(head, "presented") > 40);
    }

    /// <summary>
    /// testgpu draws the lower part of a frame after the flip, and its fence says when. Every frame that is displayed counts.
    /// </summary>
    /// <param name="name">The run's.</param>
    /// <param name="least">So many of its flips are seen.</param>
    [Theory]
    [InlineData("fenced", 300)]
    [InlineData("fenced-implicit", 30)]
    [InlineData("fenced-drawn", 20)]
    public void No_frame_is_torn_although_each_is_finished_after_its_flip(string name, int least)
    {
        AssertTransport(name, "dmabuf");
        Assert.Equal(name == "fenced-implicit" ? "implicit" : "explicit", Boot.Head(name).GetProperty("sync").GetString());
        // The others are as short as the program's warming up, which does not count.
        if (name == "fenced")
            Assert.Equal(0, ManagedBytesPerFlip(name));
        var (whole, torn, unknown) = Displayed(name);
        Assert.Equal((0, 0), (torn, unknown));
        Assert.True(whole >= least, $"{whole} whole frames");
    }

    /// <summary>Who draws by CPU without asking, as llvmpipe does, tears. So the test above can fail.</summary>
    [Fact]
    public void Without_explicit_synchronisation_a_compositor_that_draws_by_CPU_shows_torn_frames()
    {
        AssertTransport("fenced-drawn-implicit", "dmabuf");
        var (_, torn, _) = Displayed("fenced-drawn-implicit");
        Assert.True(torn >= 5, $"{torn} torn frames");
    }

    /// <summary>How many images were on screen: with one number, with two that a torn frame has, and any other.</summary>
    private (int Whole, int Torn, int Unknown) Displayed(string name)
    {
        var (first, last) = (Boot.Number($"{name}.first"), Boot.Number($"{name}.last"));
        var checksums = new FrameChecksums(FenceWidth, FenceHeight);
        var frames = Enumerable.Range(first, last - first + 1).ToArray();
        var whole = frames.SelectMany(n => checksums.Of(n, n)).ToHashSet();
        var torn = frames.Where(n => n >= FenceBuffers)
            .SelectMany(n => checksums.Of(n, n - FenceBuffers).Select(sum => (Sum: sum, Before: n - FenceBuffers)))
            .ToLookup(image => image.Sum, image => image.Before);
        // The kernel ends each line with a NUL, too.
        var images = Regex.Matches(Boot.Text($"{name}.crc"), @"^\0?0x[0-9a-f]+ 0x([0-9a-f]{8})$", RegexOptions.Multiline)
            .Select(line => uint.Parse(line.Groups[1].Value, NumberStyles.HexNumber)).ToArray();
        // Drawn over while it was on screen, because compositor or program stood still for eight flips: not shown too early.
        var drawnOver = images.Zip(images.Skip(1), (before, image) => (before, image))
            .Where(pair => torn[pair.image].Any(n => checksums.Of(n, n).Contains(pair.before))).Select(pair => pair.image);
        var shown = images.Except(drawnOver).ToArray();
        var unknown = shown.Count(n => !whole.Contains(n) && !torn.Contains(n));
        return (shown.Count(whole.Contains), shown.Count(torn.Contains), unknown);
    }

    private int Releases(string name)
    {
        using var trace = JsonDocument.Parse(Boot.Text($"{name}.trace"));
        return trace.RootElement.EnumerateArray().Count(e => e.TryGetProperty("cat", out var cat) && cat.GetString() == "buffer"
            && e.GetProperty("ph").GetString() == "e" && e.GetProperty("args").GetProperty("how").GetString() == "released");
    }
}
