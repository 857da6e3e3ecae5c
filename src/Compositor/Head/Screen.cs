using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>The life of a head's window.</summary>
internal enum ScreenState
{
    /// <summary>The output that it is for is not connected: there is no window.</summary>
    AwaitingOutput,

    /// <summary>The compositor has not configured the window yet.</summary>
    Configuring,

    /// <summary>The window may show an image, and the guest has shown none yet.</summary>
    Black,

    /// <summary>The guest has shown an image.</summary>
    Showing,

    /// <summary>The user has closed the window, or the connection is gone.</summary>
    Closed,
}

/// <summary>A head of a guest on the desktop: a window, and the guest's planes in it.</summary>
// Fields: four are its parameters; the others are the parts of one window, each a class of its own.
internal sealed class Screen : IDisposable
{
    /// <summary>After this time a guest whose display is off gets a black window, so that the user sees that it runs.</summary>
    private const long BlackAfterNs = 500_000_000;
    private static readonly (int Width, int Height) s_blackSize = (640, 480);

    private readonly Loop _loop;
    private readonly Seats _seats;
    private readonly ShowOptions _options;
    private readonly Window _window;
    private readonly WindowInput _input;
    private readonly WindowScale _scale;
    private readonly WindowPlace _place;
    private readonly HeadTree _tree;
    private readonly HeadResize _resize;
    private readonly Wayland.ZwpIdleInhibitorV1? _idleInhibitor;
    private readonly LoopTimer _black;
    private readonly Zoom _zoom = new();
    private readonly HeadTitle _title;
    private readonly FullscreenHint _hint;
    private readonly WindowText _goneText;
    private ScreenState _state;

    public Screen(ScreenSetup setup)
    {
        (_loop, _seats, Head, _options) = (setup.Loop, setup.Seats, setup.Head, setup.Options);
        var globals = setup.Host.Globals;
        _window = new Window(setup.Host, setup.Title, _options.IsDecorated, _options.AppId);
        _window.Configured += OnConfigured;
        _window.CloseRequested += () => CloseRequested?.Invoke();
        _scale = new WindowScale(globals, _window.Root);
        _scale.Changed += OnScaled;
        _scale.Moved += AskForSize;
        _resize = new HeadResize(_loop, Head, _options.Fixed);
        _input = new WindowInput(_window.Root, _options.IsReadOnly ? null : Head.Input, _options.TakePointer, setup.Host)
        {
            HasAllKeys = _options.InhibitShortcuts,
            TouchMode = _options.Touch,
            Bindings = _options.Keys,
        };
        _title = new HeadTitle(_window, setup.Title, _options.Keys[BoundAction.Release]);
        _input.GrabChanged += () => _title.SetGrabbed(_input.State.IsGrabbed);
        _input.ActionWanted += Do;
        _hint = new FullscreenHint(setup, _window);
        _goneText = new WindowText(_loop, globals, _window, middle: 0.5, setup.Told);
        _input.KeyPressed += _hint.Hide;
        _seats.Add(_input);
        _tree = new HeadTree(setup, _window, _input, OnImageChanged);
        _loop.Add(_black = new LoopTimer(_ => Layout()));
        _idleInhibitor = _options.KeepAwake ? globals.IdleInhibit?.CreateInhibitor(_window.Root) : null;
        Head.Flipped += OnFlip;
        _state = ScreenState.Configuring;
        // Last: it maps the window.
        _place = new WindowPlace(globals, _window, _options.Fullscreen, _options.OutputOf(Head.Name));
    }

    public Head Head { get; }

    public ScreenState State =>
        _state == ScreenState.Configuring && AwaitedOutput is not null ? ScreenState.AwaitingOutput : _state;

    /// <summary>True if planes have surfaces of their own.</summary>
    public bool IsTree => _tree.IsTree;

    public PlaneSurface Primary => _tree.Primary;

    public Presentation Presentation => Primary.Frames!.Presentation;

    /// <summary>The cursor plane, whichever way it is shown.</summary>
    public HeadCursor Cursor => _tree.Cursor;

