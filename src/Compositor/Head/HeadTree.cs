using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>An image as the layout needs it: its size and the part that is shown, upright, in pixels.</summary>
internal readonly record struct ImageShape(int Width, int Height, Rectangle Shown)
{
    public static ImageShape Of(in Flip flip) => new(flip.Scanout!.Width, flip.Scanout.Height, flip.UprightSource);
}

/// <summary>
/// The surfaces of a head's window. The root is the toplevel, an opaque sheet. On it lie the primary plane, a
/// desynchronised subsurface, then overlay and cursor, synchronised ones while they have an image, and the dimmer. Moves commit
/// the root and flips commit the plane: a cursor that moves 250 times per second does not disturb the primary plane's
/// presentation feedback. Without a subcompositor the primary plane is the toplevel itself, and there is nothing else.
/// </summary>
// Fields: one for each surface and layer of a window; they are placed together, and only here.
internal sealed class HeadTree : IDisposable
{
    /// <summary>0xRRGGBB.</summary>
    private const uint AlmostBlack = 0x010101;

    /// <summary>Frame callbacks of a visible window come faster than this, at any refresh rate.</summary>
    private const long StarvedNs = 100_000_000;

    private readonly Host _host;
    private readonly ShowOptions _options;
    private readonly Window _window;
    private readonly Layer? _rootLayer;
    private readonly Sheet? _backdrop;
    private readonly Layer _primaryLayer;
    private readonly SubsurfacePlane? _overlay;
    private readonly SurfaceHints _hints;
    private readonly Action _imageChanged;
    private Dimmer? _dimmer;
    private (int Width, int Height) _opaque;
    private bool _isGone;

    /// <param name="setup">The head, and where it is shown.</param>
    /// <param name="window">The head's window, not mapped yet.</param>
    /// <param name="input">The input of the window.</param>
    /// <param name="imageChanged">Called before an image of another shape is committed; must call <see cref="Place"/>.</param>
    public HeadTree(ScreenSetup setup, Window window, WindowInput input, Action imageChanged)
    {
        (_host, _options, _window, _imageChanged) = (setup.Host, setup.Options, window, imageChanged);
        var globals = _host.Globals;
        IsTree = globals.Subcompositor is not null;
        var surface = IsTree ? globals.Compositor.CreateSurface() : window.Root;
        Feedback = Feedback.OfSurface(globals.Dmabuf, surface);
        Primary = MakePrimary(setup, surface);
        _hints = new SurfaceHints(globals, surface, _options);
        _primaryLayer = new Layer(globals, surface, IsTree ? window.Root : null, sync: false);
        if (Feedback is not null)
            Feedback.Changed += Primary.Reconsider;
        if (IsTree)
        {
            _rootLayer = new Layer(globals, window.Root, null, sync: false);
            _backdrop = new Sheet(globals, colour: _options.Background);
            _overlay = new SubsurfacePlane(setup, window.Root, PlaneKind.Overlay, MaySend) { Above = surface };
            // The root receives all input, so that positions are relative to one surface.
            _primaryLayer.IgnoreInput();
        }
        Cursor = new HeadCursor(setup, input, MaySend);
    }

    /// <summary>True if planes have surfaces of their own.</summary>
    public bool IsTree { get; }

    public PlaneSurface Primary { get; }

    public PlaneSurface? Overlay => _overlay?.Plane;

    /// <summary>The cursor plane, whichever way it is shown.</summary>
    public HeadCursor Cursor { get; }

    /// <summary>What the compositor reports for the primary plane's surface; null if it reports nothing per surface.</summary>
    public Feedback? Feedback { get; }

    /// <summary>Where the primary plane lies in the window, in logical pixels; empty before the first layout.</summary>
    public Placement Placement { get; private set; }

    /// <summary>The primary plane's last image, also while the plane is off; null if there was none.</summary>
    public ImageShape? Image { get; private set; }

    public void Flip(Flip flip)
    {
        switch (flip.Plane)
        {
            // Without a tree, a window without an image would disappear: the last image stays.
            case PlaneKind.Primary when flip.Scanout is not null || IsTree:
                Primary.Flip(flip);
                CatchUp();
                break;
            case PlaneKind.Cursor:
                Cursor.Flip(flip);
                break;
            case PlaneKind.Overlay:
                _overlay?.Flip(flip);
                break;
        }
    }

    /// <summary>True if nobody sees the window: the compositor reports that, or sends no frame callbacks.</summary>
    public bool IsHidden(long now) => _window.IsSuspended || Primary.Frames!.IsStarved(now, StarvedNs);

    /// <summary>Shows the newest cursor and overlay, if they could not be sent before and can be now.</summary>
    public void CatchUp()
    {
        Cursor.CatchUp();
        _overlay?.CatchUp();
    }

    /// <summary>Lays everything out in the window, and commits what changed.</summary>
    /// <param name="placement">Where the primary plane lies.</param>
    /// <param name="isComing">True if the primary plane is about to commit an image.</param>
    public void Place(Placement placement, bool isComing)
    {
        var isResized = placement.Window != Placement.Window;
        Placement = placement;
        if (IsTree)
            PlaceTree(isResized);
        SetOpaque(IsTree ? (placement.Plane.Width, placement.Plane.Height) : (placement.Window.Width, placement.Window.Height));
        // Without a new image the plane's own state must still be committed.
        if (!isComing && Primary.IsOn && IsTree)
            Primary.Surface.Commit();
        if (IsTree || !isComing)
            _window.Root.Commit();
    }

