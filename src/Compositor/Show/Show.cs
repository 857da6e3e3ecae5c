using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.Drm;

namespace Guestplane.Compositor;

/// <summary>How far a show is, apart from its guest's <see cref="GuestState"/>.</summary>
internal enum ShowState
{
    /// <summary>The guest is being opened, or its windows wait for the compositor.</summary>
    Starting,

    Running,

    /// <summary>A limit is reached; some commits are not answered yet.</summary>
    Ending,

    /// <summary>The guest is gone for good.</summary>
    Ended,
}

/// <summary>
/// Shows a guest on a compositor, from the splash to the report. With --wait and --reconnect it continues after the guest or the
/// compositor was lost.
/// </summary>
// Fields: five are its parameters; the others are the state of one show, which no other class reads.
internal sealed class Show : IDisposable
{
    private const long SecondNs = 1_000_000_000;

    private readonly Loop _loop;
    private readonly GuestSlot _guest;
    private readonly ShowOptions _options;
    private readonly Messages _messages;
    private readonly FlipCost _flipCost;
    private readonly LoopTimer _end, _late;
    private readonly Trace? _trace;
    private Seats _seats;
    private Splash? _splash;
    private Desktop? _desktop;
    private ShowState _state;
    private bool _wasShown, _isUnwritten;
    private RunCost? _cost;
    private string? _refused;

    /// <param name="seats">Those of the first connection. The show disposes them and later ones, with their connections.</param>
    /// <param name="guest">Already open, unless a splash is shown while it is being opened.</param>
    public Show(Loop loop, Seats seats, GuestSlot guest, ShowOptions options, Messages messages)
    {
        (_loop, _seats, _guest, _options, _messages) = (loop, seats, guest, options, messages);
        _flipCost = new FlipCost(loop);
        loop.Add(_end = new LoopTimer(_ => loop.Stop()));
        loop.Add(_late = new LoopTimer(_ => _splash = new Splash(_seats, options.Splash!, options, loop, messages)));
        _trace = options.Trace is { } file ? new Trace(new BestEffortStream(file, OnTraceFailed), options.Source) : null;
        NextHost = () => Host.Await(_loop, options.IsFramed);
        guest.Changed += OnGuestChanged;
    }

    /// <summary>Waits for the next compositor after one is gone. Null if the loop was stopped meanwhile.</summary>
    public Func<Host?> NextHost { get; init; }

    /// <summary>The splash or the guest's first frame is on screen.</summary>
    public event Action? Ready;

    private IReadOnlyList<Screen> Screens => _desktop?.Screens ?? [];

    /// <summary>Runs until the user, the compositor, the guest or a limit ends it, then reports the result.</summary>
    public ExitCode Run()
    {
        List<HeadResult> heads = [];
        var status = StatusLine.Start(_loop, () => Results.TotalsOf(Screens), _messages);
        try
        {
            RunOnHosts();
        }
        finally
        {
            status?.Clear();
            // Also if the compositor ended the show. A show that never started has nothing to report.
            if (_guest.IsStarted)
                Report(heads = [.. Screens.Select(Results.Of)]);
            // Before Judge, so that the exit code includes a failure to write the end of the trace.
            _trace?.Dispose();
        }
        return Judge(heads);
    }

    /// <summary>Asks the compositor to raise the first window. A token is valid once.</summary>
    public void Raise(string token)
    {
        if (_splash is { } splash)
            splash.Raise(token);
        else
            Screens.FirstOrDefault(screen => !screen.IsClosed)?.Raise(token);
    }

    public void Dispose()
    {
        LeaveHost();
        Screenshot.Finish(_messages);
        _options.Ready?.Dispose();
        _trace?.Dispose();
    }

    private void RunOnHosts()
    {
        while (!_loop.Stopped)
        {
            try
            {
                ShowSplash();
                _guest.Open();
                _late.Cancel();
                if (!_loop.Stopped)
                {
                    CheckLayout();
                    Start();
                    // A guest whose display is off has a window, too.
                    if (_options.Splash is { AfterNs: > 0 })
                        EndSplash();
                }
                _loop.Run();
            }
            catch (Exception e) when (_options.Reconnect && Failure.IsOfHost(e))
            {
                _messages.Info(e is GpuGoneException
                    ? $"The Wayland compositor ({_seats.Host.Name}) has lost its GPU. Waiting for the next one."
                    : $"The Wayland compositor ({_seats.Host.Name}) went away. Waiting for the next one.");
                Reconnect();
            }
        }
    }

    /// <summary>Shows the splash on each compositor, now or later, until the guest has been shown on one.</summary>
    private void ShowSplash()
    {
        if (_wasShown || _options.Splash is not { } image)
            return;
        if (image.AfterNs > 0)
        {
            _late.Set(Clock.Now + image.AfterNs);
            return;
        }
        _splash = new Splash(_seats, image, _options, _loop, _messages);
        Ready?.Invoke();
    }

    /// <exception cref="ExitException">Usage: --layout has a head that the guest does not have.</exception>
    private void CheckLayout()
    {
        var heads = _guest.Heads.Select(head => head.Name).ToList();
        if (_options.Layout.Keys.FirstOrDefault(name => !heads.Contains(name)) is { } absent)
            throw new ExitException(ExitCode.Usage,
                $"--layout: there is no head \"{absent}\"; {_guest.Source} has: {string.Join(", ", heads)}.");
    }

