using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A head on the desktop. The tree: root = toplevel with an opaque black pixel stretched over it; on it the primary plane
/// as a desync subsurface, then overlays, then the cursor as a sync one. The root's commits move things, the planes' own
/// commits flip them: a cursor at 250 Hz leaves the primary's presentation feedback alone. Where the host has no
/// subcompositor or no viewporter, the primary plane is the toplevel itself, and there is nothing else.
/// </summary>
internal sealed class Screen : IDisposable
{
    /// <summary>A host may only have been busy, or away: what it never showed is tried again, ever more rarely.</summary>
    private const long FirstRetryNs = 20_000_000_000, LongestRetryNs = 300_000_000_000;

    /// <summary>A visible window gets its frames faster than this, whatever the host's refresh.</summary>
    private const long StarvedNs = 100_000_000;

    /// <summary>A flip waits no longer than this for a frame that the host owes.</summary>
    private const long InsistAfterNs = 1_000_000_000;

    /// <summary>A guest whose display is off gets a black window after this, so that starting it does not look like nothing.</summary>
    private const long BlackAfterNs = 500_000_000;
    private static readonly (int Width, int Height) s_blackSize = (640, 480);

    private readonly Loop _loop;
    private readonly Host _host;
    private readonly ShowOptions _options;
    private readonly Window _window;
    private readonly Layer? _rootLayer;
    private readonly WlBuffer? _backdrop;
    private readonly Layer _primaryLayer;
    private readonly SubsurfacePlane? _overlay;
    private readonly HeadCursor _cursor;
    private readonly WindowInput _input;
    private readonly WindowScale _scale;
    private readonly HeadResize _resize;
    private Dimmer? _dimmer;
    private readonly Feedback? _feedback;
    private readonly SurfaceHints _hints;
    private readonly ZwpIdleInhibitorV1? _idleInhibitor;
    private readonly WindowPlace _place;
    private bool _isStarted, _isMapped;
    private readonly LoopTimer _black, _retry, _insist;
    private (int Width, int Height) _size;
    private (int Width, int Height) _opaque;
    private Placement _placement = Placement.Of(s_blackSize, s_blackSize, ScaleMode.Fit);
    private long _retryIn = FirstRetryNs;
    private Flip _image;

    public Screen(Loop loop, Host host, Head head, string title, ShowOptions options, Screen? before = null)
    {
        (_loop, _host, Head, _options) = (loop, host, head, options);
        var globals = host.Globals;
        _window = new Window(host, title, options.IsDecorated);
        _scale = new WindowScale(globals, _window.Root);
        _scale.Changed += OnScaled;
        _scale.Moved += Follow;
        _resize = new HeadResize(loop, head, options.Fixed);
        _input = new WindowInput(_window.Root, head.Input, options.TakePointer) { HasAllKeys = options.InhibitShortcuts };
        _input.Changed += () => _window.SetTitle(_input.IsGrabbed ? $"{title} (Ctrl+Alt lets go)" : title);
        _input.FullscreenToggled += _window.ToggleFullscreen;
        globals.Seat?.Add(_input);
        _window.Configured += OnConfigured;
        _window.CloseRequested += () => CloseRequested?.Invoke();
        IsTree = globals is { Subcompositor: not null, Viewporter: not null };
        Presentation = new Presentation(host, before?.Presentation);
        var surface = IsTree ? globals.Compositor.CreateSurface() : _window.Root;
        _feedback = Feedback.OfSurface(globals.Dmabuf, surface);
        Primary = new PlaneSurface(host, surface, new Ladder(host, options.Transport, opaque: true) { SurfaceFeedback = _feedback, Stats = before?.Primary.Stats ?? new() })
        {
            Presentation = Presentation,
            Placing = PlacePrimary,
            Released = head.Release,
            Sync = options.Sync == SyncMode.Implicit || host.Sync is not { } sync ? null : new SurfaceSync(loop, sync, surface),
            MaxCommitsPerFrame = options.Latency == Latency.Smooth ? 1 : 2,
        };
        _hints = new SurfaceHints(globals, surface, options);
        Presentation.NeverShown += OnNeverShown;
        Presentation.Answered += OnAnswered;
        Primary.FrameDone += OnFrameDone;
        _primaryLayer = new Layer(globals, surface, IsTree ? _window.Root : null, sync: false);
        if (_feedback is not null)
            _feedback.Changed += () => Primary.Reconsider(null);
        if (IsTree)
        {
            _rootLayer = new Layer(globals, _window.Root, null, sync: false);
            _backdrop = Pixel.Create(globals, colour: options.Background);
            _overlay = new SubsurfacePlane(host, _window.Root, options.Transport);
            // The window's root gets all input, so that places are of one surface.
            _primaryLayer.IgnoreInput();
        }
        // Last: a new subsurface lies above those before it.
        _cursor = new HeadCursor(host, _window.Root, _input, head.Input is not null, options);
        loop.Add(_black = new LoopTimer(_ => Layout()));
        loop.Add(_retry = new LoopTimer(_ => Retry()));
        loop.Add(_insist = new LoopTimer(Insist));
        _idleInhibitor = options.KeepAwake ? globals.IdleInhibit?.CreateInhibitor(_window.Root) : null;
        _place = new WindowPlace(globals, _window, options.Fullscreen, options.OutputOf(head.Name));
    }

