using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>What a user wants of the time from a flip to the glass.</summary>
internal enum Latency
{
    /// <summary>As short as it can be: the newest flip wins, and asked guests are asked at the last moment.</summary>
    Low,

    /// <summary>As even as it can be: one commit a refresh, none overtaken, asked with room to spare.</summary>
    Smooth,
}

/// <summary>What an asked guest's next question waits for; doc/pacing.md draws the ways between them.</summary>
internal enum PacerState
{
    /// <summary>The last moment before the host latches for the next vblank.</summary>
    Latching,

    /// <summary>Nobody looks: a tenth of a second.</summary>
    Hidden,

    /// <summary>The guest answered with an error: its own time.</summary>
    BackingOff,

    /// <summary>The guest is gone.</summary>
    Ended,
}

/// <summary>
/// When a guest that must be asked is asked: once per refresh of the host, so long before the vblank that the answer's
/// commit is just in time. That is the host's latch, and what our own way from the timer to the commit takes.
/// </summary>
internal sealed class Pacer
{
    private const long HiddenPeriodNs = 100_000_000;

    /// <summary>Timers and the host's clock are not exact.</summary>
    private const long RoomNs = 300_000;

    /// <summary>Our own way's longest, which a quicker one brings down by 1/256.</summary>
    private const int OwnWayDownBy = 256;

    private readonly IGuest _guest;
    private readonly Vblanks _vblanks;
    private readonly LoopTimer _timer;
    private readonly Latency _latency;
    private readonly Latch _latch;
    private readonly Func<long, bool> _isHidden;
    private long _notBefore, _planned, _ownWay;

    /// <param name="guest">Whom to ask.</param>
    /// <param name="vblanks">Of the head that is asked for.</param>
    /// <param name="latency">Late, or with room.</param>
    /// <param name="isHidden">Whether nobody looks.</param>
    public Pacer(IGuest guest, Vblanks vblanks, Latency latency, Func<long, bool> isHidden)
    {
        (_guest, _vblanks, _latency, _isHidden, _timer) = (guest, vblanks, latency, isHidden, new LoopTimer(Ask));
        _latch = new Latch(creepsDown: latency == Latency.Low);
    }

    public PacerState State { get; private set; }

    /// <summary>How long before a vblank the guest is asked, ns.</summary>
    public long Margin => _latch.Estimate + _ownWay + RoomNs + (_latency == Latency.Smooth ? _vblanks.Refresh / 4 : 0);

    /// <summary>The guest was asked, and all that came of it is committed: from when to when (CLOCK_MONOTONIC, ns).</summary>
    public event Action<long, long>? Asked;

    public void Start(Loop loop)
    {
        loop.Add(_timer);
        Plan(Clock.Now, Clock.Now);
    }

    /// <summary>A guest that was gone is there again.</summary>
    public void Resume(long now)
    {
        _notBefore = now;
        Plan(now, now);
    }

    public void Stop(Loop loop) => loop.Remove(_timer);

    /// <summary>The host has answered a commit.</summary>
    public void Answered(Frame frame)
    {
        if (!frame.IsDiscarded)
            _latch.Learn(frame.CommitToPresented, _vblanks.Refresh, frame.Presented);
    }

    /// <summary>The window can be seen again: no slow question's answer is waited for.</summary>
    public void Wake(long now)
    {
        if (State == PacerState.Hidden && !_isHidden(now) && now >= _notBefore)
            Plan(now, now);
    }

    /// <summary>The next moment to ask: the margin before the first vblank that is further away than that.</summary>
    internal long Next(long now)
    {
        if (_isHidden(now))
            return now + HiddenPeriodNs;
        var next = _vblanks.After(now + Margin) - Margin;
        // A vblank that came a hair later than predicted is not asked for twice.
        return next - now < _vblanks.Refresh / 2 ? next + _vblanks.Refresh : next;
    }

    /// <summary>What was planned for one moment was done at another: a busy machine, a slow driver.</summary>
    internal void Took(long planned, long done) =>
        _ownWay = Math.Min(Math.Max(done - planned, _ownWay - _ownWay / OwnWayDownBy), _vblanks.Refresh / 2);

    private void Ask(long now)
    {
        var planned = _planned;
        _notBefore = _guest.Ask(now);
        var done = Clock.Now;
        if (State == PacerState.Latching)
            Took(planned, done);
        Asked?.Invoke(now, done);
        Plan(now, _notBefore == LoopSource.Never ? LoopSource.Never : Next(now));
    }

    private void Plan(long now, long next)
    {
        _planned = Math.Max(next, _notBefore);
        State = _planned == LoopSource.Never ? PacerState.Ended
            : _notBefore > next ? PacerState.BackingOff
            : _isHidden(now) ? PacerState.Hidden : PacerState.Latching;
        _timer.Set(_planned);
    }
}
