namespace Guestplane.Compositor;

/// <summary>Where in a refresh a guest is polled; doc/pacing.md explains the states.</summary>
internal enum PollPhaseState
{
    /// <summary>As late as the compositor allows.</summary>
    Late,

    /// <summary>Half a refresh earlier, to see whether fewer flips are lost.</summary>
    TryingEarly,

    /// <summary>Half a refresh earlier: furthest from flips at the late poll, which are shown no later for it.</summary>
    Early,

    /// <summary>As late as the compositor allows, to see whether no flips are lost any more.</summary>
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
    /// A longer run of polls that find nothing is no gap: the guest stands still. With two buffers, two polls find nothing:
    /// the second of two flips is to the image that was there before.
    /// </summary>
    private const int LongestGap = 2;

    /// <summary>How long no phase is tried after one that was no better; doubled each time.</summary>
    private const long FirstHoldNs = 4_000_000_000, LongestHoldNs = 600_000_000_000;

    /// <summary>After so many holds the late phase, of less delay, is tried although the early one has no gaps.</summary>
    private const int EarlyHolds = 8;

    private int _polls, _gaps, _empty, _pollsBefore, _enough = Polls;
    private long _hold = FirstHoldNs, _heldUntil, _earlyUntil;

    public PollPhaseState State { get; private set; }

    public bool IsEarly => State is PollPhaseState.TryingEarly or PollPhaseState.Early;

    private bool IsTrying => State is PollPhaseState.TryingEarly or PollPhaseState.TryingLate;

    /// <summary>A poll is over.</summary>
    /// <param name="hasFlipped">True if it found a flip.</param>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    public void Polled(bool hasFlipped, long now)
    {
        _polls++;
        if (!hasFlipped)
        {
            if (++_empty > LongestGap)
                Interrupted();
            // What it flips to next has a phase of its own, and is to be shown soon.
            if (_empty >= Polls)
                State = PollPhaseState.Late;
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
        else if (State == PollPhaseState.Early && _gaps == 0 && now >= _earlyUntil)
            Try(PollPhaseState.TryingLate);
        Forget();
    }

    /// <summary>The guest stands still, or was not polled once per refresh: what was counted says nothing.</summary>
    public void Interrupted()
    {
        if (IsTrying)
            GoBack();
        Forget();
    }

    private void Forget() => (_polls, _gaps) = (0, 0);

    /// <summary>For so long that gaps in equal distances, as of a guest of 57 Hz, are found again in it.</summary>
    private void Try(PollPhaseState phase) =>
        (State, _pollsBefore, _enough) = (phase, _polls, Math.Max(Polls, 3 * _polls));

    /// <summary>Early has to be better, and late to be no worse.</summary>
    private void Judge(long now)
    {
        _enough = Polls;
        if (_gaps < MostGaps || (State == PollPhaseState.TryingLate && _polls >= _pollsBefore))
        {
            State = IsEarly ? PollPhaseState.Early : PollPhaseState.Late;
            _hold = FirstHoldNs;
        }
        else
        {
            GoBack();
            _heldUntil = now + _hold;
            _hold = Math.Min(_hold * 2, LongestHoldNs);
        }
        _earlyUntil = now + EarlyHolds * _hold;
    }

    private void GoBack() =>
        (State, _enough) = (IsEarly ? PollPhaseState.Late : PollPhaseState.Early, Polls);
}
