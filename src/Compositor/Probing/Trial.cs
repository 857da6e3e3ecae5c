using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor.Probing;

/// <summary>
/// A guest in windows of its own for a while, on a connection that goes on: what <see cref="Show"/> is to a user,
/// this is to a measurement.
/// </summary>
internal sealed class Trial : IDisposable
{
    private const long SecondNs = 1_000_000_000, WitnessNs = 250_000_000;

    /// <summary>What is committed last may still be answered.</summary>
    private const long SettleNs = SecondNs / 2;

    /// <summary>A host that draws by CPU is busy with the window before for so long, and answers the first import only then.</summary>
    private const long FirstCommitNs = 5 * SecondNs;

    private readonly Loop _loop;
    private readonly Host _host;
    private readonly IGuest _guest;
    private readonly ShowOptions _options;
    private readonly DrmState? _drm;
    private readonly LoopTimer _end, _look;
    private Pacer? _pacer;
    private bool _isOver;
    private string? _lost;

    public Trial(Loop loop, Host host, IGuest guest, ShowOptions options, DrmState? drm)
    {
        (_loop, _host, _guest, _options, _drm) = (loop, host, guest, options, drm);
        (_end, _look) = (new LoopTimer(_ => _isOver = true), new LoopTimer(Look));
        loop.Add(_end);
        loop.Add(_look);
        Watches = [.. guest.Heads.Select(head => new Watch(new Screen(loop, host, head, $"guestplane {guest.Title}", options)))];
        foreach (var watch in Watches)
            watch.Screen.CloseRequested += loop.Stop;
        guest.Lost += sentence => (_lost, _isOver) = (sentence, true);
    }

    /// <summary>One for each head.</summary>
    public IReadOnlyList<Watch> Watches { get; }

    /// <exception cref="ExitException">The guest went away.</exception>
    public void Run(double seconds)
    {
        _host.Await(_loop, () => Watches.All(watch => watch.Screen.IsPlaced));
        if (_loop.Stopped)
            return;
        foreach (var watch in Watches)
            watch.Screen.Start();
        _guest.Start(_loop);
        if (_guest.IsAsked)
            StartAsking();
        TurnUntil(FirstCommitNs, () => Watches.All(watch => watch.Screen.Primary.Step is not null));
        // The host has made up its mind by the second half: only then the kernel is asked, which holds all its locks meanwhile.
        var length = (long)(seconds * SecondNs);
        _look.Set(_drm is null ? LoopSource.Never : Clock.Now + length / 2);
        TurnUntil(length, () => false);
        _look.Cancel();
        foreach (var watch in Watches)
            watch.Screen.Stop();
        TurnUntil(SettleNs, () => Watches.All(watch => watch.Screen.Presentation.Pending == 0));
        if (_lost is not null)
            throw new ExitException(ExitCode.GuestLost, _lost);
    }

    public void Dispose()
    {
        _pacer?.Stop(_loop);
        foreach (var watch in Watches)
            watch.Screen.Dispose();
        _loop.Remove(_end);
        _loop.Remove(_look);
    }

    private void TurnUntil(long length, Func<bool> done)
    {
        _isOver = _lost is not null;
        _end.Set(Clock.Now + length);
        while (!_isOver && !_loop.Stopped && !done())
            _loop.Turn();
    }

    private void StartAsking()
    {
        // A vGPU has one head.
        var (screen, presentation) = (Watches[0].Screen, Watches[0].Screen.Presentation);
        _pacer = new Pacer(_guest, presentation.Vblanks, _options.Latency, screen.IsHidden);
        presentation.Answered += _pacer.Answered;
        screen.Primary.FrameDone += () => _pacer.Wake(Clock.Now);
        _pacer.Start(_loop);
    }

    private void Look(long now)
    {
        foreach (var watch in Watches)
            watch.Ask(_drm!);
        _look.Set(now + WitnessNs);
    }
}