    public Head Head { get; }

    /// <summary>Whether planes have surfaces of their own.</summary>
    public bool IsTree { get; }

    public PlaneSurface Primary { get; }

    /// <summary>The cursor plane, by whichever way it is shown; null when it is not.</summary>
    public HeadCursor Cursor => _cursor;

    public PlaneSurface? Overlay => _overlay?.Plane;

    /// <summary>What has happened here that is not part of a flip: imports, buffers made, and feedback that was told anew.</summary>
    public long Events => EventsOf(Primary) + EventsOf(_cursor.Plane) + EventsOf(Overlay) + (_feedback?.Times ?? 0);

    public Presentation Presentation { get; }

    /// <summary>It has a window, or will have one when its output is there.</summary>
    public bool IsPlaced => _window.IsConfigured || AwaitedOutput is not null;

    /// <summary>The output that it waits for, without a window; null when it is there.</summary>
    public string? AwaitedOutput => _place.Awaited;

    /// <summary>What the host has told of this surface; null where it tells nothing of surfaces.</summary>
    public Feedback? Feedback => _feedback;

    /// <summary>Who draws the window's frame.</summary>
    public WindowFrame Frame => _window.Frame;

    /// <summary>Where the primary plane lies, in logical pixels.</summary>
    public Placement Placement => _placement;

    /// <summary>The primary plane's last flip with an image.</summary>
    public Flip Image => _image;

    public int ToDevice(int logical) => WindowScale.ToDevice(logical, _scale.Scale120);

    /// <summary>Nobody sees it: the host says so, or gives it no frames.</summary>
    public bool IsHidden(long now) => IsClosed || _window.IsSuspended || Primary.IsStarved(now, StarvedNs);

    /// <summary>Whether a tranche of this surface's feedback that is for scanout has what is shown. Null: the host does not tell.</summary>
    public bool? IsScanoutFormat => _feedback is not { Tranches.Count: > 0 } feedback || Primary is not { Shown: { } shown, Step: { } step } ? null
        : feedback.Tranches.Any(t => t.Scanout && t.Formats.Contains((step.Format, shown.Layout.Modifier)));

    public event Action? CloseRequested;

    /// <summary>The user has closed this window, and others go on.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The guest is not there: its last image is shown as such. Without planes of their own it stays as it is.</summary>
    public void Dim(bool on)
    {
        if (IsClosed)
            return;
        if (IsTree && on)
            _dimmer ??= new Dimmer(_host.Globals, _window.Root);
        _dimmer?.Cover(_placement.Window);
        if (!on)
        {
            _dimmer?.Dispose();
            _dimmer = null;
            _resize.Renew();
            if (!IsFullscreen && _window.IsConfigured)
                _window.Attend();
        }
        // Of one that waits for its output this would be the first commit, by which a host maps it anywhere.
        if (_window.IsConfigured)
            _window.Root.Commit();
    }

