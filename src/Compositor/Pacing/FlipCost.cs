using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>File descriptors that the program owns now, and the most it ever owned.</summary>
internal readonly record struct FdCount(int Live, int Peak);

/// <summary>What a flip costs after the warm-up.</summary>
internal readonly record struct PerFlip(double ManagedBytes, long CpuNs, double WakeUps);

/// <summary>The costs of a run; those per flip are null if it ended with the warm-up.</summary>
internal sealed record RunCost(PerFlip? PerFlip, FdCount Fds);

/// <summary>Measures bytes allocated on the managed heap, CPU time and wake-ups per flip, after a warm-up.</summary>
internal sealed class FlipCost(Loop loop)
{
    /// <summary>By then imports are made and pools filled, which happens once.</summary>
    private const int WarmUpFlips = 60;

    private long _warmFlips, _warmCpu, _warmTurns, _bytes, _byteFlips, _bytesAtFlip, _eventsAtFlip;
    private bool _isWarm;

    /// <summary>Called after each flip.</summary>
    /// <param name="flips">All flips so far.</param>
    /// <param name="events">
    /// Other events so far (imports, buffers, pools, timelines): bytes with one in between do not count.
    /// </param>
    public void Count(long flips, long events)
    {
        if (!_isWarm && flips >= WarmUpFlips)
            (_isWarm, _warmFlips, _warmCpu, _warmTurns) = (true, flips, Clock.Cpu, loop.Turns);
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        if (_isWarm && events == _eventsAtFlip)
        {
            _bytes += bytes - _bytesAtFlip;
            _byteFlips++;
        }
        (_bytesAtFlip, _eventsAtFlip) = (bytes, events);
    }

    /// <summary>The costs after this many flips.</summary>
    public RunCost Until(long flips)
    {
        var measured = _isWarm ? flips - _warmFlips : 0;
        PerFlip? perFlip = measured <= 0 ? null : new(
            (double)_bytes / Math.Max(1, _byteFlips),
            (Clock.Cpu - _warmCpu) / measured,
            (double)(loop.Turns - _warmTurns) / measured);
        return new(perFlip, new(Fd.Live, Fd.Peak));
    }
}
