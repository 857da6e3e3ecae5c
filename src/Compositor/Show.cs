using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A guest on a host, from the first configure to the report.</summary>
internal sealed class Show : IDisposable
{
    private const long SecondNs = 1_000_000_000;

    private readonly Loop _loop;
    private readonly IGuest _guest;
    private readonly ShowOptions _options;
    private readonly Messages _messages;
    private readonly FlipCost _flipCost = new();
    private readonly LoopTimer _end, _unseen;
    private readonly Trace? _trace;
    private Desktop _desktop;
    private Fd? _ready;
    private bool _isEnding, _isStarted, _isAway;
    private RunCost? _cost;
    private string? _lost, _refused;

    public Show(Loop loop, Host host, IGuest guest, ShowOptions options, Messages messages)
    {
        (_loop, _guest, _options, _messages) = (loop, guest, options, messages);
        _end = new LoopTimer(_ => loop.Stop());
        loop.Add(_end);
        loop.Add(_unseen = new LoopTimer(AskUnseen));
        _ready = options.Ready;
        _trace = options.Trace is { } file ? new Trace(file, guest.Source) : null;
        NextHost = () => Host.Await(_loop, options.IsFramed);
        _desktop = Open(host, null);
        foreach (var head in guest.Heads)
            head.Refused += sentence => _messages.Warn(_refused = sentence);
        guest.Lost += OnLost;
        guest.Returned += OnReturned;
    }

    /// <summary>Waits for the host that comes after one that is gone; null when the loop was stopped before.</summary>
    public Func<Host?> NextHost { get; init; }

    /// <summary>The first frame is on screen; raised once.</summary>
    public event Action? FirstShown;

    private IReadOnlyList<Screen> Screens => _desktop.Screens;

    /// <summary>Runs until the user, the host, the guest or a limit ends it; says how it went.</summary>
    public ExitCode Run()
    {
        var status = StatusLine.Start(_loop, () => Screens, _messages);
        try
        {
            RunOnHosts();
        }
        finally
        {
            status?.Clear();
            // Also of a show that the host ended: that is when it is wanted most. Of one that never began there is nothing to tell.
            if (_isStarted)
                Tell();
        }
        return Judge();
    }

    public void Dispose()
    {
        _desktop.Dispose();
        _ready?.Dispose();
        _trace?.Dispose();
    }

    private void RunOnHosts()
    {
        while (!_loop.Stopped)
        {
            try
            {
                Start();
                _loop.Run();
            }
            catch (WaylandException e) when (_options.Reconnect && e.IsHostGone)
            {
                Reconnect();
            }
            // It took the connection, and then did not answer.
            catch (ExitException e) when (_options.Reconnect && e.Code == ExitCode.NoHost)
            {
                Reconnect();
            }
        }
    }

    private void Start()
    {
        _desktop.Start();
        if (_loop.Stopped)
            return;
        foreach (var screen in Screens)
        {
            // After the screen's own handler: what it counts is counted.
            screen.Head.Flipped -= OnFlip;
            screen.Head.Flipped += OnFlip;
        }
        if (_isAway)
            _desktop.Dim(true);
        if (_guest.IsAsked && !_isAway)
            _desktop.StartAsking();
        if (_isStarted)
            return;
        _guest.Start(_loop);
        _isStarted = true;
        if (_options.Seconds is { } seconds)
            _end.Set(Clock.Now + (long)(seconds * SecondNs));
    }

    private Desktop Open(Host host, Desktop? before)
    {
        var desktop = new Desktop(_loop, host, _guest, _options, _messages, _trace, before);
        desktop.Shown += OnShown;
        desktop.Settled += EndIfSettled;
        desktop.Closed += _loop.Stop;
        return desktop;
    }

    /// <summary>The guest goes on meanwhile; who waits for an answer gets it in time without a host, too.</summary>
    private void Reconnect()
    {
        _messages.Info($"The Wayland host ({_desktop.Host.Name}) went away. Waiting for one.");
        _desktop.Dispose();
        Tidy();
        if (_guest.IsAsked && _isStarted)
            _unseen.Set(Clock.Now + SecondNs);
        var next = NextHost();
        _unseen.Cancel();
        if (next is not { } host)
            return;
        _messages.Info($"There is a Wayland host again ({host.Name}).");
        _desktop = Open(host, _desktop);
    }

    /// <summary>Whoever removes a vGPU waits until it is let go, and to ask it is how we hear of that.</summary>
    private void AskUnseen(long now)
    {
        _guest.Ask(now);
        _unseen.Set(now + SecondNs);
    }

    /// <summary>All that was made for a host or a guest that is gone is garbage, and nobody waits for a frame now.</summary>
    private static void Tidy() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private void OnFlip(Flip flip)
    {
        if (flip.Plane != PlaneKind.Primary)
            return;
        long flips = 0, events = 0;
        for (var i = 0; i < Screens.Count; i++)
        {
            flips += Screens[i].Primary.Stats.Flips;
            events += Screens[i].Events;
        }
        _flipCost.Count(flips, events);
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
        foreach (var screen in Screens)
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
        if (_isEnding && Screens.All(screen => screen.IsClosed || (screen.Presentation.Pending == 0 && !screen.Primary.IsWaiting)))
            _loop.Stop();
    }

    private void OnShown()
    {
        FirstShown?.Invoke();
        FirstShown = null;
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
        _isAway = true;
        _desktop.Dim(true);
        // Not before that is sent.
        _loop.Post(Tidy);
        _guest.Return();
    }

    private void OnReturned()
    {
        _messages.Info($"{_guest.Source} is there again.");
        _isAway = false;
        _desktop.Dim(false);
        if (_guest.IsAsked)
            _desktop.StartAsking();
    }

    private void Tell()
    {
        var report = new Report(_guest, _desktop.Host.Name, Screens, _cost ?? Cost());
        foreach (var line in report.Lines())
            _messages.Info(line);
        if (_options.Report is not null)
            report.WriteJson(_options.Report);
    }

    private RunCost Cost() => _flipCost.Until(Screens.Sum(screen => screen.Primary.Stats.Flips));

    private ExitCode Judge()
    {
        if (_lost is not null)
            throw new ExitException(ExitCode.GuestLost, _lost);
        if (Screens.All(screen => screen.Primary.Stats.Committed == 0))
            ThrowIfNothingCouldBeShown();
        var unmet = Screens.SelectMany(_options.Require.Unmet).ToList();
        unmet.ForEach(_messages.Info);
        return unmet.Count == 0 ? ExitCode.Ok : ExitCode.RequirementNotMet;
    }

    /// <summary>A guest may change its mode, so the show went on; but it never came to anything.</summary>
    private void ThrowIfNothingCouldBeShown()
    {
        if (Screens.FirstOrDefault(screen => screen.Primary.Step?.Transport == Transport.Impossible) is { } screen)
            throw new ExitException(ExitCode.NoHost, $"Nothing was shown: the host has no way for {screen.Primary.LastScanout}: {screen.Primary.Step!.Value.Reason}.");
        if (_refused is not null)
            throw new ExitException(ExitCode.NoSource, $"Nothing was shown. {_refused}");
    }
}