    /// <summary>Takes flips, and what was shown last; a window may have an image when it is configured.</summary>
    public void Start()
    {
        _isStarted = true;
        if (IsClosed || !_window.IsConfigured)
            return;
        Head.Flipped += OnFlip;
        Head.Replay(OnFlip, Clock.Now);
    }

    /// <summary>Takes no more flips; what is on the screen stays.</summary>
    public void Stop() => Head.Flipped -= OnFlip;

    public void Dispose()
    {
        if (IsClosed)
            return;
        IsClosed = true;
        Stop();
        _loop.Remove(_black);
        _loop.Remove(_retry);
        _loop.Remove(_insist);
        _feedback?.Dispose();
        _host.Globals.Seat?.Remove(_input);
        _input.Dispose();
        _resize.Dispose();
        _dimmer?.Dispose();
        _cursor.Dispose();
        _overlay?.Dispose();
        Primary.Dispose();
        _hints.Dispose();
        _primaryLayer.Dispose();
        if (IsTree)
            Primary.Surface.Dispose();
        _rootLayer?.Dispose();
        _backdrop?.Dispose();
        _scale.Dispose();
        _idleInhibitor?.Dispose();
        _place.Dispose();
        _window.Dispose();
    }

    /// <summary>What wl_shm carries any host can read: only a dma-buf is given up.</summary>
    private void OnNeverShown()
    {
        if (Primary.Step?.Transport != Transport.DmaBuf)
            return;
        Primary.StepDown($"the host took it and then showed none of {Presentation.NeverShownAfter} frames, as hosts do whose renderer "
            + "or display cannot read the guest's memory (its log may tell)");
        if (Primary.Step?.Transport != Transport.Impossible)
            return;
        // Left on the surface, it makes every further frame of a wlroots output fail.
        if (IsTree)
            Primary.Detach();
        _retry.Set(Clock.Now + _retryIn);
        _retryIn = Math.Min(_retryIn * 2, LongestRetryNs);
    }

    private void Retry()
    {
        _retry.Cancel();
        Primary.Reconsider(Transport.DmaBuf);
        Presentation.Reconsider();
        // A guest that stands still makes no other flip.
        if (_isStarted && Primary.Shown is null)
            Head.Replay(OnFlip, Clock.Now);
    }

    private void Insist(long now)
    {
        Primary.Insist(now, InsistAfterNs);
        if (Primary.IsWaiting || Presentation.Pending > 0)
            _insist.Set(now + InsistAfterNs);
    }

    private void OnAnswered(Frame frame)
    {
        if (frame.IsDiscarded)
            Primary.RepeatIfInDoubt(Clock.Now);
    }

    private void OnFrameDone()
    {
        if (!_window.IsSuspended)
            Presentation.FrameTaken(Clock.Now);
    }

    private static long EventsOf(PlaneSurface? plane) => plane is null ? 0 : plane.Imports + plane.BuffersMade;

    private void OnFlip(Flip flip)
    {
        switch (flip.Plane)
        {
            // Without a root of its own the window would be gone with its image: the last one stays.
            case PlaneKind.Primary when flip.Scanout is not null || IsTree:
                Primary.Flip(flip);
                if (!_insist.IsSet)
                    _insist.Set(Clock.Now + InsistAfterNs);
                break;
            case PlaneKind.Cursor:
                _cursor.Flip(flip, mayMove: !_host.IsStalled);
                break;
            case PlaneKind.Overlay:
                _overlay?.Flip(flip, mayMove: !_host.IsStalled);
                break;
        }
    }

