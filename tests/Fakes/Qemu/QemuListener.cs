using System.Net.Sockets;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>
/// A client's listener. QEMU authenticates it and reads its optional interfaces while its main loop is blocked
/// (dbus_console_register_listener), and then sends it the display.
/// </summary>
internal sealed class QemuListener : IDBusOwner
{
    public const string Listener = "org.qemu.Display1.Listener";
    public const string UnixMap = Listener + ".Unix.Map";
    public const string ScanoutDmabuf2 = Listener + ".Unix.ScanoutDMABUF2";

    private const string Path = FakeQemu.Root + "/Listener";
    private const string Handshake = "RegisterListener";

    private readonly FakeQemu _qemu;
    private readonly QemuConsole _console;
    private readonly QemuCalls _calls;
    private bool _isAuthenticating = true;

    public QemuListener(FakeQemu qemu, QemuConsole console, Socket socket)
    {
        _qemu = qemu;
        _console = console;
        Connection = new DBusConnection(socket, qemu.Fds, this);
        _calls = new QemuCalls(qemu, Connection);
    }

    public DBusConnection Connection { get; }

    public HashSet<string> Interfaces { get; } = [];

    /// <summary>True until a ScanoutMap fails.</summary>
    public bool CanMap { get; set; }

    /// <summary>The listener shows the memory of the last ScanoutMap.</summary>
    public bool IsMapped { get; set; }

    public void Start()
    {
        _qemu.MainLoop.Block(Handshake);
        _qemu.Watch(Connection);
        _ = _qemu.Reached(Connection, QemuStage.ListenerRegistered);
    }

    public bool? Authenticates(SaslStep step) => step switch
    {
        SaslStep.Auth => _qemu.Reached(Connection, QemuStage.ListenerAuth),
        SaslStep.Negotiate => _qemu.Reached(Connection, QemuStage.ListenerNegotiate),
        // Counted only once the connection is open.
        _ => true,
    };

    public void Opened()
    {
        if (_qemu.Reached(Connection, QemuStage.ListenerBegin) != true)
            return;
        _isAuthenticating = false;
        // Each proxy that QEMU creates first reads the properties of its interface.
        GetAll(Listener, reply =>
        {
            Interfaces.UnionWith(_qemu.Setup.IsBefore8 ? [] : Read(reply));
            CanMap = Interfaces.Contains(UnixMap);
            GetAllOf(UnixMap, () => GetAllOf(ScanoutDmabuf2, () => _qemu.MainLoop.Unblock(Join)));
        });
    }

    public void Closed(string? violation)
    {
        _qemu.Violate("listener", violation);
        _calls.Fail();
        _console.Left(this);
        if (_isAuthenticating)
            _qemu.MainLoop.Unblock(() => { });
        _isAuthenticating = false;
    }

    public void Received(DBusMessage message)
    {
        if (message.Type is DBusType.Return or DBusType.Error)
        {
            if (!_calls.Answer(message))
                _qemu.Violate("listener", $"an answer to nothing, {message.ReplySerial}");
        }
        else if (message.Interface == "org.freedesktop.DBus.Peer")
            new QemuInvocation(_qemu, Connection, message).Return(null);
        else if (message.Interface == "org.guestplane.Display1.Planes" && _console.Polled is { } polled)
            polled(new QemuInvocation(_qemu, Connection, message));
        else
            _qemu.Violate("listener", $"{message.Interface}.{message.Member} from the client");
        message.Dispose();
    }

    /// <summary>A call without a reply; GDBus sets NO_REPLY_EXPECTED.</summary>
    public void Tell(string ofInterface, string member, string signature, params IReadOnlyList<object> values) =>
        Connection.Send(Message(ofInterface, member, DBusMessage.NoReplyExpected, signature, values));

    public QemuCall Call(
        string ofInterface, string member, string signature, Action<DBusMessage?> then, params IReadOnlyList<object> values) =>
        _calls.Call(Message(ofInterface, member, 0, signature, values), _qemu.Setup.CallTimeout, then);

    private void GetAllOf(string ofInterface, Action then)
    {
        if (Interfaces.Contains(ofInterface))
            GetAll(ofInterface, _ => then());
        else
            then();
    }

    private void GetAll(string ofInterface, Action<DBusMessage?> then)
    {
        if (Connection.IsClosed)
            then(null);
        else
            _calls.Call(Message(FakeQemu.Properties, "GetAll", 0, "s", [ofInterface]), _qemu.Setup.SyncTimeout, then);
    }

    /// <summary>GDBus ignores an error, and then there are no properties.</summary>
    private List<string> Read(DBusMessage? reply)
    {
        if (reply is null)
            return [];
        try
        {
            if (reply.Signature != "a{sv}")
                throw new FormatException($"GetAll answered with '{reply.Signature}'");
            var properties = ((List<object>)reply.Values[0]).Cast<DBusEntry>();
            var value = properties.FirstOrDefault(property => (string)property.Key == "Interfaces")?.Value as DBusVariant;
            if (value is { Signature: not "as" })
                throw new FormatException($"Interfaces is '{value.Signature}'");
            return value is null ? [] : ((List<object>)value.Value).Cast<string>().ToList();
        }
        catch (FormatException e)
        {
            _qemu.Violate("listener", e.Message);
            return [];
        }
    }

    private void Join()
    {
        if (!Connection.IsClosed && _qemu.Reached(Connection, QemuStage.ListenerReplay) == true)
            _console.Joined(this);
    }

    private DBusMessage Message(string ofInterface, string member, byte flags, string signature, IReadOnlyList<object> values) =>
        DBusMessage.With(_qemu.Fds, new DBusMessage
        {
            Flags = flags,
            Path = Path,
            Interface = ofInterface,
            Member = member,
            Signature = signature,
        }, values);
}
