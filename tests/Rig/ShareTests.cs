using System.Globalization;
using System.Text.Json;

namespace Guestplane.Tests.Rig;

public sealed class ShareBoot() : RigBoot("forky", "share.sh", seconds: 400);

/// <summary>guestplane share as root, and viewers that are a user without rights to any device.</summary>
public sealed class ShareTests(ShareBoot boot) : RigTests<ShareBoot>(boot)
{
    private const int Viewers = 3, Flips = 600, FlipsPerSecond = 60;

    [Fact]
    public void A_viewer_of_a_shared_vGPU_shows_its_own_memory_without_rights_to_it()
    {
        var head = AssertZeroCopy("share-full");
        AssertImportedOnce(head, buffers: 2);
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("share.drm"));
        Assert.Equal((uint)Boot.Number("share.frame"), Boot.Frame("share.png"));
    }

    [Fact]
    public void Two_more_viewers_show_the_same_vGPU_in_windows()
    {
        AssertImportedOnce(AssertTransport("share-left", "dmabuf"), buffers: 2);
        // This one looked until the vGPU was no longer shared.
        Assert.Equal(74, Boot.ExitCode("share-right"));
        var head = Boot.Head("share-right");
        Assert.Equal("dmabuf", head.GetProperty("transport").GetString());
        Assert.True(Count(head, "presented") > 0, $"nothing was presented\n{head}");
    }

    [Fact]
    public void Each_dmabuf_is_got_from_the_kernel_once_for_all_viewers() => Assert.Equal(2, Boot.Number("share.gets"));

    [Fact]
    public void Sharing_six_hundred_flips_takes_no_memory_and_no_descriptors()
    {
        // The pages that the process has of its own: 24 bytes, the smallest object, per flip and viewer would be eleven pages.
        Assert.InRange(Boot.Number("share.after-kib") - Boot.Number("share.before-kib"), -1024, 24 * Flips * Viewers / 1024 - 1);
        Assert.Equal(Boot.Number("share.before-fds"), Boot.Number("share.after-fds"));
    }

    /// <summary>An output that refreshes more slowly than the vGPU flips does not show all.</summary>
    [Theory]
    [InlineData("share-full")]
    [InlineData("share-left")]
    [InlineData("share-right")]
    public void Each_of_three_viewers_presents_all_flips_that_its_refresh_allows(string viewer)
    {
        Boot.SkipWithoutVirtualClock();
        var (began, ended) = Times("share");
        var presented = PresentedCommits(viewer).Where(commit => commit.Committed > began && commit.Committed < ended)
            .Select(commit => commit.Presented).Order().ToList();
        Assert.True(presented.Count > Flips / 2, $"{presented.Count}");
        var refresh = presented.Zip(presented.Skip(1), (one, next) => next - one).Order().ElementAt(presented.Count / 10);
        // One that showed every second flip would have twice that.
        Assert.InRange(refresh, 16, 17.5);
        var allowed = Math.Min(Flips, Math.Floor((Flips - 1) * 1000.0 / FlipsPerSecond / refresh) + 1);
        // The first one and the last one may be presented before the flips began, or after they ended.
        Assert.InRange(presented.Count, allowed - 2, Flips + 1);
    }

    /// <summary>On the VM's clock, on which CPU time is the number of system calls. bench/run share has the real one.</summary>
    [Fact]
    public void A_share_costs_a_viewer_less_than_half_of_what_the_viewer_costs()
    {
        Boot.SkipWithoutVirtualClock();
        var viewers = new[] { "share-full", "share-left", "share-right" }.Sum(Spent);
        Assert.InRange(Spent("share"), 1, viewers / 2);

        long Spent(string name) => Nanoseconds($"{name}.after-ns") - Nanoseconds($"{name}.before-ns");
        long Nanoseconds(string file) => long.Parse(Boot.Text(file), CultureInfo.InvariantCulture);
    }

    /// <summary>On the VM's clock: a message and its answer are a dozen system calls. A viewer that waited for a refresh would take 16 ms.</summary>
    [Fact]
    public void A_share_adds_some_system_calls_to_the_time_from_flip_to_commit()
    {
        Boot.SkipWithoutVirtualClock();
        var (direct, shared) = (WaitOfMost("direct"), WaitOfMost("shared"));
        Assert.True(shared < direct + 0.1, $"99 of 100 flips are committed after {direct} ms directly, and {shared} ms by the share");
    }

    [Fact]
    public void A_share_that_ends_leaves_the_vGPU_to_others()
    {
        Assert.True(Boot.ExitCode("share") == 0, Boot.Messages("share"));
        Assert.True(Boot.ExitCode("share-after") == 0, Boot.Messages("share-after"));
    }

    // The time within which 99 of 100 flips were committed, ms.
    private double WaitOfMost(string name)
    {
        var (began, ended) = Times(name);
        using var trace = JsonDocument.Parse(Boot.Text($"{name}.trace"));
        var waits = trace.RootElement.EnumerateArray()
            .Where(e => e.GetProperty("ph").GetString() == "X" && e.GetProperty("name").GetString() == "flip")
            .Where(e => e.GetProperty("ts").GetDouble() / 1000 > began && e.GetProperty("ts").GetDouble() / 1000 < ended)
            .Select(e => e.GetProperty("dur").GetDouble() / 1000).Order().ToList();
        Assert.InRange(waits.Count, Flips - 2, Flips + 1);
        return waits[waits.Count * 99 / 100];
    }

    // When the flips began and ended, ms since the boot.
    private (double Began, double Ended) Times(string name)
    {
        var times = Boot.Text($"{name}.times").Split('\n');
        return (Milliseconds(times[0]), Milliseconds(times[1]));

        double Milliseconds(string seconds) => double.Parse(seconds, CultureInfo.InvariantCulture) * 1000;
    }
}
