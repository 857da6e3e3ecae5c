using System.Diagnostics;
using System.Text;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Gvt.Share;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Fuzz;

/// <summary>Clients gone mad: nothing escapes from the server, nothing leaks, and a good client is served. See README.md.</summary>
[Collection(Descriptors.Name)]
public sealed class ServerFuzz : IDisposable
{
    private const string SecondsVariable = "GUESTPLANE_FUZZ_SECONDS", SeedVariable = "GUESTPLANE_FUZZ_SEED";
    private const int DefaultSeconds = 5, Batch = 24, SettledAfter = 1000;
    private const string Manager = "org.freedesktop.DBus.ObjectManager", Root = "/org/qemu/Display1";
    private const string Properties = "org.freedesktop.DBus.Properties", Driver = "org.freedesktop.DBus";

    private static readonly (string Path, string Interface, string Member, string Signature, object[] Values)[] s_calls =
    [
        (SharedDisplay.Console, SharedDisplay.Interface, "RegisterListener", "h", [0u]),
        (SharedDisplay.Console, SharedDisplay.Interface, "SetUIInfo", "qqiiuu", [(ushort)300, (ushort)200, 0, 0, 640u, 480u]),
        (SharedDisplay.Console, "org.qemu.Display1.UIInfo", "Apply", "a{sv}",
            [new object[] { new DBusEntry("width", new DBusVariant("u", 640u)), new DBusEntry("refresh_rate", new DBusVariant("u", 75_000u)) }]),
        (SharedDisplay.Console, "org.qemu.Display1.Keyboard", "Press", "u", [30u]),
        (SharedDisplay.Console, "org.qemu.Display1.Mouse", "Press", "u", [3u]),
        (SharedDisplay.Console, "org.qemu.Display1.Mouse", "SetAbsPosition", "uu", [1u, 2u]),
        (SharedDisplay.Console, "org.qemu.Display1.Mouse", "RelMotion", "ii", [1, -2]),
        (SharedDisplay.Console, Properties, "GetAll", "s", [SharedDisplay.Interface]),
        (SharedDisplay.Console, Properties, "Get", "ss", [SharedDisplay.Interface, "Width"]),
        (SharedDisplay.Console, Properties, "Set", "ssv", [SharedDisplay.Interface, "Width", new DBusVariant("u", 1u)]),
        (SharedDisplay.Console, "org.freedesktop.DBus.Introspectable", "Introspect", "", []),
        ("/org/guestplane/Share1", Properties, "GetAll", "s", ["org.guestplane.Share1"]),
        (Root, Manager, "GetManagedObjects", "", []),
        ("/org/guestplane/Display1/Planes", "org.guestplane.Display1.Planes", "PollFlips", "", []),
        ("/org/freedesktop/DBus", Driver, "Hello", "", []),
        ("/org/freedesktop/DBus", Driver, "StartServiceByName", "su", ["org.qemu", 0u]),
        ("/nowhere", "no.where", "Nothing", "", []),
    ];

    private readonly int _seed = Number(SeedVariable) ?? Environment.TickCount;
    private readonly Random _random;
    private readonly SharedDisplay _display = new(new Head("0") { Resize = _ => { } }, isPolled: true);
    private readonly List<Fd> _fds;
    private readonly Scanout[] _images;
    private long _messages, _rounds;

    public ServerFuzz()
    {
        _random = new(_seed);
        var (socket, other) = UnixSocket.Pair();
        other.Dispose();
        _fds = [Memfd.Create("fuzz", 4096), Fd.Open("/dev/null"), Fd.Open("/", OpenMode.ReadOnly), socket];
        _display.Server.Poll = Poll;
        _images = [_display.Image(1), _display.Image(2, width: 32), _display.Image(3, Fourcc.Argb8888, 16, 16)];
    }

    private long Poll(long now)
    {
        _display.Head.Raise(new(PlaneKind.Primary, _images[now % 2], default, default, true, now));
        _display.Head.Raise(new(PlaneKind.Overlay, now % 3 == 0 ? null : _images[1], default, default, true, now));
        return now;
    }

    public void Dispose()
    {
        _display.Dispose();
        _fds.ForEach(fd => fd.Dispose());
    }

    [Fact]
    public void Nothing_escapes_nothing_leaks_and_a_good_client_is_served()
    {
        var seconds = Number(SecondsVariable) ?? DefaultSeconds;
        var since = Stopwatch.StartNew();
        using var good = _display.Client();
        using var viewer = SharedDisplay.Listen(good, SharedDisplay.DmaBuf2);
        var (live, open) = (0, 0);
        try
        {
            while (since.Elapsed.TotalSeconds < seconds || _rounds < 2 * Batch)
            {
                Round();
                Serve(viewer);
                Ping(good);
                if (++_rounds % SettledAfter == 0 || _rounds == Batch)
                    Settle();
                if (_rounds == Batch)
                    (live, open) = (Fd.Live, Descriptors.Open);
            }
            Settle();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {_seed}, round {_rounds}, message {_messages}", e);
        }
        TestContext.Current.SendDiagnosticMessage(
            $"server fuzz, seed {_seed}: {_rounds} clients, {_messages} messages in {since.Elapsed.TotalSeconds:0} s, {_display.Said.Count} lines");
        Assert.Equal(live, Fd.Live);
        Assert.InRange(Descriptors.Open, 0, open + 2);
    }

