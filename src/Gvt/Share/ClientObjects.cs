using System.Globalization;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>Whether a socket may become a listener: null, or a sentence that says why not.</summary>
internal delegate string? ListenerCheck(SharedHead head, Linux.BorrowedFd socket);

/// <summary>The objects that one client sees, in the shape of QEMU's (ui/dbus-display1.xml).</summary>
internal sealed class ClientObjects
{
    private const string Root = "/org/qemu/Display1";

    private static readonly byte[] s_root = Bus.ZeroEnded(Root);

    private readonly BusObject[] _managed;
    private readonly List<ClientInput> _inputs = [];

    private readonly ListenerCheck _check;
    private readonly Action<SharedHead, Linux.Fd> _taken;
    private readonly bool _mayTouch;

    /// <param name="share">An object of ours that tells about all clients.</param>
    /// <param name="check">Whether a listener may be registered.</param>
    /// <param name="taken">Takes it after its registration has been answered: the client authenticates it only then.</param>
    /// <param name="mayTouch">False for a client that may only look.</param>
    // Parameters: what a client sees, and what becomes of its calls.
    public ClientObjects(SharedVm vm, IReadOnlyList<SharedHead> heads, BusObject share, ListenerCheck check,
        Action<SharedHead, Linux.Fd> taken, bool mayTouch)
    {
        (_check, _taken, _mayTouch) = (check, taken, mayTouch);
        _managed = [VmObject(vm, heads), .. heads.Select(head => ConsoleObject(vm, head))];
        var manager = new BusInterface("org.freedesktop.DBus.ObjectManager",
            [new("GetManagedObjects", "", "a{oa{sa{sv}}}", GetManagedObjects)]);
        All = [BusDriver.Object, share, new(Root, manager), .. _managed];
    }

    public BusObject[] All { get; }

    /// <summary>Signals that a console has another size.</summary>
    public static void NotifySize(Bus bus, SharedHead head) =>
        Notify(bus, head, new BusInterface("org.qemu.Display1.Console", [], SizeOf(head)));

    /// <summary>Signals that a console's lock keys or its kind of pointer may have changed.</summary>
    public static void NotifyInput(Bus bus, SharedHead head)
    {
        var input = new ClientInput(head, mayTouch: true);
        Notify(bus, head, input.Keyboard);
        Notify(bus, head, input.Mouse);
    }

    /// <summary>Signals that there are no objects any more.</summary>
    public void NotifyRemoved(Bus bus)
    {
        foreach (var gone in _managed)
            bus.Signal(s_root, "org.freedesktop.DBus.ObjectManager"u8, "InterfacesRemoved"u8)
                .AddPath(gone.Path).Add(Array.ConvertAll(gone.Interfaces, known => known.Name)).Send();
    }

    /// <summary>Releases the keys and buttons that the client holds.</summary>
    public void ReleaseInput() => _inputs.ForEach(input => input.ReleaseAll());

    private static void Notify(Bus bus, SharedHead head, BusInterface changed)
    {
        var signal = bus.Signal(
            Bus.ZeroEnded(ConsolePath(head)), "org.freedesktop.DBus.Properties"u8, "PropertiesChanged"u8);
        signal.Add(changed.Name);
        changed.AddProperties(signal);
        signal.Add((ReadOnlySpan<string>)[]).Send();
    }

    private static string ConsolePath(SharedHead head) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}/Console_{head.Number}");

    private static BusObject VmObject(SharedVm vm, IReadOnlyList<SharedHead> heads) => new($"{Root}/VM", new BusInterface(
        "org.qemu.Display1.VM", [],
        BusProperty.Of("Name", () => vm.Name),
        BusProperty.Of("UUID", () => vm.Uuid),
        new BusProperty("ConsoleIDs", "au", message => AddNumbers(message, heads)),
        BusProperty.Of("Interfaces")));

    private static void AddNumbers(BusCall message, IReadOnlyList<SharedHead> heads)
    {
        message.Open('a', "u"u8);
        foreach (var head in heads)
            message.Add((uint)head.Number);
        message.Close();
    }

    private static BusProperty[] SizeOf(SharedHead head) =>
    [
        BusProperty.Of("Width", () => (uint)head.Size.Width),
        BusProperty.Of("Height", () => (uint)head.Size.Height),
    ];

    private BusObject ConsoleObject(SharedVm vm, SharedHead head)
    {
        var input = new ClientInput(head, _mayTouch);
        _inputs.Add(input);
        var size = new ClientSize(head, _mayTouch);
        List<BusInterface> interfaces =
        [
            ConsoleInterface(head, size), input.Keyboard, input.Mouse, size.UiInfo,
            new(PlanesInterface.Console, [], BusProperty.Of("IsPolled", () => vm.IsPolled)),
        ];
        if (input.HasTouch)
            interfaces.Add(input.MultiTouch);
        return new(ConsolePath(head), [.. interfaces]);
    }

    private BusInterface ConsoleInterface(SharedHead head, ClientSize size) => new(
        "org.qemu.Display1.Console",
        [
            new("RegisterListener", "h", "", message => RegisterListener(message, head)),
            size.SetUiInfo,
        ],
        [
            BusProperty.Of("Label", () => head.Head.Name),
            BusProperty.Of("Head", () => (uint)head.Number),
            BusProperty.Of("Type", () => "Graphic"),
            .. SizeOf(head),
            BusProperty.Of("DeviceAddress", () => ""),
            BusProperty.Of("Interfaces", head.Head.Input is null || !_mayTouch
                ? [PlanesInterface.Console, ConsoleInfo.UiInfo, ConsoleInfo.NoInput]
                : [PlanesInterface.Console, ConsoleInfo.UiInfo]),
        ]);

    private bool GetManagedObjects(BusMessage message)
    {
        var reply = message.BeginReply().Open('a', "{oa{sa{sv}}}"u8);
        foreach (var managed in _managed)
        {
            reply.Open('e', "oa{sa{sv}}"u8).AddPath(managed.Path).Open('a', "{sa{sv}}"u8);
            foreach (var known in managed.Interfaces)
            {
                reply.Open('e', "sa{sv}"u8).Add(known.Name);
                known.AddProperties(reply);
                reply.Close();
            }
            reply.Close().Close();
        }
        reply.Close().Send();
        return true;
    }

    private bool RegisterListener(BusMessage message, SharedHead head)
    {
        var socket = message.ReadFd();
        if (_check(head, socket) is { } problem)
        {
            message.Fail(DisplayError.Failed, problem);
            return true;
        }
        var owned = socket.Duplicate();
        message.Reply();
        _taken(head, owned);
        return true;
    }
}
