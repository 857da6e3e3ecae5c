using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A client for the tests of the fake itself, which control its every step.</summary>
internal sealed class RawDBusClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Socket _plain;
    private readonly FdSocket _socket;
    private readonly FdLedger _ledger = new();
    private readonly Queue<HostFd> _fds = new();
    private readonly Queue<DBusMessage> _stash = new();
    private byte[] _in = new byte[1 << 16];
    private int _have;
    private uint _serial;

    /// <summary>Takes ownership of the descriptor.</summary>
    public RawDBusClient(int fd)
    {
        _plain = QemuLibc.SocketOf(fd);
        _socket = new FdSocket(_plain, _ledger);
    }

    public bool IsClosed { get; private set; }

    /// <summary>The bytes of the last message.</summary>
    public byte[] LastBytes { get; private set; } = [];

    /// <summary>Creates an authenticated client.</summary>
    public static RawDBusClient On(FakeQemu qemu)
    {
        var client = new RawDBusClient(qemu.Connect());
        client.Authenticate();
        return client;
    }

    public void Authenticate()
    {
        Say($"\0AUTH EXTERNAL {Hex()}\r\n");
        Assert.StartsWith("OK ", Line());
        Say("NEGOTIATE_UNIX_FD\r\n");
        Assert.Equal("AGREE_UNIX_FD", Line());
        Say("BEGIN\r\n");
    }

    public static string Hex() => Convert.ToHexString(Encoding.ASCII.GetBytes(QemuLibc.Uid.ToString()));

    public void Say(string text) => Say(Encoding.ASCII.GetBytes(text), []);

    public void Say(byte[] bytes, List<HostFd> fds)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            var count = _socket.Send(bytes.AsSpan(sent), fds);
            // A read will show that the peer is gone.
            sent = count == -2 ? bytes.Length : sent + Math.Max(count, 0);
            if (count == -1)
            {
                _ = _plain.Poll(s_patience, SelectMode.SelectWrite);
                continue;
            }
            fds.ForEach(fd => fd.Dispose());
            fds.Clear();
        }
    }

    /// <summary>Null when the connection closes.</summary>
    public string? Line(TimeSpan? patience = null)
    {
        int length;
        while ((length = _in.AsSpan(0, _have).IndexOf("\r\n"u8)) < 0)
            if (!Fill(patience ?? s_patience))
                return null;
        var line = Encoding.ASCII.GetString(_in, 0, length);
        Drop(length + 2);
        return line;
    }

    public uint Send(string path, string ofInterface, string member, string signature = "", params IReadOnlyList<object> values)
    {
        using var message = DBusMessage.With(_ledger, new DBusMessage
        {
            Path = path,
            Interface = ofInterface,
            Member = member,
            Signature = signature,
        }, values);
        return Send(message);
    }

    public uint Send(DBusMessage message)
    {
        message.Serial = ++_serial;
        Say(message.Encode(_ledger), [.. message.Fds]);
        message.Fds.Clear();
        return message.Serial;
    }

    public void Send(QemuRawMessage message) =>
        Say(message.Encode(++_serial, _ledger), QemuRawMessage.Duplicates(message.Fds, _ledger));

    public void Answer(DBusMessage call, string signature = "", params IReadOnlyList<object> values) =>
        Send(DBusMessage.With(_ledger, new DBusMessage
        {
            Type = DBusType.Return,
            ReplySerial = call.Serial,
            Signature = signature,
        }, values));

    public void Refuse(DBusMessage call) =>
        Send(new DBusMessage { Type = DBusType.Error, ReplySerial = call.Serial, ErrorName = "org.example.No" });

    /// <summary>Waits for the reply; messages before it are kept for <see cref="Next"/>.</summary>
    public DBusMessage Call(string path, string ofInterface, string member, string signature = "", params IReadOnlyList<object> values)
    {
        var serial = Send(path, ofInterface, member, signature, values);
        var before = new List<DBusMessage>();
        while (Next() is { } message)
        {
            if (message.ReplySerial == serial)
            {
                before.ForEach(_stash.Enqueue);
                return message;
            }
            before.Add(message);
        }
        throw new IOException($"no answer to {member}");
    }

    /// <summary>Waits for the next call or signal with this name; others are dropped.</summary>
    public DBusMessage Expect(string member)
    {
        while (Next() is { } message)
        {
            if (message.Member == member)
                return message;
            message.Dispose();
        }
        throw new IOException($"no {member}");
    }

    /// <summary>Null if the connection closes or the time is up.</summary>
    public DBusMessage? Next(TimeSpan? patience = null)
    {
        if (_stash.TryDequeue(out var kept))
            return kept;
        while (true)
        {
            if (DBusMessage.Parse(_in.AsSpan(0, _have), out var size, out var fds) is { } message)
            {
                LastBytes = _in[..size];
                Drop(size);
                while (message.Fds.Count < fds)
                    message.Fds.Add(_fds.Dequeue());
                return message;
            }
            if (!Fill(patience ?? s_patience))
                return null;
        }
    }

    /// <summary>RegisterListener with the handshake. The listener lists these optional interfaces.</summary>
    public RawDBusClient Listen(QemuConsole console, params string[] interfaces)
    {
        var listener = SendListener(console);
        listener.Authenticate();
        listener.AnswerProperties(interfaces);
        return listener;
    }

    /// <summary>RegisterListener and its answer, without authenticating the listener.</summary>
    public RawDBusClient SendListener(QemuConsole console) => SendListener(console.Path);

    /// <inheritdoc cref="SendListener(QemuConsole)"/>
    public RawDBusClient SendListener(string console)
    {
        var (ours, theirs) = QemuLibc.SocketPair();
        using (var end = new HostFd(theirs, _ledger))
            Send(console, "org.qemu.Display1.Console", "RegisterListener", "h", end.Handle);
        return new RawDBusClient(ours);
    }

    public void AnswerProperties(params string[] interfaces)
    {
        for (var left = 1 + interfaces.Length; left > 0; left--)
        {
            var call = Expect("GetAll");
            var isFirst = call.Values is ["org.qemu.Display1.Listener"];
            object[] properties = isFirst ? [new DBusEntry("Interfaces", new DBusVariant("as", interfaces))] : [];
            Answer(call, "a{sv}", (object)properties);
        }
    }

    public void Dispose()
    {
        foreach (var fd in _fds)
            fd.Dispose();
        _socket.Dispose();
    }

    private void Drop(int count)
    {
        _have -= count;
        Array.Copy(_in, count, _in, 0, _have);
    }

    private bool Fill(TimeSpan patience)
    {
        var end = Stopwatch.GetTimestamp() + (long)(patience.TotalSeconds * Stopwatch.Frequency);
        while (!IsClosed)
        {
            if (_have == _in.Length)
                Array.Resize(ref _in, _in.Length * 2);
            var count = _socket.Receive(_in, _have, _fds);
            IsClosed = count == 0;
            if (count > 0)
            {
                _have += count;
                return true;
            }
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), end);
            if (left <= TimeSpan.Zero)
                return false;
            _ = _plain.Poll(left, SelectMode.SelectRead);
        }
        return false;
    }
}