    /// <summary>Dims the image or not, from the root's next commit on. Without a tree nothing changes.</summary>
    public void Dim(bool on)
    {
        if (!on)
        {
            _dimmer?.Dispose();
            _dimmer = null;
            return;
        }
        if (IsTree)
            _dimmer ??= new Dimmer(_host.Globals, _window.Root);
        if (!Placement.Window.IsEmpty)
            _dimmer?.Cover(Placement.Window);
    }

    /// <summary>Destroys in protocol order: roles before surfaces. The root belongs to the window, and stays.</summary>
    public void Dispose()
    {
        _isGone = true;
        Feedback?.Dispose();
        _dimmer?.Dispose();
        Cursor.Dispose();
        _overlay?.Dispose();
        Primary.Dispose();
        _hints.Dispose();
        _primaryLayer.Dispose();
        if (IsTree)
            Primary.Surface.Dispose();
        _rootLayer?.Dispose();
        _backdrop?.Dispose();
    }

    /// <summary>
    /// True if cursor and overlay may be sent: the compositor reads, and the window may be visible. A commit of a root that waits
    /// for its output would map it on another.
    /// </summary>
    private bool MaySend() => CanSend && !IsHidden(Clock.Now);

    private bool CanSend => _window.IsConfigured && !_host.IsStalled;

    private PlaneSurface MakePrimary(ScreenSetup setup, WlSurface surface)
    {
        var (loop, before) = (setup.Loop, setup.Before);
        var observer = PlaneObservers.Of(setup.Primary, new FrameWatch(this));
        var frames = new PlaneFrames(loop, _host, surface, setup.Vblanks, observer, before?.Frames)
        {
            MostCommits = _options.Latency == Latency.Smooth ? 1 : 2,
            IsSuspended = () => _window.IsSuspended,
            ShowBackground = IsTree ? ShowBackground : null,
        };
        var transports = new PlaneTransports(_host, _options.Transport, opaque: true)
        {
            SurfaceFeedback = Feedback,
            Stats = before?.Stats ?? new(),
        };
        return new PlaneSurface(_host, surface, transports, observer, frames)
        {
            Placing = PlacePrimary,
            ReleaseTicket = setup.Head.Release,
            Sync = _options.Sync == SyncMode.Implicit || _host.Sync is not { } sync
                ? null : new SurfaceSync(loop, sync, surface, setup.Primary),
        };
    }

    private void PlacePrimary(Flip flip)
    {
        if (flip.Scanout is null || ImageShape.Of(flip) == Image)
            return;
        Image = ImageShape.Of(flip);
        _imageChanged();
    }

    private void PlaceTree(bool isResized)
    {
        if (isResized)
        {
            PaintRoot(_backdrop!);
            _rootLayer!.Place(Placement.Window, new(0, 0, 1, 1), (1, 1), Placement.Window);
            _rootLayer.SetOpaque(Placement.Window.Width, Placement.Window.Height);
            _dimmer?.Cover(Placement.Window);
        }
        if (Image is { } image)
            _primaryLayer.Place(
                Placement.Plane, Placement.Source.Offset(image.Shown.X, image.Shown.Y), (image.Width, image.Height),
                Placement.Window);
        Cursor.Place(Placement);
        _overlay?.Place(Placement);
    }

    /// <summary>Finds out whether the compositor presents anything of this window, while the primary plane is off.</summary>
    private void ShowBackground()
    {
        Primary.Detach();
        // wlroots does not draw an opaque black pixel with nothing below it, and so reports nothing of it.
        var visible = new Sheet(_host.Globals, colour: _options.Background == 0 ? AlmostBlack : _options.Background);
        PaintRoot(visible);
        if (_host.Globals.Presentation?.Feedback(_window.Root) is { } feedback)
        {
            feedback.Presented += (_, _) => Answer(true);
            feedback.Discarded += (_, _) => Answer(false);
        }
        _window.Root.Commit();

        void Answer(bool isPresented)
        {
            if (!_isGone)
            {
                PaintRoot(_backdrop!);
                _window.Root.Commit();
                Primary.Frames!.BackgroundAnswered(isPresented);
            }
            visible.Dispose();
        }
    }

    private void PaintRoot(Sheet sheet) => sheet.Paint(_window.Root, Placement.Window.Width, Placement.Window.Height);

    private void SetOpaque((int Width, int Height) size)
    {
        if (size == _opaque)
            return;
        _opaque = size;
        _primaryLayer.SetOpaque(size.Width, size.Height);
    }

    private sealed class FrameWatch(HeadTree tree) : PlaneObserver
    {
        /// <summary>
        /// An image of a hidden window, one per second at most, takes cursor and overlay with it: a compositor that stood still,
        /// or that makes a screenshot of the window, would else show it with the cursor of long ago.
        /// </summary>
        public override void Committed(in Flip flip, uint buffer, long now)
        {
            if (!tree.CanSend)
                return;
            tree.Cursor.SendUnsent();
            tree._overlay?.SendUnsent();
        }

        /// <summary>A frame callback after a long time: the window is visible again.</summary>
        public override void FrameDone(long now) => tree.CatchUp();
    }
}
