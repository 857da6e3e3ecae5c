using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>One plane of a guest as a probe found it: what it is, what the rules say of it, and what was seen.</summary>
/// <param name="Head">Its display.</param>
/// <param name="Plane">Which layer.</param>
/// <param name="Scanout">Its image; null when it showed none.</param>
/// <param name="Facts">What the rules were asked with.</param>
/// <param name="Predicted">What they say.</param>
/// <param name="Watch">What was seen of its head; null for planes that lie on the primary one.</param>
internal sealed record PlaneView(string Head, PlaneKind Plane, ScanoutView? Scanout, PlaneFacts Facts, Judgement Predicted, Watch? Watch)
{
    public Verdict? Seen => Watch is null ? null : Watch.Told(Facts.Host) is Verdict.Shm or Verdict.Impossible ? Watch.Told(Facts.Host) : Watch.Witnessed ?? Watch.Told(Facts.Host);

    /// <summary>The planes of a head.</summary>
    public static IEnumerable<PlaneView> Of(Host host, Watch watch, ShowOptions options)
    {
        var screen = watch.Screen;
        var primary = PlaneFacts.Primary(host, watch, options);
        yield return new(screen.Head.Name, PlaneKind.Primary, ScanoutView.Of(screen.Primary, primary), primary, Rules.Judge(primary), watch);
        foreach (var (kind, plane) in new[] { (PlaneKind.Overlay, screen.Overlay), (PlaneKind.Cursor, screen.Cursor.Plane) })
            if (plane?.LastScanout is not null)
            {
                var facts = PlaneFacts.Upper(host, kind, plane, screen, options);
                yield return new(screen.Head.Name, kind, ScanoutView.Of(plane, facts), facts, Rules.Judge(facts), null);
            }
    }
}

/// <summary>A guest's image, after the guest is gone.</summary>
internal sealed record ScanoutView(string Format, string Modifier, int Width, int Height, string Memory, string? Exporter)
{
    public static ScanoutView? Of(PlaneSurface plane, PlaneFacts facts) => plane.LastScanout is not { } scanout ? null
        : new(scanout.Layout.Format.ToString(), scanout.Layout.Modifier.ToString(), scanout.Width, scanout.Height, Spelled(scanout.Kind), facts.Exporter);

    private static string Spelled(MemoryKind kind) => kind switch
    {
        MemoryKind.DmaBuf => "dma-buf",
        MemoryKind.Shared => "shared memory",
        _ => "bytes",
    };
}
