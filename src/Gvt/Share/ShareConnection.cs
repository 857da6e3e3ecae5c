using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// A client's control connection. A client that sends what cannot be read, or that does not read what it asks for, loses it.
/// </summary>
internal sealed class ShareConnection : IDisposable
{
    private const long ReadyWithinNs = 5_000_000_000;

    /// <summary>Messages that a client has not read yet, besides those in its socket.</summary>
    private const int MostQueued = 256;

    private readonly Loop _loop;
    private readonly Bus _bus;
    private readonly ClientObjects _objects;
    private readonly LoopPatience _patience;
    private bool _isOver;

    /// <param name="socket">Owned.</param>
    /// <param name="peer">The client.</param>
    /// <param name="objects">What the client sees.</param>
    /// <exception cref="BusException">The client has gone already, or has sent what cannot be read.</exception>
    public ShareConnection(Loop loop, Fd socket, PeerCredentials peer, ClientObjects objects)
    {
        (_loop, Peer, _objects) = (loop, peer, objects);
        _bus = Bus.Server(socket, bus =>
        {
            foreach (var one in objects.All)
                bus.Serve(one.Path, message => Handle(one, message));
        });
        _bus.MostQueued = MostQueued;
        _bus.Closed += why => End(Reason(_bus, why));
        loop.Add(_bus);
        loop.Add(_patience = new LoopPatience(OnSilence));
        _patience.Start(ReadyWithinNs);
    }

    /// <summary>The client.</summary>
    public PeerCredentials Peer { get; }

    /// <inheritdoc cref="Bus.Strays"/>
    public int Strays => _bus.Strays;

    /// <summary>The connection has ended: null if the client closed it, else a clause that says why we did.</summary>
    public event Action<string?>? Ended;

    /// <summary>Why the connection of a client has ended, as a clause; null if the client closed it.</summary>
    /// <param name="why">As <see cref="Bus.Closed"/> has it: the client is told nothing.</param>
    public static string? Reason(Bus bus, string why) => bus.IsUnread ? $"it has not read {bus.MostQueued} messages"
        : bus.IsPeerGone ? null : bus.Strays > StrayFds.Few ? why : $"what it sent cannot be read ({why})";

    /// <summary>The same of one that has ended before it has begun.</summary>
    public static string? Reason(BusException e) => e.IsPeerGone ? null : $"what it sent cannot be read ({e.Cause})";

    /// <summary>Notifies the client that a console has another size.</summary>
    public void NotifySize(SharedHead head) => Notify(bus => ClientObjects.NotifySize(bus, head));

    /// <summary>Notifies the client that a console's lock keys or its kind of pointer may have changed.</summary>
    public void NotifyInput(SharedHead head) => Notify(bus => ClientObjects.NotifyInput(bus, head));

    /// <summary>Notifies the client that the consoles are gone.</summary>
    public void NotifyRemoved() => Notify(_objects.NotifyRemoved);

    /// <summary>Ends it without a reason of its own.</summary>
    public void Close() => End(null);

    public void Dispose()
    {
        if (_isOver)
            return;
        _isOver = true;
        _objects.ReleaseInput();
        _loop.Remove(_bus);
        _loop.Remove(_patience);
        _bus.Dispose();
    }

    private void Notify(Action<Bus> send)
    {
        if (_isOver || !_bus.IsReady)
            return;
        try
        {
            send(_bus);
        }
        catch (BusException e)
        {
            End(e.IsPeerGone ? null : e.Message);
        }
    }

    private bool Handle(BusObject one, BusMessage message)
    {
        if (_isOver)
            return true;
        try
        {
            return one.Handle(message);
        }
        catch (BusException e) when (e.IsPeerGone)
        {
            End(null);
            return true;
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            End($"one of its calls could not be answered ({e.Message})");
            return true;
        }
    }

    private void OnSilence()
    {
        if (!_bus.IsReady)
            End("it did not authenticate within 5 s");
    }

    private void End(string? why)
    {
        if (_isOver)
            return;
        Dispose();
        Ended?.Invoke(why);
    }
}
