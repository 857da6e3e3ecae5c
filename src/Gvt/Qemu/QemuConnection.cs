using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The control connection to a VM: its list of consoles, and calls to them. A new one is created for each attempt to connect.
/// It ends with <see cref="Failed"/>, before or after it was ready.
/// </summary>
internal sealed class QemuConnection : IDisposable
{
    public const long AnswerWithinNs = 5_000_000_000;

    /// <summary>A clause.</summary>
    public const string Hangs = "it does not answer: it hangs or is stopped";

    private static readonly byte[] s_root = Bus.ZeroEnded("/org/qemu/Display1");

    private readonly Loop _loop;
    private readonly BusVmChoice? _choice;
    private readonly string _notThere;
    private byte[] _destination = [];
    private string? _sender;
    private readonly Dictionary<string, ConsoleInfo> _consoles = [];
    private bool _isOver;

    private QemuConnection(Loop loop, Bus bus, BusVmChoice? choice, string notThere, int? pid = null)
    {
        (_loop, Bus, _choice, _notThere, Pid, Sizes) = (loop, bus, choice, notThere, pid, new(loop));
        bus.Closed += why => Fail(Consoles.Count == 0 && Refusal is not null ? Refusal(why)
            : Closed(why));
        loop.Add(bus);
    }

    public Bus Bus { get; }

    public QemuSizes Sizes { get; }

    /// <summary>
    /// A clause for a peer that closes the connection before it has told its consoles, with the reason as far as we see it. Null
    /// if that means nothing special.
    /// </summary>
    private Func<string, string>? Refusal { get; init; }

    /// <summary>The process at the other end: QEMU, or who has made the socket. Null if it is not known.</summary>
    public int? Pid { get; private set; }

    /// <summary>The VM's name (-name), or empty.</summary>
    public string VmName { get; private set; } = "";

    /// <summary>The consoles, ordered by number.</summary>
    public IReadOnlyList<ConsoleInfo> Consoles { get; private set; } = [];

    /// <summary>The consoles are known.</summary>
    public event Action? Ready;

    /// <summary>The connection failed or ended; the argument is a clause that says why.</summary>
    public event Action<string>? Failed;

    /// <summary>Properties of a console have changed.</summary>
    public event Action<ConsoleInfo>? Changed;

    /// <summary>A clause for a peer that has closed the connection.</summary>
    public static string Closed(string why) => $"the connection to the VM's display was closed ({why})";

    /// <summary>A VM on a message bus.</summary>
    public static QemuConnection OnBus(Loop loop, Bus bus, BusVmChoice choice) =>
        new(loop, bus, choice, "the VM has left the bus");

    /// <summary>A VM at the other end of a socket.</summary>
    /// <param name="pid">QEMU's process; null if it has made the socket.</param>
    /// <param name="refusal">See <see cref="Refusal"/>.</param>
    public static QemuConnection ToPeer(Loop loop, Fd socket, int? pid = null, Func<string, string>? refusal = null)
    {
        var peer = pid ?? PeerCredentials.ProcessIdOf(socket.Number);
        return new(loop, Bus.Peer(socket), null,
            "it does not serve org.qemu.Display1: start QEMU with -display dbus,p2p=yes", peer)
        {
            Refusal = refusal,
        };
    }

    /// <summary>Requests the list of consoles. On a bus, that of the program that is the VM now.</summary>
    public void Start()
    {
        if (_choice is not { } choice)
        {
            ListObjects();
            return;
        }
        Bus.Watch("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"u8, "NameOwnerChanged"u8, OnNameOwner);
        BusVm.List(Bus, (vms, refused) =>
        {
            if (refused is null && choice.Choose(vms, out refused) is { } vm)
                Follow(vm);
            else
                Fail(refused!);
        });
    }

    /// <summary>True if the VM has sent it: any program on a bus may send a message to any other.</summary>
    public bool IsFromVm(BusMessage message) => _sender is null || message.Sender.SequenceEqual(_destination.AsSpan()[..^1]);

