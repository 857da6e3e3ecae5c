using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The answers that QEMU waits for: until UpdateDMABUF is answered the guest's next frame is held (gl_block, ui/dbus-listener.c).
/// So it is answered when the host has taken the frame, which makes the guest draw as fast as the host shows; and after
/// <see cref="LongestNs"/> in any case, or a hidden window would stop the guest.
/// </summary>
internal sealed class Throttle : IDisposable
{
    /// <summary>QEMU itself gives up after 1 s (DBUS_DEFAULT_TIMEOUT); a guest that nobody sees may draw ten times a second.</summary>
    public const long LongestNs = 100_000_000;

    // VFIO's display sends every 30 ms whether the last was answered or not.
    private const int MostHeld = 32;

    private readonly Loop _loop;
    private readonly LoopTimer _timer;
    private readonly (BusReply Reply, long Ticket, long Since)[] _held = new (BusReply, long, long)[MostHeld];
    private long _first, _next = 1;

    public Throttle(Loop loop)
    {
        _loop = loop;
        _first = _next;
        loop.Add(_timer = new LoopTimer(Expire));
    }

    /// <summary>Holds an answer; returns the ticket by which it is released.</summary>
    public long Hold(BusReply reply, long now)
    {
        if (_next - _first == MostHeld)
            Release(_first);
        var ticket = _next++;
        _held[ticket % MostHeld] = (reply, ticket, now);
        if (!_timer.IsSet)
            _timer.Set(now + LongestNs);
        return ticket;
    }

    /// <summary>Answers all up to this ticket.</summary>
    public void Release(long ticket)
    {
        for (; _first <= ticket && _first < _next; _first++)
            _held[_first % MostHeld].Reply.Send();
        Rearm();
    }

    /// <summary>Forgets them: whoever waited has gone. Tickets go on from here, so that a late release means none of the next.</summary>
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
        Release(ticket - 1);
    }

    private void Rearm() => _timer.Set(_first < _next ? _held[_first % MostHeld].Since + LongestNs : LoopSource.Never);
}
