using Guestplane.Gvt.Share;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// Closes the device when nobody has looked for a while, so that another program can open it, and opens it again for the next
/// client that looks.
/// </summary>
internal sealed class ShareLinger : IDisposable
{
    private readonly Loop _loop;
    private readonly GuestSlot _guest;
    private readonly ShareServer _server;
    private readonly long _time;
    private readonly LoopTimer _timer;

    /// <param name="time">From the last client on, ns.</param>
    public ShareLinger(Loop loop, GuestSlot guest, ShareServer server, long time)
    {
        (_loop, _guest, _server, _time) = (loop, guest, server, time);
        loop.Add(_timer = new LoopTimer(Close));
        server.ListenerAdded += OnAdded;
        server.ListenerRemoved += StartIfUnused;
        guest.Changed += StartIfUnused;
        StartIfUnused();
    }

    public void Dispose()
    {
        _loop.Remove(_timer);
        _guest.Changed -= StartIfUnused;
    }

    private void StartIfUnused()
    {
        if (_server.Listeners == 0)
            _timer.Set(Clock.Now + _time);
    }

    private void OnAdded()
    {
        _timer.Cancel();
        _guest.Reopen();
    }

    private void Close(long now)
    {
        _server.SwitchOff();
        _guest.Close();
    }
}