    private void OnConfigured()
    {
        if (!_isMapped)
        {
            _isMapped = true;
            if (_isStarted)
                Start();
        }
        if (_retry.IsSet)
            Retry();
        if (_image.Scanout is not null || IsFullscreen)
            Layout();
        else
        {
            _window.Root.Commit();
            if (!_black.IsSet)
                _black.Set(Clock.Now + BlackAfterNs);
        }
        Primary.CommitWaiting();
    }

    /// <summary>Before the primary plane's commit: the window and its place in it, for the image that comes now.</summary>
    private void PlacePrimary(Flip flip)
    {
        if (flip.Scanout is not { } scanout)
            return;
        var isOther = _image.Scanout is not { } last || flip.UprightSource != _image.UprightSource || (scanout.Width, scanout.Height) != (last.Width, last.Height);
        _image = flip;
        if (isOther)
            Layout(isComing: true);
    }

    /// <summary>Brings window, planes and the sizes that host and guest want together; commits what changed.</summary>
    private void Layout(bool isComing = false)
    {
        _black.Cancel();
        var guest = _image.Scanout is null ? s_blackSize : (_image.Source.Width, _image.Source.Height);
        // On the toplevel itself an image is as large as it is: there is no viewport to fit it, nor a root around it.
        var wanted = !IsTree ? guest : _window.HostSize.Width > 0 ? _window.HostSize : OwnSize(guest);
        var resized = wanted != _size;
        _size = wanted;
        _placement = Placement.Of(wanted, guest, _options.Scale, IsTree ? _scale.Scale120 : WindowScale.One);
        _input.Placement = _placement;
        Follow();
        if (resized)
            _window.SetSize(wanted.Item1, wanted.Item2);
        if (IsTree)
            LayoutTree(resized);
        SetOpaque(IsTree ? (_placement.Plane.Width, _placement.Plane.Height) : guest);
        // Without a new image the plane's own state still has to be committed; with one, that commit is about to come.
        if (!isComing && Primary.Shown is not null && IsTree)
            Primary.Surface.Commit();
        if (IsTree || !isComing)
            _window.Root.Commit();
    }

    /// <summary>The guest's, pixel for pixel; of a guest that is larger than a window should be, its shape.</summary>
    private (int Width, int Height) OwnSize((int Width, int Height) guest)
    {
        var size = (WindowScale.ToLogical(guest.Width, _scale.Scale120), WindowScale.ToLogical(guest.Height, _scale.Scale120));
        var (width, height) = _window.Bounds;
        return width <= 0 || (size.Item1 <= width && size.Item2 <= height) ? size : Placement.Fit((width, height), size);
    }

    private void LayoutTree(bool resized)
    {
        if (resized)
        {
            _window.Root.Attach(_backdrop, 0, 0);
            _window.Root.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
            _rootLayer!.Place(_placement.Window, new(0, 0, 1, 1), (1, 1), _placement.Window);
            _rootLayer.SetOpaque(_size.Width, _size.Height);
            _dimmer?.Cover(_placement.Window);
        }
        if (_image.Scanout is { } scanout)
            _primaryLayer.Place(_placement.Plane, _placement.Source.Offset(_image.UprightSource.X, _image.UprightSource.Y), (scanout.Width, scanout.Height), _placement.Window);
        _cursor.Follow(_placement);
        _overlay?.Follow(_placement);
    }

    /// <summary>The guest's own size, by the window's and by the screen that it is on.</summary>
    private void Follow()
    {
        if (IsTree && _window.HostSize.Width > 0)
            _resize.Follow(ToDevice(_size.Width), ToDevice(_size.Height), _scale.Output);
    }

    private void OnScaled()
    {
        if (_window.IsConfigured && _image.Scanout is not null)
            Layout();
    }

    private bool IsFullscreen => _options.Fullscreen || _options.OutputOf(Head.Name) is not null;

    private void SetOpaque((int Width, int Height) size)
    {
        if (size == _opaque)
            return;
        _opaque = size;
        _primaryLayer.SetOpaque(size.Width, size.Height);
    }
}
