using Guestplane.Linux;

namespace Guestplane.Gvt.Share;

/// <summary>
/// Polls a guest once for all clients: when one of them says that it draws now, at a fixed rate for those that do not say so, and
/// otherwise once a second, to notice that the guest is gone.
/// </summary>
public sealed class SharePoller : IDisposable
{
    private const long IdleNs = 1_000_000_000;

    /// <summary>Clients on one output draw at the same time. One that polls without end costs no more than its calls.</summary>
    private const long FreshForNs = 250_000;

    private readonly Loop _loop;
    private readonly Func<long, long> _poll;
    private readonly Func<bool> _isWatched;
    private readonly long _period;
    private readonly LoopTimer _timer;
    private long _notBefore, _due, _polled;

    /// <param name="poll">See <see cref="IGuest.Poll"/>.</param>
    /// <param name="isWatched">True while there are listeners that do not poll.</param>
    /// <param name="rate">Polls per second.</param>
    public SharePoller(Loop loop, Func<long, long> poll, Func<bool> isWatched, double rate)
    {
        (_loop, _poll, _isWatched, _period) = (loop, poll, isWatched, (long)(1_000_000_000 / rate));
        loop.Add(_timer = new LoopTimer(Poll));
        PollNow();
    }

    /// <summary>Polls at once: a listener has come, or the guest is back.</summary>
    public void PollNow() => _timer.Set(_due = Math.Max(Clock.Now, _notBefore));

    /// <summary>Polls for a client that draws now. Returns the earliest time at which that is worth while again, ns.</summary>
    public long PollFor(long now)
    {
        var next = Math.Max(_notBefore, _polled + FreshForNs);
        if (now < next)
            return next;
        _due = now;
        Poll(now);
        return _notBefore;
    }

    public void Dispose() => _loop.Remove(_timer);

    private void Poll(long now)
    {
        _polled = now;
        _notBefore = _poll(now);
        // The guest is gone: PollNow continues when it is back.
        if (_notBefore == LoopSource.Never)
        {
            _notBefore = 0;
            return;
        }
        // Times are absolute, so a late poll does not delay the next one.
        _due = Math.Max(now, _due + (_isWatched() ? _period : IdleNs));
        _timer.Set(Math.Max(_notBefore, _due));
    }
}
