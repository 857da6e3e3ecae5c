using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>What is known of the compositor's delay; doc/pacing.md explains the states.</summary>
internal enum BacklogState
{
    /// <summary>Images are on screen in time, or too few were late in turn.</summary>
    Watching,

    /// <summary>The next flip is to be left out.</summary>
    Due,

    /// <summary>A flip is held: the next one replaces it, or it is committed when that does not come.</summary>
    Holding,

    /// <summary>The next image shows whether it helped.</summary>
    Judging,
}

/// <summary>
/// Leaves out a flip of a pushed guest when the compositor is an image behind. wlroots takes an image at once if none is on its
/// way to the display, and else when that one is on screen. So after a single late image the guest's next ones are late, too, as
/// long as it flips once per refresh. Times are CLOCK_MONOTONIC, ns.
/// </summary>
internal sealed class Backlog
{
    /// <summary>So many images in turn are evidence.</summary>
    private const int Evidence = 3;

    /// <summary>The next attempt after one that helped, and after one that did not: doubled each time.</summary>
    private const long AfterSuccessNs = 1_000_000_000, FirstHoldNs = 4_000_000_000, LongestHoldNs = 600_000_000_000;

    private int _images;
    private long _flipped, _committed, _delay, _since, _hold = FirstHoldNs, _notBefore;

    public BacklogState State { get; private set; }

    /// <summary>When a flip that is held is committed after all; <see cref="LoopSource.Never"/> if none is held.</summary>
    public long HeldUntil { get; private set; } = LoopSource.Never;

    /// <summary>A flip comes, and is committed now unless the state is <see cref="BacklogState.Holding"/> afterwards.</summary>
    /// <param name="mayWait">True if it has an image, and the guest does not wait for its answer.</param>
    public void Flipped(long now, long refresh, bool mayWait)
    {
        var isNext = mayWait && IsOncePerRefresh(now - _flipped, refresh);
        _flipped = now;
        if (State == BacklogState.Holding)
            Release(now, BacklogState.Judging);
        else if (State == BacklogState.Due && isNext)
            (State, HeldUntil) = (BacklogState.Holding, now + refresh * 3 / 2);
        else if (State == BacklogState.Due)
            GoTo(BacklogState.Watching);
    }

    /// <summary>True if a held flip has waited long enough, and may be committed now.</summary>
    public bool Expire(long now)
    {
        if (now < HeldUntil)
            return false;
        _notBefore = now + AfterSuccessNs;
        Release(now, BacklogState.Watching);
        return true;
    }

    /// <summary>A commit was presented or discarded.</summary>
    public void Answered(in Frame frame, long refresh)
    {
        var isRegular = !frame.IsDiscarded && IsOncePerRefresh(frame.Committed - _committed, refresh);
        _committed = frame.Committed;
        if (State == BacklogState.Judging && frame.Committed >= _since)
            Judge(frame, refresh);
        else if (State == BacklogState.Watching && frame.Committed >= _notBefore)
            Watch(frame, refresh, isRegular);
    }

    /// <summary>Counts those that were on screen later than in the first vblank, by so much that it may be reached.</summary>
    private void Watch(in Frame frame, long refresh, bool isRegular)
    {
        _images = isRegular && frame.CommitToPresented > refresh * 9 / 8 ? _images + 1 : 0;
        _delay = frame.CommitToPresented;
        if (_images == Evidence)
            GoTo(BacklogState.Due);
    }

    /// <summary>The image after the one that was left out should be a refresh earlier. If it is lost, nothing is known.</summary>
    private void Judge(in Frame frame, long refresh)
    {
        var isLost = frame.IsDiscarded || frame.CommitToPresented > 2 * refresh;
        var hasHelped = !isLost && _delay - frame.CommitToPresented > refresh / 2;
        _notBefore = frame.Committed + (isLost || hasHelped ? AfterSuccessNs : _hold);
        if (!isLost)
            _hold = hasHelped ? FirstHoldNs : Math.Min(_hold * 2, LongestHoldNs);
        GoTo(BacklogState.Watching);
    }

    private void Release(long now, BacklogState next)
    {
        (_since, HeldUntil) = (now, LoopSource.Never);
        GoTo(next);
    }

    private void GoTo(BacklogState state) => (State, _images) = (state, 0);

    /// <summary>A faster guest always has an image on its way, and with a slower one the compositor catches up.</summary>
    private static bool IsOncePerRefresh(long interval, long refresh) =>
        interval > refresh * 3 / 4 && interval < refresh * 5 / 4;
}
