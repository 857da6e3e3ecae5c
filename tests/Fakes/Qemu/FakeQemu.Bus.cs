using System.Net.Sockets;
using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>-display dbus without p2p: QEMU is a client of a bus, under a well-known name, and so are its clients.</summary>
public sealed partial class FakeQemu
{
    private const string Bus = "org.freedesktop.DBus";
    private const string BusPath = "/org/freedesktop/DBus";

    /// <summary>Joins the bus at this socket as org.qemu; returns once it has the name.</summary>
    public void JoinBus(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        Authenticate(socket);
        var hasName = false;
        Act(() =>
        {
            var control = new QemuControl(this);
            _controls.Add(control);
            _control = control;
            Watch(control.On(new DBusConnection(socket, Fds, control, isAuthenticated: true)).Connection);
            Ask(control, "Hello", "", _ => Ask(control, "RequestName", "su", _ => hasName = true, "org.qemu", 0u));
        });
        if (!WaitUntil(_ => hasName, TimeSpan.FromSeconds(10)))
            throw new IOException($"no name on the bus at {path}");
    }

    /// <summary>Calls an object of another client of the bus.</summary>
    /// <param name="answered">Called with whether it was answered without an error.</param>
    public void CallOnBus(string client, string path, string ofInterface, string member, Action<bool> answered) => Act(() =>
        _control!.Calls.Call(DBusMessage.With(Fds, new DBusMessage
        {
            Path = path,
            Interface = ofInterface,
            Member = member,
            Destination = client,
        }), Setup.SyncTimeout, reply => answered(reply is not null)));

    private static void Authenticate(Socket socket)
    {
        var uid = Convert.ToHexString(Encoding.ASCII.GetBytes(QemuLibc.Uid.ToString()));
        Say(socket, $"\0AUTH EXTERNAL {uid}\r\n", "OK ");
        Say(socket, "NEGOTIATE_UNIX_FD\r\n", "AGREE_UNIX_FD");
        socket.Send("BEGIN\r\n"u8);
    }

    private static void Say(Socket socket, string line, string expected)
    {
        socket.Send(Encoding.ASCII.GetBytes(line));
        var answer = new byte[256];
        var length = 0;
        while (!answer.AsSpan(0, length).EndsWith("\r\n"u8))
            if (socket.Receive(answer.AsSpan(length, 1)) is var count and > 0)
                length += count;
            else
                throw new IOException("the bus hangs up");
        if (!Encoding.ASCII.GetString(answer, 0, length).StartsWith(expected, StringComparison.Ordinal))
            throw new IOException($"the bus says {Encoding.ASCII.GetString(answer, 0, length)}");
    }

    private void Ask(
        QemuControl control, string member, string signature, Action<DBusMessage?> then, params IReadOnlyList<object> values) =>
        control.Calls.Call(DBusMessage.With(Fds, new DBusMessage
        {
            Path = BusPath,
            Interface = Bus,
            Member = member,
            Signature = signature,
            Destination = Bus,
        }, values), Setup.SyncTimeout, then);
}
