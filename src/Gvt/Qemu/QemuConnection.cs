using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The control connection to a VM: what consoles it has, and calls to them. Made anew for each attempt to reach it. It ends
/// with <see cref="Failed"/>, before it was ready or after.
/// </summary>
internal sealed class QemuConnection : IDisposable
{
    public const long AnswerWithinNs = 5_000_000_000;

    private static readonly byte[] s_root = Bus.ZeroEnded("/org/qemu/Display1");

    private readonly Loop _loop;
    private readonly byte[] _destination;
    private readonly string _notThere;
    private readonly Dictionary<string, ConsoleInfo> _consoles = [];
    private bool _isOver;

    private QemuConnection(Loop loop, Bus bus, string destination, string notThere)
    {
        (_loop, Bus, _notThere) = (loop, bus, notThere);
        _destination = destination.Length > 0 ? Bus.ZeroEnded(destination) : [];
        bus.Closed += why => Fail($"the connection to QEMU was closed ({why})");
        loop.Add(bus);
    }

    public Bus Bus { get; }

    /// <summary>The VM's name (-name), or empty.</summary>
    public string VmName { get; private set; } = "";

    /// <summary>In the order of their numbers.</summary>
    public IReadOnlyList<ConsoleInfo> Consoles { get; private set; } = [];

    /// <summary>The consoles are known.</summary>
    public event Action? Ready;

    /// <summary>It cannot be had, or not any more: a clause that says why.</summary>
    public event Action<string>? Failed;

    /// <summary>A console has told something anew.</summary>
    public event Action<ConsoleInfo>? Changed;

    /// <summary>A VM by its name on a message bus.</summary>
    public static QemuConnection OnBus(Loop loop, Bus bus, string name) => new(loop, bus, name,
        $"no VM has the name {name} on the bus: start QEMU with -display dbus, and guestplane with the same bus");

    /// <summary>A VM at the other end of a socket.</summary>
    public static QemuConnection ToPeer(Loop loop, Fd socket) => new(loop, Bus.Peer(socket), "",
        "it does not serve org.qemu.Display1: start QEMU with -display dbus,p2p=yes");

    /// <summary>Asks what is there.</summary>
    public void Start()
    {
        // Of every console's keyboard and mouse, and of consoles themselves: one match each is simpler than one for all, and exact.
        Call(s_root, "org.freedesktop.DBus.ObjectManager"u8, "GetManagedObjects"u8).Send(OnObjects, AnswerWithinNs);
    }

    /// <summary>Begins a call to an object of the VM.</summary>
    public BusCall Call(ReadOnlySpan<byte> path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member) =>
        Bus.Call(_destination, path, @interface, member);

    public void Dispose()
    {
        _isOver = true;
        _loop.Remove(Bus);
        Bus.Dispose();
    }

    private void Fail(string why)
    {
        if (_isOver)
            return;
        _isOver = true;
        Failed?.Invoke(why);
    }

    private bool OnObjects(BusMessage answer)
    {
        if (answer.Error is { } error)
        {
            var isAbsent = error.Contains("ServiceUnknown", StringComparison.Ordinal) || error.Contains("NameHasNoOwner", StringComparison.Ordinal)
                || error.Contains("UnknownMethod", StringComparison.Ordinal) || error.Contains("UnknownObject", StringComparison.Ordinal);
            Fail(isAbsent ? _notThere : $"QEMU did not tell its consoles ({error})");
            return true;
        }
        try
        {
            ReadObjects(answer);
        }
        catch (BusException e)
        {
            Fail($"what it tells of its consoles cannot be read ({e.Message})");
            return true;
        }
        Consoles = [.. _consoles.Values.OrderBy(console => console.Id)];
        foreach (var console in Consoles)
            Bus.Watch(null, console.Path, "org.freedesktop.DBus.Properties"u8, "PropertiesChanged"u8, message => OnPropertiesChanged(console, message));
        Ready?.Invoke();
        return true;
    }

    private void ReadObjects(BusMessage message)
    {
        message.Enter('a', "{oa{sa{sv}}}"u8);
        while (message.Enter('e', "oa{sa{sv}}"u8))
        {
            var path = message.ReadString('o');
            message.Enter('a', "{sa{sv}}"u8);
            while (message.Enter('e', "sa{sv}"u8))
            {
                ReadInterface(path, message.ReadString(), message);
                message.Exit();
            }
            message.Exit();
            message.Exit();
        }
        message.Exit();
    }

    private void ReadInterface(string path, string @interface, BusMessage message)
    {
        if (ConsoleInfo.IsConsole(path))
        {
            if (!_consoles.TryGetValue(path, out var console))
                _consoles.Add(path, console = new ConsoleInfo(path));
            console.Read(@interface, message);
        }
        else if (@interface == "org.qemu.Display1.VM")
            ReadVm(message);
        else
            message.Skip("a{sv}"u8);
    }

    private void ReadVm(BusMessage message)
    {
        message.Enter('a', "{sv}"u8);
        while (message.Enter('e', "sv"u8))
        {
            if (message.ReadString() == "Name" && message.PeekVariant() == 's')
                VmName = message.ReadStringVariant();
            else
                message.Skip("v"u8);
            message.Exit();
        }
        message.Exit();
    }

    private bool OnPropertiesChanged(ConsoleInfo console, BusMessage message)
    {
        if (!message.HasSignature("sa{sv}as"u8))
            return false;
        try
        {
            console.Read(message.ReadString(), message);
        }
        catch (BusException)
        {
            // Half a list of a stranger's: what was read of it counts.
            return false;
        }
        Changed?.Invoke(console);
        return true;
    }
}
