using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>A guest on a host, from the first configure to the report.</summary>
internal sealed class Show : IDisposable
{
    private const long SecondNs = 1_000_000_000;

    /// <summary>What happens only once (imports, pools filling) is over by then; per-flip costs are counted from here.</summary>
    private const int WarmUpFlips = 60;

    private readonly Loop _loop;
    private readonly Host _host;
    private readonly IGuest _guest;
    private readonly ShowOptions _options;
    private readonly Messages _messages;
    private readonly List<Screen> _screens = [];
    private readonly LoopTimer _end;
    private readonly Clipboard? _clipboard;
    private readonly Trace? _trace;
    private Fd? _ready;
    private (long Flips, long Cpu) _warm;
    private bool _isWarm, _isEnding;

    // Managed bytes between two flips are what a flip costs, unless something else happened between them.
    private long _bytes, _byteFlips, _bytesAtFlip, _eventsAtFlip;
    private RunCost? _cost;
    private string? _lost, _refused;

    public Show(Loop loop, Host host, IGuest guest, ShowOptions options, Messages messages)
    {
        (_loop, _host, _guest, _options, _messages) = (loop, host, guest, options, messages);
        _end = new LoopTimer(_ => loop.Stop());
        loop.Add(_end);
        _ready = options.Ready;
        _trace = options.Trace is { } file ? new Trace(file, guest.Source) : null;
        foreach (var sentence in SurfaceHints.Unheard(host.Globals, options))
            messages.Warn(sentence);
        foreach (var head in guest.Heads)
            AddScreen(head);
        if (options.Clipboard && guest.Clipboard is { } text && host.Globals is { Seat: { } seat, DataDevices: { } devices })
            _clipboard = new Clipboard(loop, seat, devices, text);
        guest.Lost += OnLost;
        guest.Returned += OnReturned;
    }

    /// <summary>Runs until the user, the host, the guest or a limit ends it; says how it went.</summary>
    public ExitCode Run()
    {
        _host.Await(_loop, () => _screens.TrueForAll(screen => screen.IsConfigured));
        if (!_loop.Stopped)
            Start();
        var status = StatusLine.Start(_loop, _screens, _messages);
        try
        {
            _loop.Run();
        }
        finally
        {
            // Also of a show that the host ended: that is when it is wanted most.
            status?.Clear();
            Tell();
        }
        return Judge();
    }

    private void Start()
    {
        _guest.Start(_loop);
        if (_guest.IsAsked)
            StartAsking();
        if (_options.Seconds is { } seconds)
            _end.Set(Clock.Now + (long)(seconds * SecondNs));
    }

    public void Dispose()
    {
        _clipboard?.Dispose();
        foreach (var screen in _screens)
            screen.Dispose();
        _ready?.Dispose();
        _trace?.Dispose();
    }

    private void AddScreen(Head head)
    {
        var title = _guest.Heads.Count == 1 ? _guest.Title : $"{_guest.Title} {head.Name}";
        var screen = new Screen(_loop, _host, head, title, _options);
        _screens.Add(screen);
        // Not within the window's own event.
        screen.CloseRequested += () => _loop.Post(() => Close(screen));
        screen.Primary.TurnedOver += _ => _messages.Warn(
            $"head {head.Name}: the image is upside down in memory (y0_top): the host turns it over, and so cannot scan it out");
        if (screen.Primary.Sync is { } sync)
            sync.Overdue += () => _messages.Warn($"head {head.Name}: the guest's GPU has not finished a frame for a second (the fence of "
                + "its dma-buf): the host waits for it and shows nothing newer; if it goes on, the kernel's log tells of a hung GPU");
        screen.Primary.Stepped += (_, step) => Say(head, "primary", step, screen.Primary);
        foreach (var cursor in screen.Cursor.Planes)
            cursor.Stepped += (_, step) => Say(head, "cursor", step, cursor);
        if (screen.Overlay is { } overlay)
            overlay.Stepped += (_, step) => Say(head, "overlay", step, overlay);
        if (!screen.Cursor.Planes.Any() && _options.Cursor != CursorMode.None)
            _messages.Warn($"The cursor plane is not shown: the host has no {(_options.Cursor == CursorMode.Pointer ? "wl_seat" : "wl_subcompositor or wp_viewporter")}.");
        head.Refused += sentence => _messages.Warn(_refused = sentence);
        screen.Presentation.Answered += frame =>
        {
            if (!frame.IsDiscarded)
                OnShown();
        };
        screen.Presentation.Settled += () => EndIfSettled();
        // Where the host tells nothing of presentation, its wish for the next frame says that it has taken this one.
        if (_host.Globals.Presentation is null)
            screen.Primary.FrameDone += OnShown;
        _trace?.Follow(screen);
        // After the screen's own handler: what it counts is counted.
        head.Flipped += OnFlip;
    }

