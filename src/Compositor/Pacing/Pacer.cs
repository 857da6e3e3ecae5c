using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>What the user wants of the time from a flip to the screen.</summary>
internal enum Latency
{
    /// <summary>As short as possible: the newest flip wins, and a polled guest is polled at the last moment.</summary>
    Low,

    /// <summary>As even as possible: one commit per refresh, none replaced, polls with time to spare.</summary>
    Smooth,
}

/// <summary>What the next poll of a polled guest waits for; doc/pacing.md explains the states.</summary>
internal enum PacerState
{
    NotStarted,

    /// <summary>The last moment before the compositor latches for the next vblank.</summary>
    Latching,

    /// <summary>
    /// A little time: the last poll has found nothing of a guest that has flipped in each refresh, and whose flip may be late.
    /// </summary>
    Expecting,

    /// <summary>No window is visible: poll every 100 ms.</summary>
    Hidden,

    /// <summary>The guest answered with an error, and says when it may be polled again.</summary>
    BackingOff,

    /// <summary>The guest is gone.</summary>
    Ended,
}

/// <summary>Polls a guest once per refresh, as late as its commit can still make the next vblank (doc/pacing.md).</summary>
internal sealed class Pacer : PlaneObserver
{
    private const long HiddenPeriodNs = 100_000_000;

    /// <summary>Part of the margin: timers and the compositor's clock are not exact, and one more poll may follow.</summary>
    private const long RoomNs = ExpectedFlip.FirstWaitNs;

    private readonly Func<long, long> _poll;
    private readonly Vblanks _vblanks;
    private readonly LoopTimer _timer;
    private readonly Latency _latency;
    private readonly Latch _latch;
    private readonly Func<long, bool> _isHidden;
    private readonly PlaneObserver _observer;
    private PollPhase _phase = new();
    private long _notBefore, _planned, _vblank;
    private RecentLongest _ownWay;
    private ExpectedFlip _flip = new();

    /// <param name="poll">Polls the guest: <see cref="IGuest.Poll"/>.</param>
    /// <param name="vblanks">The vblanks of the polled head.</param>
    /// <param name="latency">Smooth polls a quarter of a refresh earlier.</param>
    /// <param name="isHidden">True if no window is visible at this time.</param>
    /// <param name="observer">Notified of each poll.</param>
    public Pacer(
        Func<long, long> poll, Vblanks vblanks, Latency latency, Func<long, bool> isHidden, PlaneObserver? observer = null)
    {
        (_poll, _vblanks, _latency, _isHidden, _timer) = (poll, vblanks, latency, isHidden, new LoopTimer(Poll));
        _observer = observer ?? None;
        _latch = new Latch(creepsDown: latency == Latency.Low);
    }

    public PacerState State { get; private set; }

    /// <summary>How long after a poll its flips arrive, ns: <see cref="IGuest.PollDelay"/>.</summary>
    public Func<long> PollDelay { private get; init; } = () => 0;

    /// <summary>True if the guest is polled half a refresh earlier than it has to be.</summary>
    internal bool IsEarly => _phase.IsEarly;

    /// <summary>How long before a vblank the guest is polled, ns.</summary>
    public long Margin => _latch.Estimate + _ownWay.Ns + Math.Min(PollDelay(), _vblanks.Refresh / 2) + RoomNs
        + (_latency == Latency.Smooth ? _vblanks.Refresh / 4 : 0) + (IsEarly ? _vblanks.Refresh / 2 : 0);

    /// <summary>Starts to poll, or continues after the guest was gone.</summary>
    public void Start(Loop loop)
    {
        if (State == PacerState.NotStarted)
            loop.Add(_timer);
        var now = Clock.Now;
        _notBefore = now;
        (_phase, _flip) = (new(), new());
        Plan(now, now);
    }

    public void Stop(Loop loop) => loop.Remove(_timer);

    public override void Answered(in Frame frame)
    {
        if (frame.Committed < _phase.LateSince)
            return;
        if (frame.IsDiscarded)
            _latch.Discarded(frame.Committed);
        else
            _latch.Learn(frame.CommitToPresented, _vblanks.Refresh, frame.Presented);
    }

    public override void Flipped(in Flip flip)
    {
        _flip.Found();
        if (State == PacerState.Expecting)
            GoTo(PacerState.Latching, _planned);
    }

    /// <summary>Polls at once when a hidden window is visible again.</summary>
    public override void Taken(long now)
    {
        if (State == PacerState.Hidden && !_isHidden(now) && now >= _notBefore)
            Plan(now, now);
    }

    /// <summary>When to poll next: the margin before the first vblank that is further away than the margin.</summary>
    internal long Next(long now)
    {
        if (_isHidden(now))
            return now + HiddenPeriodNs;
        var vblank = _vblanks.After(now + Margin);
        // Do not poll twice for a vblank that came slightly later than predicted, or for which the guest was polled early.
        if (Math.Abs(vblank - _vblank) < _vblanks.Refresh / 2)
            vblank += _vblanks.Refresh;
        if (_latch.IsGapDue)
            vblank += _vblanks.Refresh;
        (_vblank, _latch.IsGapDue) = (vblank, false);
        return vblank - Margin;
    }

    /// <summary>Learns the own way: the time from the planned poll to the end of its commit.</summary>
    internal void Took(long planned, long done) => _ownWay.Add(done - planned, _vblanks.Refresh / 2);

    private void Poll(long now)
    {
        if (State == PacerState.Expecting && now >= _planned)
            State = PacerState.Latching;
        var (planned, before) = (_planned, State);
        if (before != PacerState.Expecting)
            EndRefresh(now);
        _notBefore = _poll(now);
        var done = Clock.Now;
        if (before == PacerState.Latching)
            Took(planned, done);
        _observer.Polled(now, done);
        Plan(now, _notBefore == LoopSource.Never ? LoopSource.Never : before == PacerState.Expecting ? planned : Next(now));
        if (State == PacerState.Latching && before is PacerState.Latching or PacerState.Expecting)
            Expect(done + PollDelay());
    }

    /// <summary>What the polls before have found may have come later than they.</summary>
    private void EndRefresh(long now)
    {
        if (State == PacerState.Latching)
            _phase.Polled(_flip.IsInTime, now);
        else
            _phase.Interrupted(now);
        _flip.Next();
    }

    /// <summary>Polls again soon, if the flip of this refresh may come a little late.</summary>
    private void Expect(long now)
    {
        if (_flip.Wait() is > 0 and var wait && now + wait < _planned)
            GoTo(PacerState.Expecting, now + wait);
    }

    private void Plan(long now, long next)
    {
        _planned = Math.Max(next, _notBefore);
        _phase.Planned(_planned);
        GoTo(
            _planned == LoopSource.Never ? PacerState.Ended
                : _notBefore > next ? PacerState.BackingOff
                : _isHidden(now) ? PacerState.Hidden : PacerState.Latching,
            _planned);
    }

    private void GoTo(PacerState state, long next)
    {
        State = state;
        _timer.Set(next);
    }
}
