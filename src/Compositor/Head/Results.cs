using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Makes the result records; only this class reads results from screens and planes.</summary>
internal static class Results
{
    public static HeadResult Of(Screen screen)
    {
        var (primary, stats, presentation) = (screen.Primary, screen.Primary.Stats, screen.Presentation);
        return new()
        {
            Name = screen.Head.Name,
            Primary = Of(primary),
            Cursor = screen.Cursor.Plane is { } cursor ? Of(cursor, screen.Cursor.Moves) : null,
            Overlay = screen.Overlay is { } overlay ? Of(overlay) : null,
            Frame = screen.Frame.Spelled(),
            Sync = primary.Sync is null ? "implicit" : "explicit",
            Awaited = primary.Sync?.Awaited ?? 0,
            Flips = stats.Flips,
            Repeated = stats.Repeated,
            Presented = presentation.Presented,
            Discarded = presentation.Discarded,
            Missed = presentation.Missed,
            Coalesced = stats.Coalesced,
            ZeroCopy = presentation.ZeroCopy,
            IsZeroCopyReported = presentation.TellsZeroCopy,
            CopiedBytes = stats.CopiedBytes + screen.Head.CopiedBytes,
            ScanoutFormat = screen.IsScanoutFormat,
            FlipToCommitNs = stats.FlipToCommit.Percentiles,
            CommitToPresentedNs = presentation.CommitToPresented.Percentiles,
            FlipToPresentedNs = presentation.FlipToPresented.Percentiles,
            RefreshNs = presentation.Vblanks.Refresh,
            IsCursorPointer = screen.Cursor.IsPointer,
            HasPointer = screen.Cursor.HasPointer,
            Layout = LayoutOf(screen),
        };
    }

    /// <summary>Counts of all screens together, without allocating.</summary>
    public static Totals TotalsOf(IReadOnlyList<Screen> screens)
    {
        var totals = new Totals();
        for (var i = 0; i < screens.Count; i++)
        {
            var (stats, presentation) = (screens[i].Primary.Stats, screens[i].Presentation);
            totals = new(totals.Flips + stats.Flips, totals.Coalesced + stats.Coalesced,
                totals.Presented + presentation.Presented, totals.ZeroCopy + presentation.ZeroCopy);
        }
        return totals;
    }

    private static PlaneResult Of(PlaneSurface plane, long moves = 0) => new()
    {
        Choice = plane.Choice,
        Image = plane.LastScanout is { } scanout ? ImageOf(scanout) : null,
        Color = Sent(plane) is { } image ? plane.Color.Told(image) : null,
        IsHdr = plane.Color.IsHdr && Sent(plane) is not null,
        IsShown = plane.Shown is not null,
        Committed = plane.Stats.Committed,
        Moves = moves,
        Imports = plane.Stats.Imports,
    };

    /// <summary>The last image; null if there was none, or if it could not be shown.</summary>
    private static Scanout? Sent(PlaneSurface plane) =>
        plane.Choice is { Transport: not Transport.Impossible } ? plane.LastScanout : null;

    /// <summary>Describes an image, which the guest may have dropped by now.</summary>
    internal static ImageResult ImageOf(Scanout scanout)
    {
        // The descriptors of a retired scanout are closed.
        var isDmaBuf = scanout is { Kind: MemoryKind.DmaBuf, IsRetired: false };
        return new(scanout.Layout.Format, scanout.Layout.Modifier, scanout.Width, scanout.Height, scanout.Kind,
            isDmaBuf ? DmaBuf.Exporter(scanout.Memory(0)) : null);
    }

    private static HeadLayout LayoutOf(Screen screen)
    {
        var placement = screen.Placement;
        return new(Device(placement.Window), Device(placement.Plane), (placement.Source.Width, placement.Source.Height),
            screen.IsTree, screen.Primary.IsTurned);

        (int Width, int Height) Device(Rectangle logical) => (screen.ToDevice(logical.Width), screen.ToDevice(logical.Height));
    }
}
