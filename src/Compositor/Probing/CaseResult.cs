using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>A case of the scanout test; this base type is for one that was not run. JSON: doc/scanout-test.md.</summary>
/// <param name="Problem">Why the case was not run. Null if it was.</param>
internal record CaseResult(Case Case, string? Problem) : IJsonObject
{
    /// <summary>Why JUnit calls the case skipped; null if it does not.</summary>
    public virtual string? Skipped => Problem;

    public virtual IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("name", Name), ("source", Source), ("window", Case.Window.Spelled()), ("cursor", Case.Cursor.Spelled()),
        ("problem", Problem),
    ];

    public string Name => Case.Name;

    public string Source => Case.Source;

    public string Window => Case.Window.Spelled();

    public string Cursor => Case.Cursor.Spelled();
}

/// <summary>The result of a case that was run: the prediction, the observation, and the head's figures.</summary>
internal sealed record CaseOutcome(
    Case Case,
    HeadResult Head,
    Judgement Judgement,
    Observation Observation,
    IReadOnlyList<Frame> Frames) : CaseResult(Case, Problem: null)
{
    public override IEnumerable<(string Name, object? Value)> Fields =>
    [
        .. base.Fields, ("predicted", Predicted), ("rule", Rule), ("why", Why), ("told", Told), ("witness", Witness),
        ("seen", Seen), ("wrong", Wrong), ("transport", Transport), ("format", Format), ("modifier", Modifier),
        ("flips", Head.Flips), ("committed", Head.Committed), ("coalesced", Head.Coalesced), ("presented", Presented),
        ("discarded", Head.Discarded), ("missed", Missed), ("zeroCopy", Head.ZeroCopy), ("refreshNs", Head.RefreshNs),
        ("feedbackResent", FeedbackResent), ("flipToCommitNs", FlipToCommitNs), ("commitToPresentedNs", CommitToPresentedNs),
        ("flipToPresentedNs", FlipToPresentedNs), ("jitterNs", JitterNs), ("exempt", IsExempt),
        ("unmet", Unmet), ("color", Observation.Color),
    ];

    public override string? Skipped =>
        IsExempt && !Failed ? $"--require does not apply, because a rule is against this case: {Rule ?? "unknown"}, {Why}" : null;

    public string Predicted => Judgement.Verdict.Spelled();

    public string? Rule => Judgement.Rule?.Name;

    public string Why => Judgement.Why;

    public string? Told => Observation.Told?.Spelled();

    public string? Witness => Observation.Witness?.Spelled();

    public string? Seen => Observation.Seen?.Spelled();

    /// <summary>True if prediction, compositor and kernel contradict each other.</summary>
    public bool Wrong => Observation.Seen is { } seen
        && ((Judgement.Verdict is not Verdict.Unknown && Judgement.Verdict != seen) || (Observation.Told ?? seen) != seen);

    public string? Transport => Head.Transport;

    public string? Format => Head.Format;

    public string? Modifier => Head.Modifier;

    public long Flips => Head.Flips;

    public long Committed => Head.Committed;

    public long Coalesced => Head.Coalesced;

    public long Presented => Head.Presented;

    public long Discarded => Head.Discarded;

    public long Missed => Head.Missed;

    public long ZeroCopy => Head.ZeroCopy;

    public long RefreshNs => Head.RefreshNs;

    /// <summary>How often the compositor sent the window's tranches again.</summary>
    public int FeedbackResent { get; init; }

    public Percentiles FlipToCommitNs => Head.FlipToCommitNs;

    public Percentiles CommitToPresentedNs => Head.CommitToPresentedNs;

    public Percentiles FlipToPresentedNs => Head.FlipToPresentedNs;

    public Percentiles JitterNs { get; } = JitterOf(Frames, Head.RefreshNs);

    /// <summary>True if --require was given and does not apply to this case, because a rule prevents its scanout.</summary>
    public bool IsExempt { get; init; }

    /// <summary>A sentence for each requirement of --require that was not met.</summary>
    public IReadOnlyList<string> Unmet { get; init; } = [];

    public bool Failed => Wrong || Unmet.Count > 0;

    /// <summary>How far the time between consecutive presented frames is from a whole number of refreshes.</summary>
    internal static Percentiles JitterOf(IReadOnlyList<Frame> frames, long refresh)
    {
        var (histogram, last) = (new Histogram(), 0L);
        foreach (var frame in frames.Where(frame => !frame.IsDiscarded))
        {
            var duration = frame.Presented - last;
            if (last > 0)
                histogram.Add(Math.Abs(duration - (duration + refresh / 2) / refresh * refresh));
            last = frame.Presented;
        }
        return histogram.Percentiles;
    }
}
