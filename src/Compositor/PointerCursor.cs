using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The cursor plane as the host's own pointer image (wl_pointer.set_cursor): the host moves it, and goes on scanning out
/// what is below. For a guest whose pointer follows the host's; its own position is not used.
/// </summary>
internal sealed class PointerCursor : IDisposable
{
    private readonly WlSurface _surface;
    private readonly WindowInput _input;
    private readonly Layer _layer;
    private Flip _last;

    public PointerCursor(Host host, WindowInput input, Transport? forced)
    {
        _input = input;
        _surface = host.Globals.Compositor.CreateSurface();
        _layer = new Layer(host.Globals, _surface, null, sync: false);
        Plane = new PlaneSurface(host, _surface, new Ladder(host, forced, opaque: false)) { Placing = Place };
    }

    public PlaneSurface Plane { get; }

    public void Flip(Flip flip)
    {
        // The host moves it; only a new image or hotspot is news.
        if (flip.Changed || flip.Scanout != Plane.Shown || flip.Hotspot != _last.Hotspot)
            Plane.Flip(flip);
    }

    /// <summary>The image below is scaled otherwise.</summary>
    public void Follow()
    {
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

    private void Place(Flip flip)
    {
        _last = flip;
        if (flip.Scanout is not { } scanout)
        {
            _input.SetCursor(null, 0, 0);
            return;
        }
        var (width, height) = _input.Placement.MapSize(scanout.Width, scanout.Height);
        var whole = new Rectangle(0, 0, width, height);
        _layer.Place(whole, flip.UprightSource, (scanout.Width, scanout.Height), whole);
        _input.SetCursor(_surface, flip.Hotspot.X * width / scanout.Width, flip.Hotspot.Y * height / scanout.Height);
    }
}
