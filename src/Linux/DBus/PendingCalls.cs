namespace Guestplane.Linux.DBus;

/// <summary>The calls that a connection has sent, until each is answered or late.</summary>
internal sealed class PendingCalls
{
    /// <summary>How long a peer that never stops sending may keep the answer to a late call unread.</summary>
    private const long ReadWithinNs = 1_000_000_000;

    private readonly List<PendingCall> _calls = [];

    /// <summary>When the first answer is late: CLOCK_MONOTONIC, ns; <see cref="LoopSource.Never"/> if none can be.</summary>
    public long Deadline
    {
        get
        {
            var deadline = LoopSource.Never;
            foreach (var call in _calls)
                deadline = Math.Min(deadline, call.Deadline);
            return deadline;
        }
    }

    public void Add(PendingCall call) => _calls.Add(call);

    public void Forget(PendingCall call)
    {
        _calls.Remove(call);
        call.Dispose();
    }

    public void ForgetAll()
    {
        while (_calls.Count > 0)
            Forget(_calls[^1]);
    }

    /// <summary>The next call whose answer is late; null if none is. The caller forgets it.</summary>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    /// <param name="isAllRead">True if all that the socket had has been read. If not, the answer may be there.</param>
    public PendingCall? Late(long now, bool isAllRead)
    {
        foreach (var call in _calls)
            if (call.Deadline > now)
                continue;
            else if (isAllRead || call.IsExtended)
                return call;
            else
                call.Extend(now + ReadWithinNs);
        return null;
    }
}
