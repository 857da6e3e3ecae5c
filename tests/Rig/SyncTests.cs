using System.Text.Json;

namespace Guestplane.Tests.Rig;

public sealed class SyncBoot() : RigBoot("forky", "sync.sh", seconds: 800);

/// <summary>linux-drm-syncobj-v1 on sway, and a guest whose GPU is late.</summary>
public sealed class SyncTests(SyncBoot boot) : RigTests<SyncBoot>(boot)
{
    private const double LateMs = 70;

    [Fact]
    public void Planes_are_scanned_out_under_explicit_synchronisation()
    {
        var head = AssertZeroCopy("explicit");
        Assert.Equal("explicit", head.GetProperty("sync").GetString());
        Assert.Equal(0, Count(head, "awaited"));
        Assert.Equal(0, ManagedBytesPerFlip("explicit"));
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
        Assert.InRange(awaited, 10, 12);
        var waits = CommitToPresentedMs("late");
        Assert.InRange(waits.Count(ms => ms >= LateMs - 5), awaited - 1, waits.Count);
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
    public void Synchronisation_can_be_left_to_the_kernel()
    {
        var head = AssertTransport("implicit", "dmabuf");
        Assert.Equal("implicit", head.GetProperty("sync").GetString());
        Assert.True(Count(head, "presented") > 40);
    }

    private int Releases(string name)
    {
        using var trace = JsonDocument.Parse(Boot.Text($"{name}.trace"));
        return trace.RootElement.EnumerateArray().Count(e => e.TryGetProperty("cat", out var cat) && cat.GetString() == "buffer"
            && e.GetProperty("ph").GetString() == "e" && e.GetProperty("args").GetProperty("how").GetString() == "released");
    }

    private List<double> CommitToPresentedMs(string name)
    {
        var (begun, waits) = (new Dictionary<string, double>(), new List<double>());
        using var trace = JsonDocument.Parse(Boot.Text($"{name}.trace"));
        foreach (var e in trace.RootElement.EnumerateArray())
        {
            if (e.GetProperty("ph").GetString() is not ("b" or "e") || e.GetProperty("cat").GetString() != "commit")
                continue;
            var (id, at) = (e.GetProperty("id").GetString()!, e.GetProperty("ts").GetDouble() / 1000);
            if (begun.Remove(id, out var from))
            {
                if (e.GetProperty("args").GetProperty("how").GetString() != "discarded")
                    waits.Add(at - from);
            }
            else
                begun[id] = at;
        }
        return waits;
    }
}
