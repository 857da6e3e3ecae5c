using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>The result of a show: the JSON report (doc/report.md documents each field), and a few lines for people.</summary>
/// <param name="Program">Name and version of the program.</param>
/// <param name="Source">The guest, as the user named it.</param>
/// <param name="Planes">The way that the planes came; null if there is only one.</param>
/// <param name="Host">The compositor.</param>
/// <param name="Heads">One for each display of the guest.</param>
/// <param name="DmaBufs">dma-bufs taken from the guest.</param>
/// <param name="Cost">The cost per flip.</param>
internal sealed record ShowResult(
    string Program, string Source, PlanesChoice? Planes, string Host, IReadOnlyList<HeadResult> Heads, int DmaBufs, RunCost Cost)
    : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("version", 1), ("program", Program), ("source", Source), ("planes", Planes?.Way.Spelled()),
        ("planesReason", Planes?.Reason), ("host", Host), ("heads", Heads), ("dmaBufs", DmaBufs),
        ("managedBytesPerFlip", Rounded(Cost.PerFlip?.ManagedBytes)), ("cpuNsPerFlip", Cost.PerFlip?.CpuNs),
        ("wakeUpsPerFlip", Rounded(Cost.PerFlip?.WakeUps)),
        ("fds", new JsonMap([("live", Cost.Fds.Live), ("peak", Cost.Fds.Peak)])),
    ];

    /// <summary>One or two lines per head, and one for the cost.</summary>
    public IEnumerable<string> Lines()
    {
        foreach (var head in Heads)
        {
            yield return $"head {head.Name}: {head.Primary}; {head.Flips} flips, {head.Committed} committed, "
                + $"{AnswersOf(head)}{head.Coalesced} coalesced, {head.Imports} imports";
            if (head.Committed > 0)
                yield return $"head {head.Name}: flip to commit {head.FlipToCommitNs}; "
                    + $"commit to presented {head.CommitToPresentedNs}";
        }
        if (Planes is { } planes)
            yield return (planes.Way == PlanesWay.Vfio ? "planes directly from the vGPU: " : "planes by QEMU, every 30 ms: ")
                + planes.Reason;
        var perFlip = Cost.PerFlip is { } cost
            ? $"{cost.ManagedBytes:0.##} managed bytes, {cost.CpuNs / 1000} µs of CPU and {cost.WakeUps:0.##} wake-ups per flip; "
            : "";
        yield return $"{perFlip}{Cost.Fds.Live} fds now, {Cost.Fds.Peak} at most";
    }

    private static double? Rounded(double? number) => number is { } known ? Math.Round(known, 2) : null;

    /// <summary>What the compositor reported of the commits.</summary>
    private static string AnswersOf(HeadResult head) => head switch
    {
        { Committed: 0 } => "",
        { Presented: 0, Discarded: 0 } => "presentation not reported, ",
        _ => $"{head.Presented} presented ({head.ZeroCopy} zero-copy), {head.Discarded} discarded, ",
    };
}
