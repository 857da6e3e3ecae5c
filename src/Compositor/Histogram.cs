using System.Numerics;

namespace Guestplane.Compositor;

/// <summary>
/// Durations in ns, to about 3 %: 32 steps to each doubling, a fixed 16 KiB, no allocation per sample. Percentiles are the
/// upper edge of their step.
/// </summary>
internal sealed class Histogram
{
    private const int StepBits = 5;
    private const int Steps = 1 << StepBits;
    private readonly long[] _counts = new long[64 * Steps];

    public long Count { get; private set; }

    /// <summary>A negative duration (two clocks that disagree by a hair) counts as 0.</summary>
    public void Add(long nanoseconds)
    {
        _counts[Index(Math.Max(0, nanoseconds))]++;
        Count++;
    }

    /// <summary>The duration that <paramref name="percent"/> of the samples do not exceed; 0 without samples.</summary>
    public long Percentile(double percent)
    {
        var wanted = (long)Math.Ceiling(Count * percent / 100);
        var seen = 0L;
        for (var i = 0; i < _counts.Length && Count > 0; i++)
        {
            seen += _counts[i];
            if (seen >= wanted && seen > 0)
                return UpperEdge(i);
        }
        return 0;
    }

    private static int Index(long value)
    {
        if (value < Steps)
            return (int)value;
        var shift = 63 - BitOperations.LeadingZeroCount((ulong)value) - StepBits;
        return (shift + 1) * Steps + (int)(value >> shift) - Steps;
    }

    private static long UpperEdge(int index)
    {
        if (index < Steps)
            return index;
        var shift = index / Steps - 1;
        return ((long)(index % Steps + Steps + 1) << shift) - 1;
    }
}