    private void Start()
    {
        _desktop = OpenDesktop(_desktop);
        _desktop.Start();
        if (_loop.Stopped)
            return;
        _desktop.DimLost();
        if (_guest is { IsPolled: true, State: GuestState.Here })
            _desktop.StartPolling();
        if (_state == ShowState.Starting)
            StartGuest();
    }

    private void StartGuest()
    {
        if (_guest.State == GuestState.Gone)
        {
            OnGuestChanged();
            return;
        }
        _state = ShowState.Running;
        _guest.Start();
        if (_options.Seconds is { } seconds)
            _end.Set(Clock.Now + (long)(seconds * SecondNs));
    }

    private Desktop OpenDesktop(Desktop? before)
    {
        if (before is null)
            foreach (var head in _guest.Heads)
                head.Refused += sentence => _messages.Warn(_refused = sentence);
        var desktop = new Desktop(_loop, _seats, _guest, _options, _messages, _trace, before);
        desktop.Flipped += OnFlip;
        desktop.Shown += OnShown;
        desktop.Settled += EndIfSettled;
        desktop.Closed += _loop.Stop;
        return desktop;
    }

    /// <summary>Waits for the next compositor. The guest continues: Throttle answers QEMU without one.</summary>
    private void Reconnect()
    {
        LeaveHost();
        Tidy();
        var next = NextHost();
        if (next is null)
            return;
        _messages.Info($"The Wayland compositor is back ({next.Name}).");
        _seats = new Seats(next, _loop, _seats.Layout);
    }

    private void EndSplash()
    {
        _splash?.Dispose();
        _splash = null;
    }

    private void LeaveHost()
    {
        _late.Cancel();
        _desktop?.Dispose();
        EndSplash();
        _seats.Dispose();
        _seats.Host.Dispose();
    }

    /// <summary>Collects what belonged to a compositor or a guest that is gone: no frame is due now.</summary>
    private static void Tidy() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private void OnFlip()
    {
        long flips = 0, events = _desktop?.Host.Events ?? 0;
        for (var i = 0; i < Screens.Count; i++)
        {
            flips += Screens[i].Primary.Stats.Flips;
            events += Screens[i].Events;
        }
        _flipCost.Count(flips, events);
        if (flips >= _options.Frames)
            End();
    }

    /// <summary>A limit is reached: stops the screens, and waits a second at most for the answers to their commits.</summary>
    private void End()
    {
        if (_state == ShowState.Ending)
            return;
        _state = ShowState.Ending;
        _desktop?.Stop();
        _cost = Cost();
        _end.Set(Clock.Now + SecondNs);
        EndIfSettled();
    }

    private void EndIfSettled()
    {
        if (_state == ShowState.Ending
            && Screens.All(screen => screen.IsClosed || (screen.Presentation.Pending == 0 && !screen.Primary.IsWaiting)))
            _loop.Stop();
    }

    private void OnShown()
    {
        if (_wasShown)
            return;
        _wasShown = true;
        EndSplash();
        Ready?.Invoke();
        using var ready = _options.Ready;
        ready?.Write("\n"u8);
    }

    private void OnGuestChanged()
    {
        if (_state == ShowState.Ending)
            return;
        switch (_guest.State)
        {
            case GuestState.Gone:
                _state = ShowState.Ended;
                _loop.Stop();
                break;
            case GuestState.Away:
                _desktop?.DimLost();
                // Posted, so that the dimming is sent first.
                _loop.Post(Tidy);
                break;
            case GuestState.Here:
                _desktop?.Undim();
                if (_guest.IsPolled)
                    _desktop?.StartPolling();
                break;
        }
    }

    private void Report(List<HeadResult> heads)
    {
        var report = new ShowResult(ProgramName.Text, _guest.Source, _guest.Planes, _seats.Host.Name, heads, _guest.DmaBufs,
            _cost ?? Cost());
        foreach (var line in report.Lines())
            _messages.Info(line);
        if (_options.Report is null)
            return;
        try
        {
            JsonText.Write(report, _options.Report);
        }
        catch (ExitException e) when (e.Code == ExitCode.CannotWrite)
        {
            _messages.Error(e.Message);
            _isUnwritten = true;
        }
    }

    private void OnTraceFailed(string sentence)
    {
        _messages.Warn($"{sentence} The show goes on without it.");
        _isUnwritten = true;
    }

    private RunCost Cost() => _flipCost.Until(Results.TotalsOf(Screens).Flips);

    private ExitCode Judge(List<HeadResult> heads)
    {
        if (_state == ShowState.Ended)
            throw new ExitException(ExitCode.GuestLost, _guest.Problem);
        if (heads.TrueForAll(head => head.Committed == 0))
            ThrowIfNothingCouldBeShown(heads);
        var unmet = _options.Require.Unmet(heads).ToList();
        unmet.ForEach(_messages.Error);
        return unmet.Count > 0 ? ExitCode.RequirementNotMet : _isUnwritten ? ExitCode.CannotWrite : ExitCode.Ok;
    }

    /// <summary>Throws the reason why nothing was ever shown. Not thrown earlier: a guest may change its mode.</summary>
    private void ThrowIfNothingCouldBeShown(List<HeadResult> heads)
    {
        if (heads.Find(head => head.Primary.Choice?.Transport == Transport.Impossible) is { } head)
            throw new ExitException(ExitCode.NoHost, "Nothing was shown: the compositor cannot show "
                + $"{head.Format} {head.Modifier} {head.Width}x{head.Height}: {head.Reason}.");
        if (_refused is not null)
            throw new ExitException(ExitCode.NoSource, $"Nothing was shown. {_refused}");
    }
}
