using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// Shares the displays of a guest with any number of clients, by QEMU's D-Bus display (org.qemu.Display1), peer to peer on a unix
/// socket. Nothing here waits for a client.
/// </summary>
public sealed class ShareServer : IDisposable
{
    /// <summary>
    /// libmks has two listeners per console, and guestplane two connections. No user can take what is left for the others, with
    /// however many programs.
    /// </summary>
    private static readonly ShareQuota s_listeners = new("listeners", most: 64, mostOfUser: 32, mostOfProgram: 16),
        s_connections = new("connections", most: 128, mostOfUser: 64);

    private readonly Loop _loop;
    private readonly ListeningSocket? _socket;
    private readonly SharedVm _vm;
    private readonly ShareAccess _access;
    private readonly List<SharedHead> _heads = [];
    private readonly List<ShareConnection> _connections = [];
    private readonly List<ShareListener> _listeners = [];
    private readonly StrayUsers _strayUsers = new();
    private readonly BusObject _status;
    private ShareBus? _bus;

    /// <param name="socket">Where clients connect, owned; null if they come by a bus (<see cref="ServeOn"/>).</param>
    public ShareServer(Loop loop, ListeningSocket? socket, SharedVm vm, IReadOnlyList<Head> heads, ShareAccess access)
    {
        (_loop, _socket, _vm, _access) = (loop, socket, vm, access);
        for (var i = 0; i < heads.Count; i++)
        {
            _heads.Add(new SharedHead(loop, heads[i], i));
            // A copy, because a client that does not read loses its connection.
            _heads[i].Resized += head =>
            {
                _connections.ToList().ForEach(connection => connection.NotifySize(head));
                _bus?.Notify(bus => ClientObjects.NotifySize(bus, head));
            };
            _heads[i].InputChanged += head =>
            {
                _connections.ToList().ForEach(connection => connection.NotifyInput(head));
                _bus?.Notify(bus => ClientObjects.NotifyInput(bus, head));
            };
        }
        _status = new("/org/guestplane/Share1", new BusInterface("org.guestplane.Share1", [],
            BusProperty.Of("Source", () => vm.Source), BusProperty.Of("Clients", () => (uint)Connections),
            new BusProperty("Holders", "a(uuusb)", AddHolders)));
        if (socket is null)
            return;
        socket.Connected += OnConnected;
        socket.Paused += why => Said?.Invoke($"No client can connect now: {why}.");
        loop.Add(socket);
    }

    /// <summary>Serves the displays on a message bus.</summary>
    /// <param name="bus">Owned.</param>
    /// <param name="named">Called when programs can find them there.</param>
    /// <param name="ended">Called when they are not there any more, or cannot be, with a clause that says why.</param>
    /// <exception cref="BusException">The bus has gone already.</exception>
    public void ServeOn(Bus bus, Action named, Action<string> ended)
    {
        // A listener's socket was made by the client, and tells who it is.
        _bus = new(_loop, bus, () => new(_vm, _heads, _status,
            (_, listener) => PeerCredentials.Of(listener.Number) is { } peer ? CheckListener(peer, listener)
                : "A listener is a unix socket.",
            (head, listener) => AddListener(PeerCredentials.Of(listener.Number)!.Value, head, listener), mayTouch: true));
        _bus.Named += named;
        _bus.Ended += ended;
    }

    /// <summary>How many listeners there are.</summary>
    public int Listeners => _listeners.Count;

    /// <summary>Polls a polled guest, for a client that draws now; returns the earliest time of the next poll, ns.</summary>
    public Func<long, long> Poll { private get; set; } = _ => 0;

    /// <summary>True if there are listeners that see new images only if the guest is polled for them.</summary>
    public bool NeedsPolls
    {
        get
        {
            // Asked at each poll: no lambda.
            foreach (var listener in _listeners)
                if (listener.NeedsPolls)
                    return true;
            return false;
        }
    }

    /// <summary>How many clients are connected.</summary>
    internal int Connections => _connections.Count;

    /// <summary>A client registered a listener: it waits for an image.</summary>
    public event Action? ListenerAdded;

    /// <summary>A listener polls no more: it sees new images only if the guest is polled for it.</summary>
    public event Action? PollsEnded;

    /// <summary>A listener has gone; <see cref="Listeners"/> is without it.</summary>
    public event Action? ListenerRemoved;

    /// <summary>A sentence about a client.</summary>
    public event Action<string>? Said;

    /// <summary>Sends that there are no images, because the guest is gone; it may come back.</summary>
    public void SwitchOff() => _heads.ForEach(head => head.SwitchOff());

    /// <summary>The guest is open again: requests the sizes that clients have requested of the one before.</summary>
    public void RenewSizes() => _heads.ForEach(head => head.RenewSize());

