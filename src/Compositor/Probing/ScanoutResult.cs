using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>All results of a scanout test: JSON (doc/scanout-test.md), and a table for people.</summary>
/// <param name="Program">Name and version of the program.</param>
/// <param name="Host">Name of the compositor.</param>
/// <param name="SecondsPerCase">How long each case took.</param>
/// <param name="Witness">True if the kernel's debugfs was read.</param>
/// <param name="LeftOut">Listed modifiers other than LINEAR: not tested, because the pattern's CPU memory has no tiling.</param>
/// <param name="Cases">In the order of their runs.</param>
internal sealed record ScanoutResult(
    string Program, string Host, double SecondsPerCase, bool Witness,
    IReadOnlyList<string> LeftOut,
    IReadOnlyList<CaseResult> Cases) : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("version", 1), ("program", Program), ("host", Host), ("secondsPerCase", SecondsPerCase), ("witness", Witness),
        ("wrong", Wrong), ("leftOut", LeftOut), ("cases", Cases),
    ];

    /// <summary>True if --require was given.</summary>
    public bool IsJudged { get; init; }

    /// <summary>A sentence if no case was run that --require applies to: then it is not met. Otherwise null.</summary>
    public string? Unjudged => IsJudged && Outcomes.All(outcome => outcome.IsExempt)
        ? "--require is not met, because no case was run that it applies to." : null;

    /// <summary>True if every requirement was met, or none was given.</summary>
    public bool IsMet => Unjudged is null && Outcomes.All(outcome => outcome.Unmet.Count == 0);

    public int Wrong => Outcomes.Count(outcome => outcome.Wrong);

    /// <summary>The cases that were run.</summary>
    public IEnumerable<CaseOutcome> Outcomes => Cases.OfType<CaseOutcome>();

    /// <summary>The modifiers other than LINEAR among the formats that a compositor lists.</summary>
    public static IReadOnlyList<string> LeftOutOf(IEnumerable<(Fourcc Format, Modifier Modifier)> listed) =>
        [.. listed.Where(one => one.Modifier != Modifier.Linear).Select(one => one.Modifier.ToString()).Distinct().Order()];

    public IEnumerable<string> Lines()
    {
        yield return $"{"case",-20} {"predicted",-10} {"seen",-12} {"zero",4} {"shown",5} {"miss",4} {"c2p p50",7} {"p99",6}";
        foreach (var line in Cases.SelectMany(LinesOf))
            yield return line;
        var (unmet, exempt) = (Outcomes.Count(outcome => outcome.Unmet.Count > 0), Outcomes.Count(outcome => outcome.IsExempt));
        yield return $"{Outcomes.Count()} cases, {Wrong} wrong verdicts, {unmet} short of --require"
            + (exempt > 0 ? $", which does not apply to {exempt}" : "") + "; times in ms"
            + (Witness ? "" : "; the kernel's report is missing (it needs root and DRM's debugfs)");
        if (LeftOut.Count > 0)
            yield return $"Left out, since the pattern's memory is LINEAR: {string.Join(", ", LeftOut)}.";
    }

    /// <summary>A case's line in the table, and the lines that explain it.</summary>
    public static IEnumerable<string> LinesOf(CaseResult result)
    {
        if (result is not CaseOutcome outcome)
        {
            yield return $"{result.Name,-20} not run: {result.Problem}";
            yield break;
        }
        var (seen, times) = (outcome.Seen ?? "not reported", outcome.CommitToPresentedNs);
        var zeroCopy = outcome.Head is { IsZeroCopyReported: true, ZeroCopyShare: { } share } ? $"{share:0}%" : "-";
        yield return $"{outcome.Name,-20} {outcome.Predicted,-10} {seen,-12} {zeroCopy,4} {outcome.Presented,5} "
            + $"{outcome.Missed,4} {Percentiles.Milliseconds(times.P50),7} {Percentiles.Milliseconds(times.P99),6}"
            + (outcome.Wrong ? "  WRONG" : "");
        if (outcome.Rule is { } rule)
            yield return $"    {rule}: {outcome.Why}";
        if (outcome.Observation.Color is { } color)
            yield return $"    colours: {color.Sentence}";
        foreach (var sentence in outcome.Unmet)
            yield return $"    {sentence}";
    }
}
