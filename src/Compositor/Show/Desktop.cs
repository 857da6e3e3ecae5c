using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// The windows of a guest on one connection to a compositor. They are disposed with the connection; the guest stays, and the
/// desktop on the next connection continues the counters.
/// </summary>
internal sealed class Desktop : IDisposable
{
    private readonly Loop _loop;
    private readonly Seats _seats;
    private readonly GuestSlot _guest;
    private readonly ShowOptions _options;
    private readonly Messages _messages;
    private readonly List<Screen> _screens = [];
    private readonly Trace? _trace;
    private Clipboards? _clipboards;
    private Pacer? _pacer;

    // Parameters: those of the show, and the desktop of the connection before.
    public Desktop(Loop loop, Seats seats, GuestSlot guest, ShowOptions options, Messages messages, Trace? trace, Desktop? before)
    {
        (_loop, _seats, _guest, _options, _messages, _trace) = (loop, seats, guest, options, messages, trace);
        foreach (var sentence in SurfaceHints.Unheard(Host, options))
            messages.Warn(sentence);
        Host.Hdr.Failed += () => messages.Warn($"--hdr has no effect: {Host.Hdr.Problem}.");
        if (Host.Globals.Viewporter is null)
            messages.InfoOnce(
                "The compositor cannot scale (it has no wp_viewporter): images are shown pixel for pixel, in the middle.");
        for (var i = 0; i < guest.Heads.Count; i++)
            AddScreen(guest.Heads[i], before?._screens[i]);
        ShareClipboard();
        if (guest.Hands is { } hands)
            hands.Opened += ShareClipboard;
        // A trace has the times at which releases and discards are read.
        if (trace is null)
            Host.MayStayUnread = AnswersMayWaitUntil;
    }

    public Host Host => _seats.Host;

    public IReadOnlyList<Screen> Screens => _screens;

    /// <summary>A primary plane was flipped.</summary>
    public event Action? Flipped;

    /// <summary>The first image of a head on this connection is on screen.</summary>
    public event Action? Shown;

    /// <summary>All commits of a head are answered.</summary>
    public event Action? Settled;

    /// <summary>The user closed the last window.</summary>
    public event Action? Closed;

    /// <summary>Waits until each window is configured or is known to wait for its output.</summary>
    public void Start()
    {
        Host.Await(_loop, () => _screens.TrueForAll(screen => screen.IsPlaced));
        if (_loop.Stopped)
            return;
        foreach (var screen in _screens)
            if (screen.AwaitedOutput is { } output)
                _messages.Info($"head {screen.Head.Name} waits for the output {output} (there are: {OutputNames()}).");
    }

    /// <summary>Starts to poll a polled guest, at first and after it was away.</summary>
    public void StartPolling()
    {
        // A vGPU has one head. If its window is closed, the connection is gone, and the next desktop starts the polling.
        if (!_screens[0].IsClosed)
            _pacer?.Start(_loop);
    }

    /// <summary>Dims the windows of heads that the guest does not have now.</summary>
    public void DimLost()
    {
        foreach (var screen in _screens)
            if (!_guest.Shows(screen.Head))
                screen.Dim(true);
    }

    public void Undim()
    {
        foreach (var screen in _screens)
            if (_guest.Shows(screen.Head))
                screen.Dim(false);
    }

    /// <summary>Takes no more flips, and waits for the answers to those that are committed.</summary>
    public void Stop()
    {
        Host.MayStayUnread = null;
        foreach (var screen in _screens)
            screen.Stop();
    }

    public void Dispose()
    {
        Host.MayStayUnread = null;
        _pacer?.Stop(_loop);
        if (_guest.Hands is { } hands)
            hands.Opened -= ShareClipboard;
        _clipboards?.Dispose();
        foreach (var screen in _screens)
            screen.Dispose();
    }

    /// <summary>Once there is one: the source of the input may come later than the image.</summary>
    private void ShareClipboard()
    {
        if (_options is { Clipboard: true, IsReadOnly: false } && _guest.Clipboard is { } clipboard)
            _clipboards ??= new Clipboards(_loop, _seats, clipboard, _messages);
    }

    private void AddScreen(Head head, Screen? before)
    {
        var vblanks = Vblanks.Of(Host);
        var trace = _trace?.OfHead(head.Name, vblanks);
        // A polled guest has one head.
        _pacer = _guest.IsPolled ? new Pacer(_guest.Poll, vblanks, _options.Latency, IsHidden, trace)
        {
            PollDelay = () => _guest.PollDelay,
        } : null;
        var title = _options.Title ?? _guest.Title;
        var isQemu = QemuSource.Is(_guest.Source);
        var screen = new Screen(new(_loop, _seats, head, _options)
        {
            Title = _guest.Heads.Count == 1 ? title : $"{title} {head.Name}",
            Vblanks = vblanks,
            // A polled guest can be polled at another time, and smooth shows all flips.
            Backlog = _pacer is null && _options.Latency == Latency.Low ? new() : null,
            Primary = PlaneObservers.Of(
                new PlaneMessages(_messages, head.Name, "primary", isQemu), new Progress(this), _pacer, trace),
            Cursor = new PlaneMessages(_messages, head.Name, "cursor", isQemu),
            Overlay = new PlaneMessages(_messages, head.Name, "overlay", isQemu),
            Told = _options.HasText ? _messages : null,
            Before = before?.Primary,
        });
        _screens.Add(screen);
        // Posted: Close may dispose the window, which must not happen in the window's own event.
        screen.CloseRequested += () => _loop.Post(() => Close(screen));
        screen.ActionWanted += action => Do(screen, action);
        if (!screen.Cursor.Planes.Any() && _options.Cursor != CursorMode.None)
            _messages.Warn("The cursor plane is not shown: the compositor has no wl_subcompositor.");
        else if (_options.Cursor == CursorMode.Pointer && _seats.All.Count == 0)
            _messages.Warn("The cursor plane is not shown as long as the compositor has no wl_seat.");
    }

    private void Do(Screen screen, BoundAction action)
    {
        if (action == BoundAction.Screenshot)
            Screenshot.Save(screen.Head, _options.Screenshots, _loop, _messages);
        else
            _loop.Post(() => Closed?.Invoke());
    }

    private string OutputNames() => string.Join(", ", Host.Globals.Outputs.Select(output => output.Name ?? "one without a name"));

    /// <summary>Closes one of several windows; closing the last one ends the show.</summary>
    private void Close(Screen screen)
    {
        if (_screens.TrueForAll(other => other == screen || other.IsClosed))
            Closed?.Invoke();
        else
            screen.Close();
    }

    /// <summary>Called before each poll. A loop, because a lambda would be allocated each time.</summary>
    private bool IsHidden(long now)
    {
        for (var i = 0; i < _screens.Count; i++)
            if (!_screens[i].IsHidden(now))
                return false;
        return true;
    }

    /// <summary>Called before each wait: see <see cref="Host.MayStayUnread"/>.</summary>
    private long AnswersMayWaitUntil()
    {
        if (_seats.AreInUse)
            return 0;
        var until = long.MaxValue;
        for (var i = 0; i < _screens.Count; i++)
            until = Math.Min(until, _screens[i].AnswersMayWaitUntil);
        return until == long.MaxValue || until <= Clock.Now ? 0 : until;
    }

    private sealed class Progress(Desktop desktop) : PlaneObserver
    {
        public override void Flipped(in Flip flip) => desktop.Flipped?.Invoke();

        public override void Seen() => desktop.Shown?.Invoke();

        public override void Settled() => desktop.Settled?.Invoke();
    }
}