    private void ListObjects() =>
        Call(s_root, "org.freedesktop.DBus.ObjectManager"u8, "GetManagedObjects"u8).Send(OnObjects, AnswerWithinNs);

    /// <summary>Begins a call to an object of the VM.</summary>
    public BusCall Call(ReadOnlySpan<byte> path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member) =>
        Bus.Call(_destination, path, @interface, member);

    public void Dispose()
    {
        _isOver = true;
        Sizes.Dispose();
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

    private void Follow(BusVm vm)
    {
        _sender = vm.Owner;
        _destination = Bus.ZeroEnded(vm.Owner);
        Pid = vm.Pid > 0 ? vm.Pid : null;
        try
        {
            ListObjects();
        }
        catch (BusException e)
        {
            Fail($"the VM's display did not list its consoles ({e.Message})");
        }
    }

    /// <summary>A unique name is never given to another program: without an owner, the VM is gone.</summary>
    private bool OnNameOwner(BusMessage message)
    {
        if (_sender is not null && message.HasSignature("sss"u8) && message.ReadString() == _sender)
            Fail("the VM has left the bus");
        return true;
    }

    private bool IsError(BusMessage answer)
    {
        if (answer.Error is not { } error)
            return false;
        // Bus.Closed follows. On a message bus it is not our connection that ended.
        if (answer.IsEnd && _choice is null)
            return true;
        if (answer.IsLate)
        {
            Fail(Hangs);
            return true;
        }
        string[] absent = ["ServiceUnknown", "NameHasNoOwner", "UnknownMethod", "UnknownObject"];
        var isAbsent = Array.Exists(absent, name => error.Contains(name, StringComparison.Ordinal));
        Fail(isAbsent ? _notThere : $"the VM's display did not list its consoles ({error})");
        return true;
    }

    private bool OnObjects(BusMessage answer)
    {
        if (IsError(answer))
            return true;
        try
        {
            ReadObjects(answer);
            Consoles = [.. _consoles.Values.OrderBy(console => console.Id)];
            foreach (var console in Consoles)
                WatchProperties(console);
        }
        catch (BusException e)
        {
            Fail(e.IsPeerGone ? Closed(e.Cause) : $"its list of consoles cannot be read ({e.Message})");
            return true;
        }
        Ready?.Invoke();
        return true;
    }

    /// <summary>
    /// One match per console: its interfaces (console, keyboard, mouse) share the object.
    /// </summary>
    private void WatchProperties(ConsoleInfo console) =>
        Bus.Watch(_sender, console.Path, "org.freedesktop.DBus.Properties"u8, "PropertiesChanged"u8,
            message => OnPropertiesChanged(console, message));

    private void ReadObjects(BusMessage message)
    {
        var (objects, interfaces) = (0, 0);
        message.Enter('a', "{oa{sa{sv}}}"u8);
        while (message.EnterEntry("oa{sa{sv}}"u8, ref objects))
        {
            var path = message.ReadString('o');
            message.Enter('a', "{sa{sv}}"u8);
            while (message.EnterEntry("sa{sv}"u8, ref interfaces))
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
        else
            ReadOther(message, @interface == "org.qemu.Display1.VM");
    }

    private void ReadOther(BusMessage message, bool isVm)
    {
        var entries = 0;
        message.Enter('a', "{sv}"u8);
        while (message.EnterEntry("sv"u8, ref entries))
        {
            if (message.ReadString() == "Name" && isVm && message.PeekVariant() == 's')
                VmName = message.ReadStringVariant();
            else
                message.SkipVariant();
            message.Exit();
        }
        message.Exit();
    }

    private bool OnPropertiesChanged(ConsoleInfo console, BusMessage message)
    {
        if (!IsFromVm(message) || !message.HasSignature("sa{sv}as"u8))
            return false;
        try
        {
            console.Read(message.ReadString(), message);
        }
        catch (BusException)
        {
            // A malformed list: the properties that were read before the error are kept.
            return false;
        }
        Changed?.Invoke(console);
        return true;
    }
}