    /// <summary>Of several windows each can be closed; the last ends the show.</summary>
    private void Close(Screen screen)
    {
        if (_screens.TrueForAll(other => other == screen || other.IsClosed))
            _loop.Stop();
        else
            screen.Dispose();
    }

    private void StartAsking()
    {
        // A vGPU has one head.
        var presentation = _screens[0].Presentation;
        var pacer = new Pacer(_guest, presentation.Vblanks, _options.Latency, IsHidden);
        presentation.Answered += pacer.Answered;
        _trace?.Follow(pacer);
        _screens[0].Primary.FrameDone += () => pacer.Wake(Clock.Now);
        pacer.Start(_loop);
    }

    /// <summary>Asked before each question to the guest: no lambda, which would be a new one each time.</summary>
    private bool IsHidden(long now)
    {
        for (var i = 0; i < _screens.Count; i++)
            if (!_screens[i].IsHidden(now))
                return false;
        return true;
    }

    private void OnFlip(Flip flip)
    {
        if (flip.Plane != PlaneKind.Primary)
            return;
        var flips = Flips;
        if (!_isWarm && flips >= WarmUpFlips)
        {
            _isWarm = true;
            _warm = (flips, Clock.Cpu);
        }
        CountBytes();
        if (flips >= _options.Frames)
            End();
    }

    /// <summary>The limit is reached: what is committed may still be answered, for a moment.</summary>
    private void End()
    {
        if (_isEnding)
            return;
        _isEnding = true;
        _guest.Lost -= OnLost;
        foreach (var screen in _screens)
        {
            screen.Stop();
            screen.Head.Flipped -= OnFlip;
        }
        _cost = Cost();
        _end.Set(Clock.Now + SecondNs);
        EndIfSettled();
    }

    private void EndIfSettled()
    {
        if (_isEnding && _screens.TrueForAll(screen => screen.IsClosed || (screen.Presentation.Pending == 0 && !screen.Primary.IsWaiting)))
            _loop.Stop();
    }

    private void OnShown()
    {
        if (_ready is null)
            return;
        using (_ready)
            _ready.Write("\n"u8);
        _ready = null;
    }

    private void OnLost(string sentence)
    {
        if (!_options.Wait || !_guest.CanReturn)
        {
            _lost = sentence;
            _loop.Stop();
            return;
        }
        _messages.Info($"{sentence} Waiting for it.");
        _screens.ForEach(screen => screen.Dim(true));
        _guest.Return();
    }

    private void OnReturned()
    {
        _messages.Info($"{_guest.Source} is there again.");
        _screens.ForEach(screen => screen.Dim(false));
    }

    private void Tell()
    {
        var report = new Report(_guest, _host.Name, _screens, _cost ?? Cost());
        foreach (var line in report.Lines())
            _messages.Info(line);
        if (_options.Report is not null)
            report.WriteJson(_options.Report);
    }

    private ExitCode Judge()
    {
        if (_lost is not null)
            throw new ExitException(ExitCode.GuestLost, _lost);
        if (_screens.TrueForAll(screen => screen.Primary.Stats.Committed == 0))
            ThrowIfNothingCouldBeShown();
        var unmet = _screens.SelectMany(_options.Require.Unmet).ToList();
        unmet.ForEach(_messages.Info);
        return unmet.Count == 0 ? ExitCode.Ok : ExitCode.RequirementNotMet;
    }

    /// <summary>A guest may change its mode, so the show went on; but it never came to anything.</summary>
    private void ThrowIfNothingCouldBeShown()
    {
        if (_screens.Find(screen => screen.Primary.Step?.Transport == Transport.Impossible) is { } screen)
            throw new ExitException(ExitCode.NoHost, $"Nothing was shown: the host has no way for {screen.Primary.LastScanout}: {screen.Primary.Step!.Value.Reason}.");
        if (_refused is not null)
            throw new ExitException(ExitCode.NoSource, $"Nothing was shown. {_refused}");
    }

    private long Flips
    {
        get
        {
            var flips = 0L;
            foreach (var screen in _screens)
                flips += screen.Primary.Stats.Flips;
            return flips;
        }
    }

    private void CountBytes()
    {
        var (bytes, events) = (GC.GetAllocatedBytesForCurrentThread(), 0L);
        for (var i = 0; i < _screens.Count; i++)
            events += _screens[i].Events;
        if (_isWarm && events == _eventsAtFlip)
        {
            _bytes += bytes - _bytesAtFlip;
            _byteFlips++;
        }
        (_bytesAtFlip, _eventsAtFlip) = (bytes, events);
    }

    private RunCost Cost()
    {
        var flips = Math.Max(1, Flips - _warm.Flips);
        return new((double)_bytes / Math.Max(1, _byteFlips), (Clock.Cpu - _warm.Cpu) / flips, Fd.Live, Fd.Peak);
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
