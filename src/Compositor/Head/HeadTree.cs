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
/// presentation feedback. A compositor that counts surfaces (<see cref="HostFamilies.CountsSurfaces"/>) gets the primary plane on
/// the root itself while it is alone and fills the screen. Without a subcompositor it is always there, and there is nothing else.
/// </summary>
internal sealed class HeadTree : IBackground, IDisposable
{
    /// <summary>Frame callbacks of a visible window come faster than this, at any refresh rate.</summary>
    private const long StarvedNs = 100_000_000;

    private readonly Host _host;
    private readonly ShowOptions _options;
    private readonly Window _window;
    private readonly PrimarySurfaces _surfaces;
    private readonly SubsurfacePlane? _overlay;
    private readonly Action _imageChanged;
    private readonly VisibleBackground _background;
    private Dimmer? _dimmer;

    /// <param name="setup">The head, and where it is shown.</param>
    /// <param name="window">The head's window, not mapped yet.</param>
    /// <param name="input">The input of the window.</param>
    /// <param name="imageChanged">Called before an image of another shape is committed; must call <see cref="Place"/>.</param>
    public HeadTree(ScreenSetup setup, Window window, WindowInput input, Action imageChanged)
    {
        (_host, _options, _window, _imageChanged) = (setup.Host, setup.Options, window, imageChanged);
        _surfaces = new PrimarySurfaces(_host, window.Root, _options);
        Primary = MakePrimary(setup, _surfaces.On);
        _background = new VisibleBackground(_host.Globals, window.Root, _surfaces, Primary.Frames!, _options.Background);
        foreach (var feedback in _surfaces.Feedbacks)
            feedback.Changed += Primary.Reconsider;
        if (IsTree)
            _overlay = new SubsurfacePlane(setup, window.Root, PlaneKind.Overlay, MaySend) { Above = () => Primary.Surface };
        Cursor = new HeadCursor(setup, input, MaySend);
        _host.Hdr.Ready += CommitAgain;
        if (_options.Hdr == HdrMode.Pq)
            _host.Hdr.Want();
    }

    /// <summary>True if planes may have surfaces of their own.</summary>
    public bool IsTree => _surfaces.IsTree;

    public PlaneSurface Primary { get; }

    public PlaneSurface? Overlay => _overlay?.Plane;

    /// <summary>The cursor plane, whichever way it is shown.</summary>
    public HeadCursor Cursor { get; }

    /// <summary>What the compositor reports for the primary plane's surface; null if it reports nothing per surface.</summary>
    public Feedback? Feedback => _surfaces.On.Feedback;

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
        var isRootOld = placement.Window != Placement.Window;
        Placement = placement;
        if (isComing)
            isRootOld |= _surfaces.Move(Primary, BelongsOnRoot);
        PlaceAll(isRootOld);
        // Without a new image the plane's own state must still be committed; also if the guest has withdrawn the last one.
        if (!isComing && Primary.Surface != _window.Root)
            Primary.Surface.Commit();
        // If the image is coming, it is the root's next commit, or the backdrop's turn is after it.
        if (!isComing || (Primary.Surface != _window.Root && !_surfaces.IsMoving))
            _window.Root.Commit();
        if (!isComing && IsOutOfPlace)
            Primary.Recommit();
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

    /// <summary>Destroys in protocol order: roles before surfaces.</summary>
    public void Dispose()
    {
        _host.Hdr.Ready -= CommitAgain;
        _background.Dispose();
        _dimmer?.Dispose();
        Cursor.Dispose();
        _overlay?.Dispose();
        Primary.Dispose();
        _surfaces.Dispose();
    }

    /// <summary>
    /// True if cursor and overlay may be sent: the compositor reads, and the window may be visible. A commit of a root that waits
    /// for its output would map it on another.
    /// </summary>
    private bool MaySend() => CanSend && !IsHidden(Clock.Now);

    /// <summary>What is told about images is told with their next commit, and these may have none.</summary>
    private void CommitAgain()
    {
        foreach (var plane in Cursor.Planes.Prepend(Overlay).Prepend(Primary).OfType<PlaneSurface>())
            if (plane.IsOn)
                plane.Recommit();
    }

    private bool CanSend => _window.IsConfigured && !_host.IsStalled;

    private PlaneSurface MakePrimary(ScreenSetup setup, PrimarySurface on)
    {
        var surface = on.Surface;
        var (loop, before) = (setup.Loop, setup.Before);
        var observer = PlaneObservers.Of(setup.Primary, new FrameWatch(this));
        var frames = new PlaneFrames(loop, _host, surface, setup.Vblanks, observer, before?.Frames)
        {
            MostCommits = _options.Latency == Latency.Smooth ? 1 : 2,
            IsSuspended = () => _window.IsSuspended,
            Background = IsTree ? this : null,
            Backlog = setup.Backlog,
        };
        var transports = new PlaneTransports(_host, _options.Transport, opaque: true)
        {
            SurfaceFeedback = on.Feedback,
            Stats = before?.Stats ?? new(),
        };
        return new PlaneSurface(_host, surface, transports, observer, frames)
        {
            Color = new SurfaceColor(_host, surface, _options.Color),
            Placing = PlacePrimary,
            CommitParent = _surfaces.FinishMove,
            ReleaseTicket = setup.Head.Release,
            Sync = _options.Sync == SyncMode.Implicit || _host.Sync is not { } sync
                ? null : new SurfaceSync(loop, sync, surface, setup.Primary),
        };
    }

    private void PlacePrimary(Flip flip)
    {
        if (flip.Scanout is null)
            ClearRoot();
        else if (ImageShape.Of(flip) is var image && image != Image)
        {
            Image = image;
            _imageChanged();
        }
        else if (IsOutOfPlace)
            Place(Placement, isComing: true);
    }

    /// <summary>
    /// True if the primary plane should be on the root. What counts surfaces scans out only images that fill the screen; and
    /// above an image on the root, each move of the cursor would be a commit of the image.
    /// </summary>
    private bool BelongsOnRoot => _surfaces.HasChoice && _window.FillsOutput && Placement.Plane == Placement.Window
        && Image is not null && _dimmer is null && !Cursor.IsInWindow && _overlay is not { IsInWindow: true };

    private bool IsOutOfPlace => _surfaces.HasChoice && BelongsOnRoot != _surfaces.On.IsRoot;

    /// <summary>The image is about to be taken off. A root without one would end the window.</summary>
    private void ClearRoot()
    {
        if (_surfaces.Move(Primary, toRoot: false))
            PlaceAll(isRootOld: true);
    }

    /// <param name="isRootOld">True if the root may have no backdrop of the window's size.</param>
    private void PlaceAll(bool isRootOld)
    {
        if (isRootOld && IsTree)
        {
            _surfaces.PaintBackdrop(Placement.Window);
            _dimmer?.Cover(Placement.Window);
        }
        // First: these may commit the root, whose next image has another size perhaps.
        if (IsTree)
            Cursor.Place(Placement);
        _overlay?.Place(Placement);
        _surfaces.Place(Placement, Image);
    }

    void IBackground.Show()
    {
        // It is shown again as long as it is not taken.
        if (_background.IsShown && _host.IsStalled)
            return;
        ClearRoot();
        _surfaces.FinishMove();
        Primary.Detach();
        _background.Show(Placement.Window);
    }

    void IBackground.Hide() => _background.Hide(Placement.Window);

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

        /// <summary>After a long time the window is visible again.</summary>
        public override void Taken(long now) => tree.CatchUp();
    }
}
