namespace Guestplane.Compositor;

/// <summary>
/// Estimates how long before a vblank the compositor stops taking commits for it. No protocol reports that: weston 7 ms, wlroots
/// a whole refresh or max_render_time, mutter and KWin what they measure. The estimate rises when commits that should be in time
/// are late, and creeps down while they are in time. doc/pacing.md explains it.
/// </summary>
internal sealed class Latch
{
    /// <summary>A middle value: on any compositor, at most two commits are late before the estimate rises.</summary>
    private const long FirstGuessNs = 8_000_000;

    /// <summary>Added to the last lateness, so that the next commit is not late again at once.</summary>
    private const long RoomNs = 500_000;

    private const long LeastNs = 200_000;

    /// <summary>
    /// An image that the next one has replaced was late if those in time were all committed earlier before their vblanks, by so
    /// much. If not, the compositor has left out a vblank, and an earlier commit would not have helped.
    /// </summary>
    private const long CloserNs = 200_000;

    /// <summary>Longer than from any commit to its vblank: a display's longest refresh.</summary>
    private const long LongestNs = 1_000_000_000;

    /// <summary>Each commit in time lowers the estimate by 1/512: to a half in six seconds at 60 Hz.</summary>
    private const int DownBy = 512;

    /// <summary>So many commits in time outweigh a late one: a single one changes nothing, and one in 200 does in time.</summary>
    private const int ForgivenBy = 256;

    /// <summary>Rises within this time are one search, in longer and longer steps.</summary>
    private const long SearchNs = 1_000_000_000;

    /// <summary>In one search, so often a refresh is left out. If that does not help, only earlier commits do.</summary>
    private const int CatchUps = 2;

    /// <summary>How long the estimate stays after a rise; doubled each time that creeping down led to another rise.</summary>
    private const long FirstHoldNs = 16_000_000_000, LongestHoldNs = 600_000_000_000;

    private readonly bool _creepsDown;
    private long _risen, _hold = FirstHoldNs, _heldUntil, _discarded, _closest = LongestNs;
    private int _late, _rises;

    /// <param name="creepsDown">True to search for the latest moment, which costs a late commit from time to time.</param>
    public Latch(bool creepsDown) => _creepsDown = creepsDown;

    /// <summary>The estimate, in ns before the vblank.</summary>
    public long Estimate { get; private set; } = FirstGuessNs;

    /// <summary>
    /// True if one refresh is to be left out. wlroots takes the next image when the one before is on screen: after a late one
    /// each is a refresh late, however early it is committed, until the compositor has caught up.
    /// </summary>
    public bool IsGapDue { get; set; }

    /// <summary>A commit of this time, ns, was discarded.</summary>
    public void Discarded(long committed) => _discarded = committed;

    /// <summary>Learns from a commit that is presented now. Times are in ns.</summary>
    public void Learn(long commitToPresented, long refresh, long now)
    {
        var replaced = now - _discarded - refresh;
        _discarded = 0;
        var tooLateBy = commitToPresented - refresh;
        if (IsLate(replaced, refresh) && replaced < _closest - CloserNs)
            Late(replaced, refresh, now, isBehind: false);
        else if (IsLate(tooLateBy, refresh))
            Late(tooLateBy, refresh, now, isBehind: true);
        else if (tooLateBy < Estimate)
            InTime(commitToPresented, now);
    }

    /// <summary>More than a refresh late is not the latch: the compositor had no time for that frame.</summary>
    private bool IsLate(long tooLateBy, long refresh) => tooLateBy >= Estimate && tooLateBy < refresh + RoomNs;

    /// <param name="isBehind">True if the compositor may be one image behind.</param>
    private void Late(long tooLateBy, long refresh, long now, bool isBehind)
    {
        _late += ForgivenBy;
        if (_late < 2 * ForgivenBy)
            return;
        _late = 0;
        _rises = now - _risen < SearchNs ? _rises + 1 : 1;
        // An image that was nearly a whole refresh too early to be late waits for another window's, by wlroots.
        var isWhole = tooLateBy > refresh * 7 / 8;
        var most = refresh + 2 * RoomNs;
        Estimate = isWhole ? most : Math.Min(tooLateBy + (RoomNs << Math.Min(_rises - 1, 8)), most);
        if (_creepsDown && now >= _heldUntil)
            _hold = Math.Min(_hold * 2, LongestHoldNs);
        (_risen, _heldUntil) = (now, now + _hold);
        IsGapDue = _rises <= CatchUps && !isWhole && isBehind;
    }

    private void InTime(long commitToPresented, long now)
    {
        // Clocks may disagree by a hair: it may be below 0.
        _closest = Math.Min(_closest + Math.Max(_closest / DownBy, 1000), commitToPresented);
        _late = Math.Max(0, _late - 1);
        if (_heldUntil == 0)
            _heldUntil = now + _hold;
        if (_creepsDown && now >= _heldUntil)
            Estimate = Math.Max(LeastNs, Estimate - Estimate / DownBy);
    }
}
