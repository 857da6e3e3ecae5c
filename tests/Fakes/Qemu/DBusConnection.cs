using System.Net.Sockets;
using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The callbacks of a connection.</summary>
internal interface IDBusOwner
{
    /// <summary>True continues, false answers with an error, null does not answer.</summary>
    bool? Authenticates(SaslStep step);

    void Opened();

    void Received(DBusMessage message);

    /// <summary>The reason; null if nobody made a mistake: the client closed the connection, or we did.</summary>
    void Closed(string? violation);
}

/// <summary>One socket: authentication, then messages.</summary>
internal sealed class DBusConnection : IQemuSource
{
    private readonly FdSocket _socket;
    private readonly FdLedger _ledger;
    private readonly DBusOutbox _outbox;
    private readonly IDBusOwner _owner;
    private readonly SaslServer? _sasl;
    private readonly Queue<HostFd> _fds = new();
    private readonly List<DBusMessage> _kept = [];
    private byte[] _in = new byte[64 * 1024];
    private int _have;
    private uint _serial;
    private bool _isOpen;

    /// <summary>Starts as the SASL server, or on a socket that is already authenticated (a bus).</summary>
    public DBusConnection(Socket socket, FdLedger ledger, IDBusOwner owner, bool isAuthenticated = false)
    {
        _socket = new FdSocket(socket, ledger);
        _ledger = ledger;
        _outbox = new DBusOutbox(_socket);
        _owner = owner;
        _isOpen = isAuthenticated;
        if (!isAuthenticated)
            _sasl = new SaslServer(owner.Authenticates, line => SendBytes(Encoding.ASCII.GetBytes(line), []));
    }

    public bool IsClosed { get; private set; }

    /// <summary>A hung QEMU: reads nothing and answers nothing.</summary>
    public bool IsMute { get; set; }

    public bool IsOpen => _isOpen && !IsClosed;

    /// <summary>The number of bytes that the client has not read.</summary>
    public long Unsent => _outbox.Waiting;

    // Not watched while mute, because poll() always reports a hang-up.
    public int Descriptor => IsClosed || IsMute ? -1 : _socket.Descriptor;

    public bool WantsToWrite => !_outbox.IsEmpty;

    public uint Send(DBusMessage message)
    {
        message.Serial = ++_serial;
        SendBytes(message.Encode(_ledger), [.. message.Fds]);
        message.Fds.Clear();
        return message.Serial;
    }

    /// <summary>Reserves a serial for a message that is encoded elsewhere.</summary>
    public uint NextSerial() => ++_serial;

    public void SendBytes(byte[] bytes, List<HostFd> fds)
    {
        if (!IsClosed && !IsMute)
        {
            _outbox.Add(bytes, fds);
            return;
        }
        foreach (var fd in fds)
            fd.Dispose();
    }

    /// <summary>Takes ownership of a message that has not been read.</summary>
    public void Keep(DBusMessage message) => _kept.Add(message);

    public void Read()
    {
        while (!IsClosed && !IsMute)
        {
            if (_have == _in.Length)
                Array.Resize(ref _in, _in.Length * 2);
            var count = _socket.Receive(_in, _have, _fds);
            if (count < 0)
                return;
            _have += count;
            if (count == 0)
                Close();
            else
                Understand();
        }
    }

    public void Flush()
    {
        if (!IsClosed && !_outbox.Flush())
            Close();
    }

    public void Dispose() => Close();

    public void Close(string? violation = null)
    {
        if (IsClosed)
            return;
        // Messages that were queued before are still sent: the real QEMU has sent them by now, too.
        _ = _outbox.Flush();
        IsClosed = true;
        _outbox.Dispose();
        while (_fds.TryDequeue(out var fd))
            fd.Dispose();
        _kept.ForEach(message => message.Dispose());
        _kept.Clear();
        _socket.Dispose();
        _owner.Closed(violation);
    }

    private void Understand()
    {
        try
        {
            var taken = _isOpen ? 0 : Authenticate();
            while (_isOpen && !IsClosed && !IsMute)
            {
                if (DBusMessage.Parse(_in.AsSpan(taken, _have - taken), out var size, out var fds) is not { } message)
                    break;
                taken += size;
                Deliver(message, fds);
            }
            _have -= taken;
            _in.AsSpan(taken, _have).CopyTo(_in);
        }
        catch (FormatException e)
        {
            Close(e.Message);
        }
    }

    private int Authenticate()
    {
        var taken = _sasl!.Take(_in.AsSpan(0, _have));
        if (_sasl.IsDone && !IsClosed && !IsMute)
        {
            _isOpen = true;
            _owner.Opened();
        }
        return taken;
    }

    private void Deliver(DBusMessage message, uint fds)
    {
        if (fds > _fds.Count)
            throw new FormatException($"{message.Member} announces {fds} descriptors and brings {_fds.Count}");
        if (fds > 0 && _sasl is { HasFds: false })
            throw new FormatException("descriptors without NEGOTIATE_UNIX_FD");
        for (; fds > 0; fds--)
            message.Fds.Add(_fds.Dequeue());
        _owner.Received(message);
    }
}
