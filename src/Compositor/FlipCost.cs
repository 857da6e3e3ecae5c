using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// What a flip costs in managed memory and CPU time, from the end of the warm-up on. Managed bytes between two flips are
/// what a flip costs, unless something else happened between them (a buffer was made, the host told its feedback anew).
/// </summary>
internal sealed class FlipCost
{
    /// <summary>What happens only once (imports, pools filling) is over by then.</summary>
    private const int WarmUpFlips = 60;

    private long _warmFlips, _warmCpu, _bytes, _byteFlips, _bytesAtFlip, _eventsAtFlip;
    private bool _isWarm;

    /// <summary>After each flip: how many there were in all, and how much else has happened.</summary>
    public void Count(long flips, long events)
    {
        if (!_isWarm && flips >= WarmUpFlips)
            (_isWarm, _warmFlips, _warmCpu) = (true, flips, Clock.Cpu);
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        if (_isWarm && events == _eventsAtFlip)
        {
            _bytes += bytes - _bytesAtFlip;
            _byteFlips++;
        }
        (_bytesAtFlip, _eventsAtFlip) = (bytes, events);
    }

    public RunCost Until(long flips) => new(
        (double)_bytes / Math.Max(1, _byteFlips), (Clock.Cpu - _warmCpu) / Math.Max(1, flips - _warmFlips), Fd.Live, Fd.Peak);
}
