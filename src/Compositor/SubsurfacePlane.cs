using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A plane that lies on the primary one at a place of its own: cursor or overlay, a sync subsurface of the root. A move is
/// a position and a commit of the root, with nothing attached; a new image is committed on the child first. That order
/// works on every host: Smithay applies a desync child's position only with the child's own commit.
/// </summary>
internal sealed class SubsurfacePlane : IDisposable
{
    private readonly WlSurface _surface, _root;
    private readonly Layer _layer;
    private Placement _placement;
    private Flip _last;

    public SubsurfacePlane(Host host, WlSurface root, Transport? forced)
    {
        _root = root;
        _surface = host.Globals.Compositor.CreateSurface();
        _layer = new Layer(host.Globals, _surface, root, sync: true);
        _layer.IgnoreInput();
        Plane = new PlaneSurface(host, _surface, new Ladder(host, forced, opaque: false)) { Placing = flip => Place(flip), Committed = root.Commit };
    }

    public PlaneSurface Plane { get; }

    /// <summary>Moves without a new image.</summary>
    public long Moves { get; private set; }

    /// <summary>Takes a flip of the plane.</summary>
    /// <param name="mayMove">The host reads: a move need not wait like a new image does.</param>
    public void Flip(Flip flip, bool mayMove)
    {
        if (flip.Changed || flip.Scanout != Plane.Shown || !mayMove)
        {
            Plane.Flip(flip);
            return;
        }
        if (flip.Scanout is null)
            return;
        Moves++;
        var placed = Place(flip);
        if (placed.Resized)
            _surface.Commit();
        if (placed.Moved || placed.Resized)
            _root.Commit();
    }

    /// <summary>The primary plane lies elsewhere or is scaled otherwise. Committed with the root by the caller.</summary>
    public void Follow(Placement placement)
    {
        _placement = placement;
        if (Plane.Shown is null)
            return;
        Place(_last);
        _surface.Commit();
    }

    public void Dispose()
    {
        Plane.Dispose();
        _layer.Dispose();
        _surface.Dispose();
    }

    private Placed Place(Flip flip)
    {
        _last = flip;
        if (flip.Scanout is not { } scanout)
            return default;
        var at = _placement.Map(flip.Position);
        var (width, height) = _placement.MapSize(scanout.Width, scanout.Height);
        return _layer.Place(new(at.X, at.Y, width, height), flip.UprightSource, (scanout.Width, scanout.Height), _placement.Window);
    }

}
