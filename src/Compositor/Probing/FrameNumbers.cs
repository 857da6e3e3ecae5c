namespace Guestplane.Compositor.Probing;

/// <summary>Durations in ns, sorted; exact, as a case has few.</summary>
internal sealed class Durations(IEnumerable<long> durations)
{
    private readonly long[] _sorted = [.. durations.Select(duration => Math.Max(0, duration)).Order()];

    public int Count => _sorted.Length;

    public IReadOnlyList<long> Sorted => _sorted;

    /// <summary>The smallest that so many percent do not exceed (nearest rank); 0 without any.</summary>
    public long Percentile(double percent) =>
        _sorted.Length == 0 ? 0 : _sorted[Math.Clamp((int)Math.Ceiling(_sorted.Length * percent / 100) - 1, 0, _sorted.Length - 1)];
}

/// <summary>What frames come to.</summary>
internal sealed class FrameNumbers
{
    public FrameNumbers(IReadOnlyList<Frame> frames, long refresh)
    {
        var presented = frames.Where(frame => !frame.IsDiscarded).ToList();
        (Presented, Discarded) = (presented.Count, frames.Count - presented.Count);
        ZeroCopy = presented.Count(frame => frame.IsZeroCopy);
        Missed = presented.Sum(frame => MissedBy(frame, refresh));
        FlipToCommit = new(frames.Select(frame => frame.Committed - frame.Flipped));
        CommitToPresented = new(presented.Select(frame => frame.CommitToPresented));
        FlipToPresented = new(presented.Select(frame => frame.FlipToPresented));
        Jitter = new(presented.Zip(presented.Skip(1), (a, b) => OffGrid(b.Presented - a.Presented, refresh)));
    }

    public int Presented { get; }

    public int Discarded { get; }

    public int ZeroCopy { get; }

    /// <summary>Vblanks that passed without a commit that had been there for more than two refreshes (as doc/report.md has it).</summary>
    public long Missed { get; }

    /// <summary>Of those presented, in percent; null when none was.</summary>
    public double? ZeroCopyShare => Presented == 0 ? null : 100.0 * ZeroCopy / Presented;

    public Durations FlipToCommit { get; }

    public Durations CommitToPresented { get; }

    public Durations FlipToPresented { get; }

    /// <summary>How far the time from one frame to the next is from a whole number of refreshes.</summary>
    public Durations Jitter { get; }

    public static long MissedBy(Frame frame, long refresh) => frame.IsDiscarded ? 0 : Math.Max(0, frame.CommitToPresented / refresh - 1);

    private static long OffGrid(long duration, long refresh) => Math.Abs(duration - (duration + refresh / 2) / refresh * refresh);
}
