using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Delayed answers to UpdateDMABUF. QEMU holds back the guest's next frame until this call is answered (gl_block,
/// ui/dbus-listener.c). It is answered when the compositor has taken the frame, so that the guest draws as fast as frames are
/// shown, and in any case after <see cref="LongestNs"/>, because a hidden window must not stop the guest. A graphics card's heads
/// are held back together (virtio_gpu_gl_block): a hidden window beside a visible one holds nothing.
/// </summary>
internal sealed class Throttle : IDisposable
{
    /// <summary>QEMU gives up after 1 s (DBUS_DEFAULT_TIMEOUT). A hidden guest draws ten times a second.</summary>
    public const long LongestNs = 100_000_000;

    // QEMU's VFIO display calls every 30 ms, even if the last call has not been answered.
    private const int MostHeld = 32;

    /// <summary>A window whose frame was taken no longer ago than this is visible, and its guest draws.</summary>
    private const long SeenNs = 1_000_000_000;

    private readonly Loop _loop;
    private readonly LoopTimer _timer;
    private readonly (BusReply Reply, long Ticket, long Since)[] _held = new (BusReply, long, long)[MostHeld];
    private long _first, _next = 1;
    private long _seen = -SeenNs;
    private bool _hasExpired;

    public Throttle(Loop loop)
    {
        _loop = loop;
        _first = _next;
        loop.Add(_timer = new LoopTimer(Expire));
    }

    /// <summary>Whether another window of the guest is seen at this time (ns).</summary>
    public Func<long, bool> IsAnotherSeen { get; set; } = _ => false;

    /// <summary>True if the compositor takes this head's frames now (ns).</summary>
    public bool IsSeen(long now) => now - _seen < SeenNs;

    /// <summary>Holds an answer and returns the ticket that releases it.</summary>
    public long Hold(BusReply reply, long now)
    {
        if (_next - _first == MostHeld)
            Answer(_first);
        var ticket = _next++;
        _held[ticket % MostHeld] = (reply, ticket, now);
        if (_hasExpired && IsAnotherSeen(now))
            Answer(ticket);
        else if (!_timer.IsSet)
            _timer.Set(now + LongestNs);
        return ticket;
    }

    /// <summary>The compositor has taken a frame: answers all calls up to this ticket.</summary>
    public void Release(long ticket)
    {
        // A frame that was replaced unseen is not the newest.
        if (ticket > 0 && ticket == _next - 1)
            (_seen, _hasExpired) = (Clock.Now, false);
        Answer(ticket);
    }

    private void Answer(long ticket)
    {
        for (; _first <= ticket && _first < _next; _first++)
            _held[_first % MostHeld].Reply.Send();
        Rearm();
    }

    /// <summary>
    /// Drops the answers, because the caller has gone. Tickets continue from here, so that a late release cannot match a later
    /// call.
    /// </summary>
    public void Forget()
    {
        for (; _first < _next; _first++)
            _held[_first % MostHeld].Reply.Drop();
        _timer.Cancel();
    }

    public void Dispose()
    {
        Forget();
        _loop.Remove(_timer);
    }

    private void Expire(long now)
    {
        var ticket = _first;
        while (ticket < _next && now - _held[ticket % MostHeld].Since >= LongestNs)
            ticket++;
        _hasExpired = true;
        Answer(ticket - 1);
    }

    private void Rearm() => _timer.Set(_first < _next ? _held[_first % MostHeld].Since + LongestNs : LoopSource.Never);
}
