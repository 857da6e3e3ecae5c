using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A plane above the primary one: cursor or overlay. A move commits no image. While the window is hidden or the compositor does
/// not read, the head holds the newest flip: <see cref="SendUnsent"/> shows it with the next image of the primary plane, or
/// <see cref="CatchUp"/> later. A plane wholly outside the primary one has no image, as if it were off.
/// </summary>
internal abstract class FloatingPlane : IDisposable
{
    /// <summary>What has changed since the last flip that was sent.</summary>
    private enum Unsent
    {
        Nothing,
        Position,
        Image,
    }

    private readonly Host _host;
    private readonly Head _head;
    private readonly PlaneKind _kind;
    private readonly WlSurface? _parent;
    private readonly Func<bool> _maySend;
    private readonly Action _catchUp;
    private Placement _placement = Placement.OneToOne;
    private Unsent _unsent;
    private bool _isOutside;

    /// <param name="parent">Null for a pointer image, which has no position in a window.</param>
    /// <param name="maySend">True if the window may be visible and the compositor reads.</param>
    protected FloatingPlane(ScreenSetup setup, PlaneKind kind, WlSurface? parent, Func<bool> maySend)
    {
        (_host, _head, _kind, _parent, _maySend) = (setup.Host, setup.Head, kind, parent, maySend);
        Surface = _host.Globals.Compositor.CreateSurface();
        var transports = new PlaneTransports(_host, setup.Options.Transport, opaque: false);
        Plane = new PlaneSurface(_host, Surface, transports, kind == PlaneKind.Cursor ? setup.Cursor : setup.Overlay)
        {
            Color = new SurfaceColor(_host, Surface, setup.Options.Color),
            Placing = PlaceNew,
            CommitParent = parent is null ? null : parent.Commit,
        };
        _host.Resumed += _catchUp = CatchUp;
        // Its surface has no feedback of its own.
        _host.Feedback.Changed += Plane.Reconsider;
    }

    public PlaneSurface Plane { get; }

    /// <summary>Moves without a new image.</summary>
    public long Moves { get; private set; }

    protected WlSurface Surface { get; }

    /// <summary>What the plane lies on directly; null if it lies above everything.</summary>
    public Func<WlSurface>? Above { get; init; }

    /// <summary>True if it is a surface of the window now.</summary>
    public bool IsInWindow => _parent is not null && Layer is not null;

    /// <summary>
    /// Null while there is no image: some compositors count a window's subsurfaces, with or without an image, and Hyprland scans
    /// out no window that has any above the primary plane.
    /// </summary>
    protected Layer? Layer { get; private set; }

    /// <summary>False where the whole image is shown, whatever its crop is.</summary>
    protected bool CanCrop => _host.Globals.Viewporter is not null;

    /// <summary>Takes a flip of this plane, the newest of the head.</summary>
    public void Flip(Flip flip)
    {
        if (!_maySend())
        {
            if (_unsent != Unsent.Image)
                _unsent = flip.Changed ? Unsent.Image : Unsent.Position;
            return;
        }
        Send(flip);
    }

    /// <summary>Shows the newest flip, if it could not be sent when it came and can be now.</summary>
    public void CatchUp()
    {
        if (_unsent != Unsent.Nothing && _maySend())
            SendUnsent();
    }

    /// <summary>Shows the newest flip, if it was not sent when it came, although the window may be hidden.</summary>
    public void SendUnsent()
    {
        if (_unsent == Unsent.Nothing)
            return;
        var newest = _head.Newest(_kind);
        if (newest.Scanout is { IsRetired: true })
            _unsent = Unsent.Nothing;
        else
            Send(newest with { Changed = _unsent == Unsent.Image, Time = Clock.Now });
    }

    /// <summary>Shows the plane on this surface from now on.</summary>
    public void Show()
    {
        _unsent = Unsent.Image;
        CatchUp();
    }

    /// <summary>Switches this surface off: the plane is shown another way.</summary>
    public void Hide()
    {
        (_unsent, _isOutside) = (Unsent.Nothing, false);
        TakeOff(_head.Newest(_kind));
    }

    /// <summary>The primary plane has moved or is scaled differently. The caller commits the parent.</summary>
    public void Place(Placement placement)
    {
        _placement = placement;
        if (_isOutside || (IsOn && !IsInImage(_head.Newest(_kind), placement)))
            Show();
        else if (Plane.ShownFlip is { } shown)
        {
            Place(shown, isNewImage: false);
            Surface.Commit();
        }
    }

    public void Dispose()
    {
        _host.Resumed -= _catchUp;
        _host.Feedback.Changed -= Plane.Reconsider;
        Plane.Dispose();
        Layer?.Dispose();
        Surface.Dispose();
    }

    /// <summary>Places the image that is, or is about to be, on the surface.</summary>
    /// <param name="flip">The image at its newest position. Without a scanout the plane is off.</param>
    /// <param name="placement">Where the primary plane lies.</param>
    /// <param name="isNewImage">True if the image is about to be committed.</param>
    protected abstract Placed Place(Flip flip, Placement placement, bool isNewImage);

    /// <summary>True if a part of the flip's image lies on the primary plane, or if it has none.</summary>
    protected virtual bool IsInImage(Flip flip, Placement placement) => true;

    /// <summary>An image that its guest has withdrawn stays on the surface.</summary>
    private bool IsOn => Layer is not null || Plane.IsWaiting;

    private void Send(Flip flip)
    {
        if (_unsent == Unsent.Image || _isOutside)
            flip = flip with { Changed = true, Damage = default };
        _unsent = Unsent.Nothing;
        _isOutside = !IsInImage(flip, _placement);
        if (_isOutside)
            TakeOff(flip);
        else if (!flip.Changed && Plane.ShownFlip is { } shown && shown.Scanout == flip.Scanout)
            Move(shown);
        else if (flip.Changed || flip.Scanout is not null || IsOn)
            Plane.Flip(flip);
    }

    /// <summary>Takes the image off the surface, or drops the flip that waits.</summary>
    private void TakeOff(Flip flip)
    {
        if (IsOn)
            Plane.Flip(flip with { Scanout = null, Changed = true, Time = Clock.Now });
    }

    private void Move(Flip shown)
    {
        Moves++;
        var placed = Place(shown, isNewImage: false);
        if (placed.Resized)
            Surface.Commit();
        if (placed.Moved || placed.Resized)
            _parent?.Commit();
    }

    private void PlaceNew(Flip flip)
    {
        if (flip.Scanout is null)
        {
            Layer?.Dispose();
            Layer = null;
        }
        else if (Layer is null)
        {
            Layer = new Layer(_host.Globals, Surface, _parent, sync: true);
            if (_parent is not null)
                Layer.IgnoreInput();
            if (Above is not null)
                Layer.PlaceAbove(Above());
        }
        Place(flip, isNewImage: true);
    }

    /// <summary>A flip that waited for its buffer may have been moved meanwhile.</summary>
    private Placed Place(Flip flip, bool isNewImage)
    {
        var newest = _head.Newest(_kind);
        if (flip.Scanout is not null && newest.Scanout == flip.Scanout)
            flip = flip with { Position = newest.Position, Hotspot = newest.Hotspot };
        return Place(flip, _placement, isNewImage);
    }
}
