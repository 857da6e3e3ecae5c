using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// A guest's windows on one connection to a host. A host that ends takes all of it along; the guest stays, and a new one
/// of these is made on the next host, which goes on counting where the one before has ended.
/// </summary>
internal sealed class Desktop : IDisposable
{
    private readonly Loop _loop;
    private readonly IGuest _guest;
    private readonly ShowOptions _options;
    private readonly Messages _messages;
    private readonly List<Screen> _screens = [];
    private readonly Clipboard? _clipboard;
    private readonly Trace? _trace;
    private Pacer? _pacer;

    public Desktop(Loop loop, Host host, IGuest guest, ShowOptions options, Messages messages, Trace? trace, Desktop? before)
    {
        (_loop, Host, _guest, _options, _messages, _trace) = (loop, host, guest, options, messages, trace);
        foreach (var sentence in SurfaceHints.Unheard(host.Globals, options))
            messages.Warn(sentence);
        for (var i = 0; i < guest.Heads.Count; i++)
            AddScreen(guest.Heads[i], before?._screens[i]);
        if (options.Clipboard && guest.Clipboard is { } text && host.Globals is { Seat: { } seat, DataDevices: { } devices })
            _clipboard = new Clipboard(loop, seat, devices, text);
    }

    public Host Host { get; }

    public IReadOnlyList<Screen> Screens => _screens;

    /// <summary>A frame of ours was shown.</summary>
    public event Action? Shown;

    /// <summary>Commits of a head are all answered.</summary>
    public event Action? Settled;

    /// <summary>The user has closed the last window.</summary>
    public event Action? Closed;

    /// <summary>Waits for the host to let the windows be; from then on what the guest shows is shown, and what it showed last.</summary>
    public void Start()
    {
        Host.Await(_loop, () => _screens.TrueForAll(screen => screen.IsPlaced));
        if (_loop.Stopped)
            return;
        foreach (var screen in _screens)
            if (screen.AwaitedOutput is { } output)
                _messages.Info($"head {screen.Head.Name} waits for the output {output} (there are: {string.Join(", ", Host.Globals.Outputs.Select(o => o.Name ?? "one without a name"))}).");
        _screens.ForEach(screen => screen.Start());
    }

    /// <summary>Asks a guest that has to be asked, whenever the host could show the answer; again after it was away.</summary>
    public void StartAsking()
    {
        // A vGPU has one head. Closed: the host is gone, and on the next one it is asked from the start.
        if (_screens[0].IsClosed)
            return;
        if (_pacer is not null)
        {
            _pacer.Resume(Clock.Now);
            return;
        }
        var presentation = _screens[0].Presentation;
        _pacer = new Pacer(_guest, presentation.Vblanks, _options.Latency, IsHidden);
        presentation.Answered += _pacer.Answered;
        _trace?.Follow(_pacer);
        _screens[0].Primary.FrameDone += () => _pacer.Wake(Clock.Now);
        _pacer.Start(_loop);
    }

    public void Dim(bool on) => _screens.ForEach(screen => screen.Dim(on));

    public void Dispose()
    {
        _pacer?.Stop(_loop);
        _clipboard?.Dispose();
        foreach (var screen in _screens)
            screen.Dispose();
        Host.Dispose();
    }

    private void AddScreen(Head head, Screen? before)
    {
        var title = _guest.Heads.Count == 1 ? _guest.Title : $"{_guest.Title} {head.Name}";
        var screen = new Screen(_loop, Host, head, title, _options, before);
        _screens.Add(screen);
        // Not within the window's own event.
        screen.CloseRequested += () => _loop.Post(() => Close(screen));
        Follow(head, screen.Primary, "primary");
        foreach (var cursor in screen.Cursor.Planes)
            Follow(head, cursor, "cursor");
        if (screen.Overlay is { } overlay)
            Follow(head, overlay, "overlay");
        screen.Primary.TurnedOver += _ => _messages.Warn(
            $"head {head.Name}: the image is upside down in memory (y0_top): the host turns it over, and so cannot scan it out");
        if (screen.Primary.Sync is { } sync)
            sync.Overdue += () => _messages.Warn($"head {head.Name}: the guest's GPU has not finished a frame for a second (the fence of "
                + "its dma-buf): the host waits for it and shows nothing newer; if it goes on, the kernel's log tells of a hung GPU");
        if (!screen.Cursor.Planes.Any() && _options.Cursor != CursorMode.None)
            _messages.Warn($"The cursor plane is not shown: the host has no {(_options.Cursor == CursorMode.Pointer ? "wl_seat" : "wl_subcompositor or wp_viewporter")}.");
        screen.Presentation.Answered += frame =>
        {
            if (!frame.IsDiscarded)
                Shown?.Invoke();
        };
        screen.Presentation.Settled += () => Settled?.Invoke();
        // Where the host tells nothing of presentation, its wish for the next frame says that it has taken this one.
        if (Host.Globals.Presentation is null)
            screen.Primary.FrameDone += () => Shown?.Invoke();
        _trace?.Follow(screen);
    }

    private void Follow(Head head, PlaneSurface plane, string name) => plane.Stepped += (_, step) => Say(head, name, step, plane);

    /// <summary>Of several windows each can be closed; the last ends the show.</summary>
    private void Close(Screen screen)
    {
        if (_screens.TrueForAll(other => other == screen || other.IsClosed))
            Closed?.Invoke();
        else
            screen.Dispose();
    }

    /// <summary>Asked before each question to the guest: no lambda, which would be a new one each time.</summary>
    private bool IsHidden(long now)
    {
        for (var i = 0; i < _screens.Count; i++)
            if (!_screens[i].IsHidden(now))
                return false;
        return true;
    }

    private void Say(Head head, string plane, Step step, PlaneSurface surface)
    {
        var what = step.Transport == Transport.Impossible ? "cannot be shown" : $"goes by {step.Transport.Spelled()}";
        var sentence = $"head {head.Name}: the {plane} plane ({surface.LastScanout}) {what}{(step.Reason is null ? "" : $": {step.Reason}")}";
        if (step.Reason is null)
            _messages.Info(sentence);
        else
            _messages.Warn(sentence);
    }
}
