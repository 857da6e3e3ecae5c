using System.Text.Json;

namespace Guestplane.Tests.Rig;

public sealed class SyncBoot() : RigBoot("forky", "sync.sh", seconds: 400);

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

    /// <summary>Drawn in place, a buffer that is never given back is made again as long as that is allowed: three times.</summary>
    [Fact]
    public void The_release_points_give_the_buffers_back()
    {
        AssertZeroCopy("in-place");
        Assert.Equal(2, Count(Boot.Head("in-place"), "imports"));
    }

    [Fact]
    public void A_late_frame_delays_itself_and_no_other()
    {
        var head = AssertTransport("late", "dmabuf");
        var awaited = Count(head, "awaited");
        Assert.InRange(awaited, 10, 12);
        var waits = CommitToPresentedMs("late");
        Assert.InRange(waits.Count(ms => ms >= LateMs - 5), awaited - 1, awaited + 2);
        Assert.True(waits.Count(ms => ms < LateMs - 20) >= 0.9 * (waits.Count - awaited), $"{string.Join(' ', waits)}");
    }

    [Fact]
    public void A_fence_that_nobody_signals_is_said_and_the_show_goes_on_when_the_driver_has_given_up()
    {
        Assert.Equal(0, Boot.ExitCode("hung"));
        Assert.Contains("has not finished a frame for a second", Boot.Messages("hung"));
        // Four seconds before the frame that hangs, and six after it.
        Assert.InRange(Count(Boot.Head("hung"), "presented"), 40, 140);
        Assert.True(Count(Boot.Head("hung"), "coalesced") > 20, "what came meanwhile was overtaken by newer flips");
    }

    [Fact]
    public void It_can_be_left_to_the_kernel()
    {
        var head = AssertTransport("implicit", "dmabuf");
        Assert.Equal("implicit", head.GetProperty("sync").GetString());
        Assert.True(Count(head, "presented") > 40);
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
