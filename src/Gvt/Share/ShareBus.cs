using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// The displays on a message bus, under QEMU's name there: one tree of objects for all, and for each program that calls them
/// what it holds. Who may call is the bus's policy.
/// </summary>
internal sealed class ShareBus : IDisposable
{
    private const string Name = "org.qemu";

    /// <summary>Programs that have called and are still on the bus. Another's calls are errors.</summary>
    private const int MostClients = 256;

    private const long AnswerWithinNs = 5_000_000_000;

    /// <summary>DBUS_NAME_FLAG_DO_NOT_QUEUE, DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER (D-Bus specification, RequestName).</summary>
    private const uint DoNotQueue = 4, IsOwner = 1;

    private static readonly byte[] s_driver = Bus.ZeroEnded("org.freedesktop.DBus");

    private readonly Loop _loop;
    private readonly Bus _bus;
    private readonly Func<ClientObjects> _make;
    private readonly Dictionary<string, ClientObjects> _clients = [];

    /// <param name="bus">Owned.</param>
    /// <param name="make">Makes the objects that a program sees.</param>
    /// <exception cref="BusException">The bus has gone already.</exception>
    public ShareBus(Loop loop, Bus bus, Func<ClientObjects> make)
    {
        (_loop, _bus, _make) = (loop, bus, make);
        var paths = Array.ConvertAll(make().All, one => one.Path);
        for (var i = 0; i < paths.Length; i++)
        {
            var number = i;
            // The bus has its own driver.
            if (paths[i] != BusDriver.Object.Path)
                bus.Serve(paths[i], message => Handle(number, message));
        }
        bus.Watch("org.freedesktop.DBus", BusDriver.Object.Path, "org.freedesktop.DBus"u8, "NameOwnerChanged"u8, OnOwnerChanged);
        bus.Closed += why => Ended?.Invoke($"the connection to the bus was closed ({why})");
        loop.Add(bus);
        bus.Call(s_driver, Bus.ZeroEnded(BusDriver.Object.Path), "org.freedesktop.DBus"u8, "RequestName"u8)
            .Add(Name).Add(DoNotQueue).Send(OnNamed, AnswerWithinNs);
    }

    /// <summary>The name is ours: programs can find the displays.</summary>
    public event Action? Named;

    /// <summary>The displays are not on the bus any more, or never come there: a clause that says why.</summary>
    public event Action<string>? Ended;

    /// <summary>Signals something on the bus.</summary>
    public void Notify(Action<Bus> send)
    {
        if (!_bus.IsReady)
            return;
        try
        {
            send(_bus);
        }
        catch (BusException e)
        {
            Ended?.Invoke(e.Message);
        }
    }

    /// <summary>Signals that there are no consoles any more.</summary>
    public void NotifyRemoved() => Notify(bus => _make().NotifyRemoved(bus));

    public void Dispose()
    {
        foreach (var client in _clients.Values)
            client.ReleaseInput();
        _clients.Clear();
        _loop.Remove(_bus);
        _bus.Dispose();
    }

    private bool OnNamed(BusMessage answer)
    {
        if (answer.Error is { } error)
            Ended?.Invoke(error.StartsWith("org.freedesktop.DBus.Error.AccessDenied", StringComparison.Ordinal)
                ? $"the policy of the bus gives no program of this user the name {Name} (man guestplane-share)"
                : $"the bus gives no name ({error})");
        else if (answer.ReadUInt32() == IsOwner)
            Named?.Invoke();
        else
            Ended?.Invoke($"another program has the name {Name} there: a VM of QEMU's, or another guestplane share");
        return true;
    }

    private bool Handle(int number, BusMessage message)
    {
        var sender = System.Text.Encoding.UTF8.GetString(message.Sender);
        if (!_clients.TryGetValue(sender, out var client))
        {
            if (_clients.Count == MostClients)
            {
                message.Fail(DisplayError.Failed, $"{MostClients} programs use these displays already.");
                return true;
            }
            _clients.Add(sender, client = _make());
        }
        try
        {
            return client.All[number].Handle(message);
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            // Of one program, and no reason to leave the bus.
            message.Fail(DisplayError.Invalid, e.Message);
            return true;
        }
    }

    /// <summary>A program has left the bus: what it holds is released.</summary>
    private bool OnOwnerChanged(BusMessage message)
    {
        try
        {
            var (name, _, owner) = (message.ReadString(), message.ReadString(), message.ReadString());
            if (owner.Length == 0 && _clients.Remove(name, out var client))
                client.ReleaseInput();
        }
        catch (BusException)
        {
            // A signal of other types is none of the bus's.
            return false;
        }
        return true;
    }
}
