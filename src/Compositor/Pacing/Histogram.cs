using System.Numerics;

namespace Guestplane.Compositor;

/// <summary>Percentiles of durations in ns; all null if nothing was measured.</summary>
internal readonly record struct Percentiles(long? P50, long? P95, long? P99)
{
    private const double NsPerMs = 1e6;

    /// <param name="percent">50, 95 or 99.</param>
    public long? Of(int percent) => percent switch { 50 => P50, 95 => P95, _ => P99 };

    /// <summary>Formats a duration (ns) in milliseconds; "-" if it is null.</summary>
    public static string Milliseconds(long? duration, string form = "0.0") =>
        duration is { } known ? (known / NsPerMs).ToString(form) : "-";

    public override string ToString() => P50 is null ? "not reported"
        : $"p50 {Milliseconds(P50)}, p95 {Milliseconds(P95)}, p99 {Milliseconds(P99)} ms";
}

/// <summary>Counts durations (ns) to about 3 %, without allocating. Percentiles: nearest rank, upper edge of its step.</summary>
internal sealed class Histogram
{
    private const int StepBits = 5;
    private const int Steps = 1 << StepBits;
    private readonly long[] _counts = new long[64 * Steps];
    private long _count;

    public Percentiles Percentiles => new(Percentile(50), Percentile(95), Percentile(99));

    /// <summary>Adds a duration. A negative one counts as 0: two clocks may disagree slightly.</summary>
    public void Add(long nanoseconds)
    {
        _counts[Index(Math.Max(0, nanoseconds))]++;
        _count++;
    }

    /// <summary>The duration that <paramref name="percent"/> of the samples do not exceed; null without samples.</summary>
    public long? Percentile(double percent)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(_count * percent / 100));
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
                return UpperEdge(i);
        }
        return null;
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
