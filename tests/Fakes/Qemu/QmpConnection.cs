using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>One client of the monitor. The real one has one client at a time; no test depends on that.</summary>
internal sealed class QmpConnection : IQemuSource
{
    private const string Greeting = """
        {"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 10}, "package": ""}, "capabilities": ["oob"]}}
        """;

    private readonly FakeQmp _qmp;
    private readonly FdSocket _socket;
    private readonly DBusOutbox _outbox;
    private readonly FdLedger _ledger;
    private readonly Queue<HostFd> _fds = new();
    private readonly Dictionary<string, HostFd> _named = [];
    private readonly byte[] _in = new byte[64 * 1024];
    private int _have;
    private bool _isReady;

    public QmpConnection(FakeQmp qmp, Socket socket, FdLedger ledger)
    {
        _qmp = qmp;
        _ledger = ledger;
        _socket = new FdSocket(socket, ledger);
        _outbox = new DBusOutbox(_socket);
        Say(Greeting);
    }

    public bool IsClosed { get; private set; }

    public int Descriptor => IsClosed ? -1 : _socket.Descriptor;

    public bool WantsToWrite => !_outbox.IsEmpty;

    public void Read()
    {
        while (!IsClosed && _socket.Receive(_in, _have, _fds) is var count and >= 0)
        {
            _have += count;
            if (count == 0 || !Understand())
                Dispose();
        }
    }

    public void Flush()
    {
        if (!IsClosed && !_outbox.Flush())
            Dispose();
    }

    public void Dispose()
    {
        if (IsClosed)
            return;
        IsClosed = true;
        _outbox.Dispose();
        foreach (var fd in _fds.Concat(_named.Values))
            fd.Dispose();
        _socket.Dispose();
    }

    /// <summary>Splits into complete JSON values; QEMU does not require a newline between them.</summary>
    private bool Understand()
    {
        try
        {
            while (true)
            {
                var reader = new Utf8JsonReader(_in.AsSpan(0, _have), isFinalBlock: false, default);
                if (!JsonDocument.TryParseValue(ref reader, out var command))
                    return _have < _in.Length;
                _have -= (int)reader.BytesConsumed;
                Array.Copy(_in, reader.BytesConsumed, _in, 0, _have);
                using (command)
                    Answer(command.RootElement);
            }
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Answer(JsonElement command)
    {
        if (_qmp.SendsEvents)
            Say("""{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "NIC_RX_FILTER_CHANGED", "data": {"path": "/x"}}""");
        var id = command.TryGetProperty("id", out var given) ? $", \"id\": {given.GetRawText()}" : "";
        var (value, error) = ("{}", Execute(command));
        if (error is { } text && text.StartsWith('='))
            (value, error) = (text[1..], null);
        if (!_qmp.IsMute)
            Say(error is null ? $"{{\"return\": {value}{id}}}" : $"{{\"error\": {error}{id}}}");
    }

    /// <summary>The error as JSON with QEMU's message, null, or "=" and what the command returns.</summary>
    private string? Execute(JsonElement command)
    {
        var name = command.TryGetProperty("execute", out var execute) ? execute.GetString()! : "";
        _qmp.Record(name);
        if (!_isReady && name != "qmp_capabilities")
            return Error("CommandNotFound", "Expecting capabilities negotiation with 'qmp_capabilities'");
        _isReady = true;
        return name switch
        {
            "qmp_capabilities" => null,
            "getfd" => GetFd(Argument(command, "fdname")),
            "add_client" => AddClient(Argument(command, "protocol"), Argument(command, "fdname")),
            "query-mice" => $"=[{{\"name\": \"a\", \"index\": 2, \"current\": true, \"absolute\": {(_qmp.IsAbsolute ? "true" : "false")}}},"
                + "{\"name\": \"b\", \"index\": 1, \"current\": false, \"absolute\": true}]",
            "qom-get" => Get(Argument(command, "path"), Argument(command, "property")),
            "input-send-event" => SendEvents(command.GetProperty("arguments")),
            _ => Error("CommandNotFound", $"The command {name} has not been found"),
        };
    }

    private string? GetFd(string? name)
    {
        if (name is null)
            return Error("GenericError", "Parameter 'fdname' is missing");
        if (!_fds.TryDequeue(out var fd))
            return Error("GenericError", "No file descriptor supplied via SCM_RIGHTS");
        if (_named.Remove(name, out var before))
            before.Dispose();
        _named[name] = fd;
        return null;
    }

    private string? AddClient(string? protocol, string? name)
    {
        if (name is null || !_named.Remove(name, out var fd))
            return Error("GenericError", $"File descriptor named '{name}' has not been found");
        using (fd)
        {
            if (protocol != "@dbus-display")
                return Error("GenericError", $"protocol '{protocol}' is invalid");
            if (_qmp.RefusesClients)
                return Error("GenericError", "p2p connections not accepted in bus mode");
            try
            {
                _qmp.AddClient(QemuLibc.SocketOf(Libc.Fcntl(fd.Handle, Libc.F_DUPFD_CLOEXEC, 0)));
                return null;
            }
            catch (SocketException)
            {
                return Error("GenericError", "Failed to setup D-Bus socket");
            }
        }
    }

    /// <summary>The first console's device has an id.</summary>
    private string Get(string? path, string? property) => (path, property) switch
    {
        ("/backend/console[0]", "device") => "=\"/machine/peripheral/video0\"",
        ("/backend/console[0]", "head") => $"={_qmp.HeadOfConsole}",
        _ => Error("DeviceNotFound", $"Device '{path}' not found"),
    };

    private string? SendEvents(JsonElement arguments)
    {
        var device = arguments.TryGetProperty("device", out var given) ? $"{given}:" : "";
        var events = arguments.GetProperty("events").EnumerateArray().Select(one => device + one.GetRawText()).ToList();
        if (_qmp.IsStopped)
        {
            _qmp.Refuse();
            return Error("GenericError", "VM not running");
        }
        if (_qmp.IsBefore81 && events.Exists(one => one.Contains("\"mtt\"", StringComparison.Ordinal)))
            return Error("GenericError", "Parameter 'type' does not accept value 'mtt'");
        _qmp.Record(events);
        return null;
    }

    private static string? Argument(JsonElement command, string name) =>
        command.TryGetProperty("arguments", out var all) && all.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string Error(string kind, string text) =>
        $"{{\"class\": \"{kind}\", \"desc\": {JsonSerializer.Serialize(text)}}}";

    private void Say(string json) => _outbox.Add(Encoding.UTF8.GetBytes(json + "\r\n"), []);
}
