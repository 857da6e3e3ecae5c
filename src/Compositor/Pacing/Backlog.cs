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

    /// <summary>The next images show whether it helped.</summary>
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
    private const long AfterSuccessNs = 1_000_000_000, FirstHoldNs = 16_000_000_000, LongestHoldNs = 600_000_000_000;

    private int _images;
    private long _flipped, _committed, _since, _hold = FirstHoldNs, _notBefore;

    public BacklogState State { get; private set; }

    /// <summary>When a flip that is held is committed after all; <see cref="LoopSource.Never"/> if none is held.</summary>
    public long HeldUntil { get; private set; } = LoopSource.Never;

    /// <summary>A flip comes, and is committed now unless the state is <see cref="BacklogState.Holding"/> afterwards.</summary>
    public void Flipped(long now, long refresh)
    {
        var isRegular = IsOncePerRefresh(now - _flipped, refresh);
        _flipped = now;
        if (State == BacklogState.Holding)
            Release(now);
        else if (State == BacklogState.Due && isRegular)
            (State, HeldUntil) = (BacklogState.Holding, now + refresh * 3 / 2);
        else if (State == BacklogState.Due)
            GoTo(BacklogState.Watching);
    }

    /// <summary>True if a held flip has waited long enough, and may be committed now.</summary>
    public bool Expire(long now)
    {
        if (now < HeldUntil)
            return false;
        Release(now);
        return true;
    }

    /// <summary>A commit was presented or discarded.</summary>
    public void Answered(in Frame frame, long refresh)
    {
        var isRegular = !frame.IsDiscarded && IsOncePerRefresh(frame.Committed - _committed, refresh);
        _committed = frame.Committed;
        if (State == BacklogState.Judging)
            Judge(frame, refresh);
        else if (State == BacklogState.Watching && frame.Presented >= _notBefore)
            _images = isRegular && IsBehind(frame, refresh) ? _images + 1 : 0;
        if (State == BacklogState.Watching && _images == Evidence)
            GoTo(BacklogState.Due);
    }

    private void Judge(in Frame frame, long refresh)
    {
        if (frame.Committed < _since)
            return;
        if (!frame.IsDiscarded && IsBehind(frame, refresh))
        {
            _notBefore = frame.Presented + _hold;
            _hold = Math.Min(_hold * 2, LongestHoldNs);
            GoTo(BacklogState.Watching);
        }
        else if (++_images == Evidence)
        {
            (_hold, _notBefore) = (FirstHoldNs, frame.Presented + AfterSuccessNs);
            GoTo(BacklogState.Watching);
        }
    }

    private void Release(long now)
    {
        (_since, HeldUntil) = (now, LoopSource.Never);
        GoTo(BacklogState.Judging);
    }

    private void GoTo(BacklogState state) => (State, _images) = (state, 0);

    /// <summary>A faster guest always has an image on its way, and with a slower one the compositor catches up.</summary>
    private static bool IsOncePerRefresh(long interval, long refresh) =>
        interval > refresh * 3 / 4 && interval < refresh * 5 / 4;

    /// <summary>Later than in the first vblank after the commit, and by so much that an earlier one may be reached.</summary>
    private static bool IsBehind(in Frame frame, long refresh) => frame.CommitToPresented > refresh * 9 / 8;
}