    /// <summary>Sends that there are no consoles any more: the guest is gone for good, or it is no longer shared.</summary>
    public void Remove()
    {
        SwitchOff();
        _connections.ToList().ForEach(connection => connection.NotifyRemoved());
        _bus?.NotifyRemoved();
    }

    public void Dispose()
    {
        if (_socket is not null)
            _loop.Remove(_socket);
        _socket?.Dispose();
        _bus?.Dispose();
        _listeners.ForEach(listener => listener.Dispose());
        _connections.ForEach(connection => connection.Dispose());
        _heads.ForEach(head => head.Dispose());
    }

    private void OnConnected(Fd socket)
    {
        if (Admit(socket) is not { } peer)
        {
            socket.Dispose();
            return;
        }
        try
        {
            Connect(socket, peer);
        }
        catch (BusException e)
        {
            socket.Dispose();
            SayClosed(peer, isListener: false, ShareConnection.Reason(e));
        }
    }

    private PeerCredentials? Admit(Fd socket)
    {
        // Whoever is shut out was told why.
        if (PeerCredentials.Of(socket.Number) is not { } peer || _strayUsers.Has(peer.User))
            return null;
        if (_access.Allows(peer, socket.Number))
        {
            if (s_connections.Problem(_connections.Select(one => one.Peer), peer) is not { } problem)
                return peer;
            Said?.Invoke($"A connection of {Name(peer)} was refused: {problem}.");
            return null;
        }
        Said?.Invoke($"User {peer.User} is not allowed to see this VM (--allow): {Name(peer)} was refused.");
        return null;
    }

    private void Connect(Fd socket, PeerCredentials peer)
    {
        var objects = new ClientObjects(_vm, _heads, _status,
            (_, listener) => CheckListener(peer, listener), (head, listener) => AddListener(peer, head, listener),
            _access.MayTouch(peer, socket.Number));
        var connection = new ShareConnection(_loop, socket, peer, objects);
        connection.Ended += why =>
        {
            _connections.Remove(connection);
            SayClosed(peer, isListener: false, why);
            // Posted: the message that ends it is counted when it has been handled.
            _loop.Post(() => CountStrays(peer.User, connection.Strays));
        };
        _connections.Add(connection);
    }

    private string? CheckListener(PeerCredentials peer, BorrowedFd socket)
    {
        if (PeerCredentials.Of(socket.Number) is not { User: < uint.MaxValue })
            return "A listener is one end of a connected unix socket.";
        if (_strayUsers.Has(peer.User))
            return $"User {peer.User} can connect no more.";
        return s_listeners.Problem(_listeners.Select(one => one.Client), peer) is { } problem
            ? $"No more listeners: {problem}." : null;
    }

    private void AddListener(PeerCredentials peer, SharedHead head, Fd socket)
    {
        ShareListener listener;
        try
        {
            listener = new(_loop, socket, head, peer, _vm.IsPolled ? now => Poll(now) : null);
        }
        catch (BusException e)
        {
            socket.Dispose();
            SayClosed(peer, isListener: true, ShareConnection.Reason(e));
            return;
        }
        _listeners.Add(listener);
        listener.PollsEnded += () => PollsEnded?.Invoke();
        listener.Said += clause => Said?.Invoke($"A listener of {Name(peer)} {clause}.");
        listener.Ended += why =>
        {
            _listeners.Remove(listener);
            SayClosed(peer, isListener: true, why);
            ListenerRemoved?.Invoke();
            _loop.Post(() => CountStrays(peer.User, listener.Strays));
        };
        ListenerAdded?.Invoke();
    }

    private void SayClosed(PeerCredentials peer, bool isListener, string? why)
    {
        if (why is not null)
            Said?.Invoke(isListener ? $"A listener of {Name(peer)} was closed: {why}."
                : $"The connection of {Name(peer)} was closed: {why}.");
    }

    private void CountStrays(uint user, int strays)
    {
        if (!_strayUsers.Add(user, strays))
            return;
        Said?.Invoke($"User {user} can connect no more until this share ends: programs of that user send descriptors "
            + "that they do not declare, and those stay open.");
        foreach (var connection in _connections.Where(one => one.Peer.User == user).ToList())
            connection.Close();
        foreach (var listener in _listeners.Where(one => one.Client.User == user).ToList())
            listener.Close();
    }

    private void AddHolders(BusCall message)
    {
        message.Open('a', "(uuusb)"u8);
        foreach (var listener in _listeners)
            message.Open('r', "uuusb"u8).Add((uint)listener.Client.ProcessId).Add(listener.Client.User)
                .Add((uint)listener.Console).Add(listener.Way.ToString()).Add(listener.IsSlow).Close();
        message.Close();
    }

    private static string Name(PeerCredentials peer) => $"process {peer.ProcessId} (user {peer.User})";
}
