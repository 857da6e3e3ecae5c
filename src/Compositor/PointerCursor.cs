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
    private readonly Seat _seat;
    private WlPointer? _pointer;
    private uint? _enterSerial;
    private PixelPoint _hotspot;
    private bool _isShown;

    public PointerCursor(Host host, Transport? forced)
    {
        _surface = host.Globals.Compositor.CreateSurface();
        Plane = new PlaneSurface(host, _surface, new Ladder(host, forced, opaque: false)) { Placing = Place };
        _seat = host.Globals.Seat!;
        _seat.Changed += SetPointer;
        SetPointer();
    }

    public PlaneSurface Plane { get; }

    public void Flip(Flip flip)
    {
        // The host moves it; only a new image or hotspot is news.
        if (flip.Changed || flip.Scanout != Plane.Shown || flip.Hotspot != _hotspot)
            Plane.Flip(flip);
    }

    public void Dispose()
    {
        _seat.Changed -= SetPointer;
        Plane.Dispose();
        _pointer?.Dispose();
        _surface.Dispose();
    }

    private void Place(Flip flip)
    {
        (_isShown, _hotspot) = (flip.Scanout is not null, flip.Hotspot);
        SetCursor();
    }

    private void SetPointer()
    {
        if (_seat.HasPointer == _pointer is not null)
            return;
        _pointer?.Dispose();
        _pointer = null;
        _enterSerial = null;
        if (!_seat.HasPointer)
            return;
        _pointer = _seat.Proxy.GetPointer();
        _pointer.Enter += (_, e) =>
        {
            _enterSerial = e.Serial;
            SetCursor();
        };
        _pointer.Leave += (_, _) => _enterSerial = null;
    }

    private void SetCursor()
    {
        if (_enterSerial is { } serial)
            _pointer!.SetCursor(serial, _isShown ? _surface : null, _hotspot.X, _hotspot.Y);
    }
}