    /// <summary>Until all bad clients are gone, and only the good one is left.</summary>
    private void Settle() => _display.Until(() => _display.Server is { Listeners: 1, Connections: 1 },
        () => $"{_display.Server.Listeners} listeners and {_display.Server.Connections} connections are left");

    /// <summary>The good client sees a flip, whatever the others do.</summary>
    private void Serve(RawDBusClient viewer)
    {
        _display.Show(_images[_random.Next(2)]);
        _display.ShowCursor(_images[2], new(_random.Next(64), _random.Next(48)));
        var isUpdated = false;
        while (!isUpdated)
        {
            using var call = viewer.Next() ?? throw new IOException("the good client is not served");
            isUpdated = call.Member == "UpdateDMABUF";
            viewer.Answer(call);
        }
    }

    /// <summary>The good client reads what it is sent: one that does not is disconnected.</summary>
    private static void Ping(RawDBusClient good)
    {
        var ping = good.Send(SharedDisplay.Console, "org.freedesktop.DBus.Peer", "Ping");
        var isAnswered = false;
        while (!isAnswered)
        {
            using var message = good.Next() ?? throw new IOException("the good client gets no answer");
            isAnswered = message.ReplySerial == ping;
        }
    }

    private void Round()
    {
        using var client = _display.Connect();
        switch (_random.Next(8))
        {
            case 0:
                client.Say(Bytes(_random.Next(1, 400)), []);
                break;
            case 1:
                client.Say(Encoding.ASCII.GetBytes($"\0AUTH {Pick("EXTERNAL", "ANONYMOUS", "DBUS_COOKIE_SHA1", "")} "
                    + $"{Pick(RawDBusClient.Hex(), "zz", "")}\r\n{Pick("BEGIN", "NEGOTIATE_UNIX_FD", "CANCEL", "DATA", "ERROR")}\r\n"), []);
                break;
            case < 5:
                Greet(client);
                for (var i = _random.Next(Batch); i > 0; i--)
                    Send(client, Call());
                break;
            default:
                Greet(client);
                Listener(client);
                break;
        }
        // Some wait a moment before they go.
        _ = client.Line(TimeSpan.FromMilliseconds(_random.Next(3)));
    }

    private static void Greet(RawDBusClient client)
    {
        client.Authenticate();
        client.Call(Root, Manager, "GetManagedObjects").Dispose();
    }

    private void Listener(RawDBusClient client)
    {
        using var listener = client.SendListener(SharedDisplay.Console);
        if (_random.Next(4) == 0)
        {
            listener.Say(Bytes(_random.Next(1, 200)), []);
            _ = listener.Line(TimeSpan.FromMilliseconds(_random.Next(3)));
            return;
        }
        listener.Authenticate();
        for (var i = _random.Next(8); i > 0; i--)
        {
            if (listener.Next(TimeSpan.FromMilliseconds(20)) is not { } call)
                return;
            using (call)
                AnswerAnything(listener, call);
            _display.Show(_images[_random.Next(2)]);
        }
    }

    private void AnswerAnything(RawDBusClient listener, DBusMessage call)
    {
        _messages++;
        switch (_random.Next(8))
        {
            case 0:
                listener.Refuse(call);
                break;
            case 1:
                listener.Answer(call, "a{sv}", (object)new object[] { new DBusEntry("Interfaces", new DBusVariant("u", 5u)) });
                break;
            case 2:
                listener.Answer(call, "s", "nothing");
                break;
            case 3:
                listener.Say(Bytes(_random.Next(1, 64)), []);
                break;
            case 4:
                Send(listener, Call());
                break;
            default:
                string[] interfaces = _random.Next(2) == 0 ? [SharedDisplay.DmaBuf2, SharedDisplay.Map] : [SharedDisplay.Planes];
                listener.Answer(call, "a{sv}", (object)new object[] { new DBusEntry("Interfaces", new DBusVariant("as", interfaces)) });
                break;
        }
    }

    private void Send(RawDBusClient client, QemuRawMessage message)
    {
        _messages++;
        client.Send(message);
    }

    private QemuRawMessage Call()
    {
        var (path, ofInterface, member, signature, values) = s_calls[_random.Next(s_calls.Length)];
        var body = QemuRawMessage.Marshal(signature, values);
        var fds = signature == "h" ? 1 : 0;
        switch (_random.Next(8))
        {
            case 0:
                for (var i = _random.Next(1, 5); i > 0 && body.Length > 0; i--)
                    body[_random.Next(body.Length)] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                body = body[.._random.Next(body.Length + 1)];
                break;
            case 2:
                body = [.. body, .. Bytes(_random.Next(1, 64))];
                break;
            case 3:
                signature += Pick("h", "s", "ay", "v", "(ii)");
                break;
            case 4:
                fds = _random.Next(5);
                break;
        }
        return new QemuRawMessage
        {
            Path = path,
            Interface = ofInterface,
            Member = member,
            Signature = signature,
            Body = body,
            // 0: the caller wants an answer.
            Flags = (byte)_random.Next(2),
            Fds = [.. Enumerable.Range(0, fds).Select(_ => _fds[_random.Next(_fds.Count)])],
        };
    }

    private string Pick(params string[] all) => all[_random.Next(all.Length)];

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : null;
}
