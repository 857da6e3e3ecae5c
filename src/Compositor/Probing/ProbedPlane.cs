using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>One plane of a guest in a probe: its image, the rules' verdict and the observation. JSON: doc/probe.md.</summary>
/// <param name="Head">Name of its display.</param>
/// <param name="Observation">Null for planes above the primary one.</param>
internal sealed record ProbedPlane(
    string Head,
    PlaneKind Kind,
    PlaneResult Result,
    PlaneFacts Facts,
    Observation? Observation) : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("head", Head), ("plane", Plane), ("format", Format), ("modifier", Modifier), ("width", Width), ("height", Height),
        ("memory", Memory), ("exporter", Exporter), ("transport", Transport), ("verdict", Verdict), ("rule", Rule),
        ("why", Why),
        ("change", Change), ("also", Also), ("seen", Seen), ("witness", Witness), ("presented", Presented),
        ("zeroCopy", ZeroCopy), ("color", Observation?.Color), ("hdr", Facts.IsHdr),
    ];

    public Judgement Judgement { get; } = Rules.Judge(Facts);

    public string Plane => Kind.Spelled();

    public string? Format => Result.Image?.Format.ToString();

    public string? Modifier => Result.Modifier;

    public int Width => Result.Image?.Width ?? 0;

    public int Height => Result.Image?.Height ?? 0;

    public string? Memory => Result.Image?.Memory switch
    {
        null => null,
        MemoryKind.DmaBuf => "dma-buf",
        MemoryKind.Shared => "shared memory",
        _ => "bytes",
    };

    public string? Exporter => Result.Image?.Exporter;

    public string Transport => Facts.Transport.Spelled();

    public string Verdict => Judgement.Verdict.Spelled();

    public string? Rule => Judgement.Rule?.Name;

    public string Why => Judgement.Why;

    public string Change => Judgement.Change;

    public IEnumerable<string> Also => Judgement.Also.Select(rule => rule.Name);

    public string? Seen => Observation?.Seen?.Spelled();

    public string? Witness => Observation?.Witness?.Spelled();

    public long Presented { get; init; }

    public long ZeroCopy { get; init; }

    /// <summary>The planes of a head that showed something, and always its primary plane.</summary>
    public static IEnumerable<ProbedPlane> Of(HostFacts host, HeadResult head, Watch watch, ShowOptions options)
    {
        var facts = PlaneFacts.OfPrimary(host, head, watch, options);
        yield return new(head.Name, PlaneKind.Primary, head.Primary, facts, watch.Observe(host))
        {
            Presented = head.Presented,
            ZeroCopy = head.ZeroCopy,
        };
        foreach (var (kind, plane) in new[] { (PlaneKind.Overlay, head.Overlay), (PlaneKind.Cursor, head.Cursor) })
            if (plane?.Image is not null)
                yield return new(head.Name, kind, plane, PlaneFacts.OfUpper(host, head, kind, plane, options), null);
    }
}
