namespace Guestplane.Compositor;

/// <summary>Where in a refresh a guest is polled; doc/pacing.md explains the states.</summary>
internal enum PollPhaseState
{
    /// <summary>As late as the compositor allows.</summary>
    Late,

    /// <summary>Half a refresh earlier, to see whether fewer flips are lost.</summary>
    TryingEarly,

    /// <summary>Half a refresh earlier: furthest from flips that come about when the late poll does.</summary>
    Early,

    /// <summary>As late as the compositor allows, to see whether no more flips are lost than early.</summary>
    TryingLate,
}

/// <summary>
/// Keeps the polls away from the moment at which a guest flips. A guest that flips once per refresh, just when it is polled,
/// flips now before its poll and now after it: one poll finds nothing new, and of the two flips before the next one the first
/// is never seen. Such a gap between polls that find a flip is the only sign of it.
/// </summary>
internal sealed class PollPhase
{
    /// <summary>How many polls are judged together: half a second at 60 Hz.</summary>
    private const int Polls = 32;

    /// <summary>Gaps among these that are a reason to try the other phase.</summary>
    private const int MostGaps = 2;

    /// <summary>
    /// A longer run of polls that find nothing is no gap: the guest stands still. With two buffers, two polls find nothing: the
    /// second of two flips is to the image that was there before.
    /// </summary>
    private const int LongestGap = 2;

    /// <summary>How long after a trial gaps lead to no other one; doubled each time that a trial failed.</summary>
    private const long FirstHoldNs = 4_000_000_000, LongestHoldNs = 64_000_000_000;

    /// <summary>How long the guest is polled early before the late phase, which costs less delay, has its turn again.</summary>
    private const long EarlyNs = 32_000_000_000;

    private int _polls, _gaps, _empty, _pollsBefore, _enough = Polls, _toSkip;
    private long _hold = FirstHoldNs, _heldUntil, _earlyUntil;

    public PollPhaseState State { get; private set; }

    public bool IsEarly => State is PollPhaseState.TryingEarly or PollPhaseState.Early;

    /// <summary>Since when polls are late, CLOCK_MONOTONIC, ns: no commit before is evidence of the last moment.</summary>
    public long LateSince { get; private set; }

    private bool IsTrying => State is PollPhaseState.TryingEarly or PollPhaseState.TryingLate;

    /// <summary>A poll is over. The next one is planned already: what this leads to is for the one after that.</summary>
    /// <param name="hasFlipped">True if it found a flip.</param>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    public void Polled(bool hasFlipped, long now)
    {
        if (_toSkip > 0)
        {
            _toSkip--;
            return;
        }
        _polls++;
        if (!hasFlipped)
        {
            if (++_empty > LongestGap)
                Interrupted(now);
            return;
        }
        if (_empty is > 0 and <= LongestGap)
            _gaps++;
        _empty = 0;
        if (_gaps < MostGaps && _polls < _enough)
            return;
        if (IsTrying)
            Judge(now);
        else if (_gaps == MostGaps && now >= _heldUntil)
            Try(State == PollPhaseState.Late ? PollPhaseState.TryingEarly : PollPhaseState.TryingLate);
        else if (_gaps == 0 && IsEarly && now >= _earlyUntil)
            Try(PollPhaseState.TryingLate);
        Forget();
    }

    /// <summary>The next poll is at this time.</summary>
    public void Planned(long next) => LateSince = IsEarly ? long.MaxValue : Math.Min(LateSince, next);

    /// <summary>The guest stands still, or was not polled once per refresh: what was counted says nothing.</summary>
    public void Interrupted(long now)
    {
        if (IsTrying)
        {
            _heldUntil = now + _hold;
            GoTo(State == PollPhaseState.TryingEarly ? PollPhaseState.Late : PollPhaseState.Early);
        }
        else if (IsEarly && now >= _earlyUntil)
            GoTo(PollPhaseState.Late);
        Forget();
    }

    private void Forget() => (_polls, _gaps) = (0, 0);

    /// <summary>The poll that is planned and the one after it, whose distance is not a refresh, are not judged.</summary>
    private void GoTo(PollPhaseState state) => (State, _toSkip, _enough) = (state, 2, Polls);

    /// <summary>Long enough that evenly spaced gaps, such as those of a guest of 57 Hz, occur again within the trial.</summary>
    private void Try(PollPhaseState phase)
    {
        GoTo(phase);
        (_pollsBefore, _enough) = (_polls, Math.Max(Polls, 3 * _polls));
    }

    /// <summary>Early must have fewer than two gaps. Late may have them, if no sooner than early had.</summary>
    private void Judge(long now)
    {
        var isGood = _gaps < MostGaps || (State == PollPhaseState.TryingLate && _polls >= _pollsBefore);
        _hold = isGood ? FirstHoldNs : Math.Min(_hold * 2, LongestHoldNs);
        (_heldUntil, _earlyUntil) = (now + _hold, now + EarlyNs);
        GoTo(isGood == IsEarly ? PollPhaseState.Early : PollPhaseState.Late);
    }
}