    public PlaneSurface? Overlay => _tree.Overlay;

    /// <summary>Counts what is not part of a flip: imports, buffers made, and new feedback from the compositor.</summary>
    public long Events => EventsOf(Primary) + EventsOf(Cursor.Plane) + EventsOf(Overlay) + (Feedback?.Times ?? 0);

    /// <summary>True if it has a window, or will have one when its output is connected.</summary>
    public bool IsPlaced => State != ScreenState.Configuring;

    /// <summary>The output that it waits for, without a window; null if it waits for none.</summary>
    public string? AwaitedOutput => _place.Awaited;

    /// <summary>What the compositor reports for the primary plane's surface; null if it reports nothing per surface.</summary>
    public Feedback? Feedback => _tree.Feedback;

    /// <summary>Who draws the window's decorations.</summary>
    public WindowFrame Frame => _window.Frame;

    /// <summary>Where the primary plane lies, in logical pixels.</summary>
    public Placement Placement => _tree.Placement;

    public bool IsClosed => _state == ScreenState.Closed;

    public int ToDevice(int logical) => WindowScale.ToDevice(logical, _scale.Scale120);

    /// <summary>True if nobody sees it: the compositor reports that, or sends no frame callbacks.</summary>
    public bool IsHidden(long now) => IsClosed || _tree.IsHidden(now);

    /// <inheritdoc cref="PlaneFrames.AnswersMayWaitUntil"/>
    public long AnswersMayWaitUntil => IsClosed ? long.MaxValue
        : _state != ScreenState.Showing || Cursor.Plane is { IsWaiting: true } || Overlay is { IsWaiting: true } ? 0
        : Primary.Frames!.AnswersMayWaitUntil;

    /// <summary>Whether a scanout tranche of this surface has what is shown; null if the compositor does not report it.</summary>
    public bool? IsScanoutFormat =>
        Feedback is not { Tranches.Count: > 0 } feedback || Primary is not { Shown: { } shown, Choice: { } choice } ? null
        : feedback.Tranches.Any(t => t.Scanout && t.Formats.Contains((choice.Format, shown.Layout.Modifier)));

    public event Action? CloseRequested;

    /// <summary>The user asks for a screenshot, or for the end.</summary>
    public event Action<BoundAction>? ActionWanted;

    /// <summary>Dims the last image because the guest is gone, or ends that because it is back.</summary>
    public void Dim(bool on)
    {
        if (IsClosed)
            return;
        _tree.Dim(on);
        _title.SetGone(on);
        if (on)
            _goneText.Show([_title.Gone], _scale.Scale120);
        else
        {
            _goneText.Hide();
            _resize.Renew();
            if (!IsFullscreen && _window.IsConfigured)
                _window.Attend();
        }
        // Do not commit a window that waits for its output: its first commit would map it on any output.
        if (_window.IsConfigured)
            _window.Root.Commit();
    }

    /// <inheritdoc cref="Window.Raise"/>
    public void Raise(string token)
    {
        if (_window.IsConfigured)
            _window.Raise(token);
    }

    /// <summary>Takes no more flips; what is on screen stays.</summary>
    public void Stop()
    {
        Head.Flipped -= OnFlip;
        Head.Flipped -= Release;
    }

    /// <summary>
    /// The user has closed this window, and others of the guest are open. Its head's flips are answered at once: QEMU would else
    /// hold back the whole graphics card for each (virtio_gpu_gl_block).
    /// </summary>
    public void Close()
    {
        Dispose();
        Head.Flipped += Release;
    }

    public void Dispose()
    {
        Stop();
        if (IsClosed)
            return;
        _state = ScreenState.Closed;
        _loop.Remove(_black);
        _seats.Remove(_input);
        _input.Dispose();
        _resize.Dispose();
        _hint.Dispose();
        _goneText.Dispose();
        _tree.Dispose();
        _scale.Dispose();
        _idleInhibitor?.Dispose();
        _place.Dispose();
        _window.Dispose();
    }

