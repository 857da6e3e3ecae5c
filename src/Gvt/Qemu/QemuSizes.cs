using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The sizes that a VM's consoles are asked for, with a pause after each. Linux's virtio_gpu (config_changed_work_func) clears
/// the event by which QEMU announces a size after it has read all sizes, so that one that changes meanwhile is not seen: of two
/// windows that appeared together, the second one's output stayed unplugged.
/// </summary>
internal sealed class QemuSizes : IDisposable
{
    /// <summary>An emulated VM needs tens of ms. The second window's output follows within a second all the same.</summary>
    private const long PauseNs = 250_000_000;

    private readonly Loop _loop;
    private readonly LoopTimer _timer;
    private readonly List<(uint Console, Action Send)> _waiting = [];
    private long _sent = -PauseNs;

    public QemuSizes(Loop loop)
    {
        _loop = loop;
        loop.Add(_timer = new LoopTimer(SendNext));
    }

    /// <summary>Sends a console's size, now or when it is its turn. A newer one takes the place of one that waits.</summary>
    public void Request(uint console, Action send)
    {
        var place = _waiting.FindIndex(waiting => waiting.Console == console);
        if (place >= 0)
            _waiting[place] = (console, send);
        else
            _waiting.Add((console, send));
        if (!_timer.IsSet)
            SendWhenDue(Clock.Now);
    }

    public void Dispose() => _loop.Remove(_timer);

    private void SendWhenDue(long now)
    {
        if (now >= _sent + PauseNs)
            SendNext(now);
        else
            _timer.Set(_sent + PauseNs);
    }

    private void SendNext(long now)
    {
        var next = _waiting[0].Send;
        _waiting.RemoveAt(0);
        _sent = now;
        if (_waiting.Count > 0)
            _timer.Set(now + PauseNs);
        try
        {
            next();
        }
        catch (BusException)
        {
            // QemuConnection.Failed follows.
        }
    }
}
