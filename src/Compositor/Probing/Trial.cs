using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor.Probing;

/// <summary>Shows a guest for a measurement, as <see cref="Show"/> does for a user. The connection outlives it.</summary>
internal sealed class Trial : IDisposable
{
    private const long SecondNs = 1_000_000_000, WitnessNs = 250_000_000;

    /// <summary>The time for the answers to the last commits.</summary>
    private const long SettleNs = SecondNs / 2;

    /// <summary>The time for a first image of each head. An output that is off has none.</summary>
    private const long FirstImageNs = 5 * SecondNs;

    /// <summary>
    /// For its import, until it is seen, and until its frames are answered: a compositor without a GPU may be busy with the last
    /// window, or with the shaders for this one. One that is idle for so long shows nothing: its output may be off.
    /// </summary>
    private const long IdleNs = 4 * SecondNs, LongestNs = 25 * SecondNs;

    /// <summary>A quarter of a processor. Composing the test pattern by pixman takes a tenth.</summary>
    private const long BusyNs = IdleNs / 4;

    /// <summary>
    /// A window's first image may be discarded for the next one. The image of a window that is not seen is repeated.
    /// </summary>
    private const int EnoughDiscarded = 3;

    private readonly Loop _loop;
    private readonly Host _host;
    private readonly GuestSlot _guest;
    private readonly ShowOptions _options;
    private readonly DrmState? _drm;
    private readonly LoopTimer _end, _look;
    private readonly Pacer? _pacer;
    private HostPatience? _patience;
    private bool _isOver;

    public Trial(Loop loop, Seats seats, GuestSlot guest, ShowOptions options, DrmState? drm)
    {
        (_loop, _host, _guest, _options, _drm) = (loop, seats.Host, guest, options, drm);
        (_end, _look) = (new LoopTimer(End), new LoopTimer(Look));
        loop.Add(_end);
        loop.Add(_look);
        var vblanks = Vblanks.Of(_host);
        // A polled guest has one head.
        _pacer = guest.IsPolled ? new Pacer(guest.Poll, vblanks, options.Latency, now => Watches![0].Screen.IsHidden(now))
        {
            PollDelay = () => guest.PollDelay,
        } : null;
        Watches = [.. guest.Heads.Select(head => new Watch(new(loop, seats, head, options)
        {
            Title = $"guestplane {guest.Title}",
            Vblanks = _pacer is null ? Vblanks.Of(_host) : vblanks,
            Primary = _pacer ?? PlaneObserver.None,
        }))];
        foreach (var watch in Watches)
            watch.Screen.CloseRequested += loop.Stop;
        guest.Changed += () => _isOver = true;
    }

    /// <summary>One per head of the guest.</summary>
    public IReadOnlyList<Watch> Watches { get; }

    /// <exception cref="ExitException">An output is not there, or the guest is gone.</exception>
    public void Run(double seconds)
    {
        _host.Await(_loop, () => Watches.All(watch => watch.Screen.IsPlaced));
        if (_loop.Stopped)
            return;
        if (Watches.Select(watch => watch.Screen.AwaitedOutput).FirstOrDefault(name => name is not null) is { } awaited)
            throw new ExitException(ExitCode.NoHost, $"The compositor has no output {awaited} (there are: {OutputNames}).");
        _guest.Start();
        _pacer?.Start(_loop);
        TurnUntil(FirstImageNs, () => Watches.All(watch => watch.Screen.Primary.Choice is not null));
        TurnWhileBusy(() => !Watches.Any(watch => watch.Screen.Primary is { Choice: null, IsWaiting: true }));
        // A compositor that compiles its shaders shows nothing meanwhile.
        TurnWhileBusy(() =>
            Watches.All(watch => watch.IsSeen || watch.Screen.Primary.Shown is null || IsBehindAnother(watch)));
        // In the second half, when the compositor has decided: the kernel holds all modesetting locks while it answers.
        var length = (long)(seconds * SecondNs);
        _look.Set(_drm is null ? LoopSource.Never : Clock.Now + length / 2);
        TurnUntil(length, () => false);
        TurnWhileBusy(() => Watches.All(watch => watch.IsMeasured || IsBehindAnother(watch)));
        _look.Cancel();
        foreach (var watch in Watches)
            watch.Screen.Stop();
        TurnUntil(SettleNs, () => Watches.All(watch => watch.Screen.Presentation.Pending == 0));
        if (_guest.State == GuestState.Gone)
            throw new ExitException(ExitCode.GuestLost, _guest.Problem);
    }

    public void Dispose()
    {
        _pacer?.Stop(_loop);
        foreach (var watch in Watches)
            watch.Screen.Dispose();
        _loop.Remove(_end);
        _loop.Remove(_look);
    }

    private string OutputNames =>
        string.Join(", ", _host.Globals.Outputs.Select(output => output.Name ?? "one without a name"));

    /// <summary>
    /// True for a head whose images the compositor discards again and again while it shows another one: its window is behind
    /// that, or on no output. To one that has no answer at all, the compositor may still come.
    /// </summary>
    private bool IsBehindAnother(Watch watch) =>
        !watch.IsSeen && watch.Frames.Count >= EnoughDiscarded && Watches.Any(other => other.IsSeen);

    /// <summary>Who listens at the socket may not be the compositor (kwin_wayland_wrapper): that has no library of one.</summary>
    private void TurnWhileBusy(Func<bool> done)
    {
        _patience = _host.Version is null ? null : _host.NewPatience(IdleNs, BusyNs, LongestNs);
        TurnUntil(_patience is null ? LongestNs : IdleNs, done);
        _patience = null;
    }

    private void End(long now)
    {
        _isOver = _patience?.Renew(now) != true;
        if (!_isOver)
            _end.Set(_patience!.Due);
    }

    private void TurnUntil(long length, Func<bool> done)
    {
        _isOver = _guest.State == GuestState.Gone;
        _end.Set(Clock.Now + length);
        while (!_isOver && !_loop.Stopped && !done())
            _loop.Turn();
    }

    private void Look(long now)
    {
        foreach (var watch in Watches)
            watch.ReadState(_drm!, Watches);
        _look.Set(now + WitnessNs);
    }
}
