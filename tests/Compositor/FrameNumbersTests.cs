using System.Xml.Linq;
using Guestplane.Compositor;
using Guestplane.Compositor.Probing;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>What the reports make of frames.</summary>
public sealed class FrameNumbersTests
{
    private const long Millisecond = 1_000_000, Refresh = 10 * Millisecond;

    private static Frame At(long flipped, long committed, long presented, bool zeroCopy = true) => new(
        flipped * Millisecond, committed * Millisecond, presented * Millisecond, Refresh, 0,
        zeroCopy ? WpPresentationFeedbackKind.ZeroCopy : default);

    [Fact]
    public void Frames_come_to_counts_and_times()
    {
        var numbers = new FrameNumbers([At(1, 2, 10), At(11, 13, 20, zeroCopy: false), At(21, 22, 0), At(31, 31, 52)], Refresh);
        Assert.Equal((3, 1, 2, 1L), (numbers.Presented, numbers.Discarded, numbers.ZeroCopy, numbers.Missed));
        Assert.Equal(8 * Millisecond, numbers.CommitToPresented.Percentile(50));
        Assert.Equal(21 * Millisecond, numbers.CommitToPresented.Percentile(99));
        Assert.Equal(9 * Millisecond, numbers.FlipToPresented.Percentile(50));
        Assert.Equal(Millisecond, numbers.FlipToCommit.Percentile(50));
        // 10 ms is on the grid, 32 ms two beside it.
        Assert.Equal((0, 2 * Millisecond), (numbers.Jitter.Percentile(50), numbers.Jitter.Percentile(99)));
    }

    [Fact]
    public void Nothing_shown_is_no_share() => Assert.Null(new FrameNumbers([At(1, 2, 0)], Refresh).ZeroCopyShare);

    [Fact]
    public void Percentiles_are_by_nearest_rank()
    {
        var times = new Durations(Enumerable.Range(1, 100).Select(n => (long)n));
        Assert.Equal((50, 95, 99, 100), (times.Percentile(50), times.Percentile(95), times.Percentile(99), times.Percentile(100)));
    }

    [Fact]
    public void Drawings_are_well_formed()
    {
        var frames = new[] { At(1, 2, 10), At(11, 13, 20), At(21, 22, 0), At(31, 31, 52) };
        XElement.Parse(Drawing.TimeLine(frames, Refresh));
        XElement.Parse(Drawing.Bars(new FrameNumbers(frames, Refresh).CommitToPresented, Refresh));
        // Only discarded frames: no vblank is known.
        XElement.Parse(Drawing.TimeLine([At(1, 2, 0)], Refresh));
    }

    [Fact]
    public void The_kernels_state_tells_whose_framebuffer_is_on_which_plane()
    {
        const string State = "plane[33]: plane-0\n\tcrtc=crtc-0\n\tfb=51\n\t\tallocated by = sway\n\t\tformat=XR24 little-endian (0x34325258)\n\t\tsize=1024x768\n"
            + "\t\tlayers:\n\t\t\tsize[0]=1024x768\n\t\t\tobj[0]:\n\t\t\t\timported=yes\n\tcrtc-pos=1024x768+0+0\n"
            + "plane[35]: plane-1\n\tcrtc=(null)\n\tfb=0\ncrtc[38]: crtc-0\n\tenable=1\n";
        Assert.Equal(new HardwarePlane("plane-0", 1024, 768, true), Assert.Single(DrmState.Planes(State)));
        Assert.False(Assert.Single(DrmState.Planes(State.Replace("imported=yes", "imported=no"))).IsImported);
    }

    [Fact]
    public void A_strangers_words_cannot_break_a_report() =>
        Assert.Equal("a<b> \"c\" ", XElement.Parse($"<x>{Markup.Text("a<b> \"c\"\u0001")}</x>").Value);

    [Fact]
    public void A_line_is_wrapped_at_eighty_columns()
    {
        var lines = ProbeReport.Wrap("  why: " + string.Join(' ', Enumerable.Repeat("words", 40))).ToList();
        Assert.True(lines.Count > 2);
        Assert.All(lines, line => Assert.True(line.Length <= 80));
    }
}
