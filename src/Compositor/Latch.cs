namespace Guestplane.Compositor;

/// <summary>
/// How long before a vblank a host takes its last commit for it: weston 7 ms, wlroots a whole refresh or what
/// max_render_time says, mutter and KWin by what they have measured of themselves. No protocol tells, but each presented
/// commit does: it was early enough for the vblank that showed it, and too late for the one before. So the estimate
/// goes up when commits that should have been early enough are late, and creeps down to where that begins.
/// doc/pacing.md draws it.
/// </summary>
internal sealed class Latch
{
    /// <summary>Between the hosts' own: no more than two commits of any are late before it is known better.</summary>
    private const long FirstGuessNs = 8_000_000;

    /// <summary>Above what was late last: some room, so that it is not late again at once.</summary>
    private const long RoomNs = 500_000;

    private const long LeastNs = 200_000;

    /// <summary>How far a commit that is in time brings it down: to a half in six seconds at 60 Hz.</summary>
    private const int DownBy = 512;

    /// <summary>A late commit counts one, and is forgiven by so many in time: what is late once in a while is no matter of the latch.</summary>
    private const int ForgivenBy = 128;

    /// <summary>Rises within so long are one search, of longer and longer steps.</summary>
    private const long SearchNs = 1_000_000_000;

    /// <summary>After a rise it stays; twice as long each time that creeping down has only led to another.</summary>
    private const long FirstHoldNs = 4_000_000_000, LongestHoldNs = 600_000_000_000;

    private readonly bool _creepsDown;
    private long _room = RoomNs, _risen, _hold = FirstHoldNs, _heldUntil;
    private int _late;

    /// <param name="creepsDown">Whether to look for the latest moment, which costs a late commit now and then.</param>
    public Latch(bool creepsDown) => _creepsDown = creepsDown;

    /// <summary>The estimate, ns before the vblank.</summary>
    public long Estimate { get; private set; } = FirstGuessNs;

    /// <summary>A commit was presented so much later (ns), on a host of that refresh (ns).</summary>
    public void Learn(long commitToPresented, long refresh, long now)
    {
        var tooLateBy = commitToPresented - refresh;
        // By more than a refresh it was not the latch: the host had no time for that frame.
        if (tooLateBy >= Estimate && tooLateBy < refresh + RoomNs)
            Late(tooLateBy, refresh, now);
        else if (tooLateBy < Estimate)
            InTime(now);
    }

    private void Late(long tooLateBy, long refresh, long now)
    {
        _late += ForgivenBy;
        if (_late < 2 * ForgivenBy)
            return;
        _late = 0;
        _room = now - _risen < SearchNs ? _room * 2 : RoomNs;
        Estimate = Math.Min(tooLateBy + _room, refresh + 2 * RoomNs);
        if (_creepsDown && now >= _heldUntil)
            _hold = Math.Min(_hold * 2, LongestHoldNs);
        (_risen, _heldUntil) = (now, now + _hold);
    }

    private void InTime(long now)
    {
        _late = Math.Max(0, _late - 1);
        if (_heldUntil == 0)
            _heldUntil = now + _hold;
        if (_creepsDown && now >= _heldUntil)
            Estimate = Math.Max(LeastNs, Estimate - Estimate / DownBy);
    }
}