    private static long EventsOf(PlaneSurface? plane) => plane is null ? 0 : plane.Stats.Imports + plane.Stats.BuffersMade;

    private bool IsFullscreen => _options.Fullscreen || _options.OutputOf(Head.Name) is not null;

    private void Release(Flip flip) => Head.Release(flip.Ticket);

    private void OnFlip(Flip flip)
    {
        if (_state is ScreenState.Black or ScreenState.Showing)
            _tree.Flip(flip);
    }

    private void OnConfigured()
    {
        var isFirst = _state == ScreenState.Configuring;
        if (isFirst)
        {
            _state = ScreenState.Black;
            Head.Replay(OnFlip, Clock.Now);
        }
        if (_state == ScreenState.Showing || IsFullscreen || !Placement.Window.IsEmpty)
            Layout();
        else
        {
            _window.Root.Commit();
            if (!_black.IsSet)
                _black.Set(Clock.Now + BlackAfterNs);
        }
        Primary.Frames!.Retry();
        Primary.CommitWaiting();
        _tree.CatchUp();
        _hint.Follow(isFirst, _state == ScreenState.Showing, _scale.Scale120);
    }

    private void OnImageChanged()
    {
        _state = ScreenState.Showing;
        Layout(isComing: true);
    }

    /// <summary>Brings the sizes of window, planes and guest together, and commits what changed.</summary>
    /// <param name="isComing">True if the primary plane is about to commit a new image.</param>
    private void Layout(bool isComing = false)
    {
        _black.Cancel();
        var image = _tree.Image is { Shown: var shown } ? (shown.Width, shown.Height) : s_blackSize;
        // Without a tree there is no root around the image.
        var size = !IsTree ? image : _window.HostSize.Width > 0 ? _window.HostSize : OwnSize(image);
        var placement = Placement.Of(size, image, _scale.CanScale ? _options.Scale : ScaleMode.Unscaled, _scale.Scale120);
        _input.Placement = placement;
        if (placement.Window != Placement.Window)
            _window.SetSize(size.Width, size.Height);
        _hint.Place(placement.Window);
        _goneText.Place(placement.Window);
        _tree.Place(placement, isComing);
        AskForSize();
    }

    /// <summary>
    /// The size at one guest pixel per device pixel, or as the user has zoomed, fitted into the window's bounds if it exceeds
    /// them.
    /// </summary>
    private (int Width, int Height) OwnSize((int Width, int Height) image)
    {
        var (width, height) = (ToLogical(_zoom.Of(image.Width)), ToLogical(_zoom.Of(image.Height)));
        var bounds = _window.Bounds;
        return bounds.Width <= 0 || (width <= bounds.Width && height <= bounds.Height) ? (width, height)
            : Placement.Fit(bounds, (width, height));

        // A large scale and a guest's mode of a few pixels leave less than a pixel.
        int ToLogical(int pixels) => Math.Max(1, WindowScale.ToLogical(pixels, _scale.Scale120));
    }

    /// <summary>
    /// Requests the window's size from the guest, if the compositor chose that size. A size of ours would hold the guest at its
    /// firmware's mode.
    /// </summary>
    private void AskForSize()
    {
        var window = Placement.Window;
        if (IsTree && (_window.HostSize.Width > 0 || Head.NeedsSize))
            _resize.Follow(ToDevice(window.Width), ToDevice(window.Height), _scale.Output);
    }

    private void Do(BoundAction action)
    {
        switch (action)
        {
            case BoundAction.Fullscreen:
                _window.ToggleFullscreen();
                break;
            case BoundAction.ZoomIn or BoundAction.ZoomOut or BoundAction.ZoomReset:
                _zoom.Step(action);
                _window.ForgetSize();
                if (_state == ScreenState.Showing)
                    Layout();
                break;
            default:
                ActionWanted?.Invoke(action);
                break;
        }
    }

    private void OnScaled()
    {
        // A black window has asked for the VM's size already.
        if (_state == ScreenState.Showing || (_state == ScreenState.Black && !Placement.Window.IsEmpty))
            Layout();
    }
}
