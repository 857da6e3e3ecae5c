using System.Text;
using System.Text.Json;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// QEMU's control socket, for one thing: to give the VM a socket of ours as a display client (QMP getfd and add_client,
/// protocol @dbus-display). A conversation of three commands, each answered before the next.
/// </summary>
internal sealed class Qmp : IDisposable
{
    // A line of QMP is a few kB at most here; more is no QMP.
    private const int LongestLine = 1 << 20;

    private const int AddClientSent = 3;

    private readonly Loop _loop;
    private readonly Fd _socket, _client;
    private readonly LoopWatch _watch;
    private readonly LoopTimer _patience;
    private readonly Action<string?> _done;
    private readonly List<byte> _line = [];
    private int _answers;
    private bool _isOver;

    /// <param name="loop">Where it lives.</param>
    /// <param name="socket">Connected to QEMU's -qmp socket. Taken over.</param>
    /// <param name="client">QEMU's end of the display connection. Taken over.</param>
    /// <param name="done">Null when QEMU has it, or a clause that says why not.</param>
    public Qmp(Loop loop, Fd socket, Fd client, Action<string?> done)
    {
        (_loop, _socket, _client, _done) = (loop, socket, client, done);
        loop.Add(_watch = new LoopWatch(socket, _ => Read()));
        loop.Add(_patience = new LoopTimer(_ => End("QEMU does not answer on its QMP socket (does somebody else use it? It serves one client)")));
        _patience.Set(Clock.Now + QemuConnection.AnswerWithinNs);
    }

    public void Dispose()
    {
        _isOver = true;
        _loop.Remove(_watch);
        _loop.Remove(_patience);
        _socket.Dispose();
        _client.Dispose();
    }

    private void Read()
    {
        Span<byte> bytes = stackalloc byte[4096];
        try
        {
            var count = UnixSocket.Receive(_socket, bytes);
            if (count == 0)
                End("QEMU closed its QMP socket");
            for (var i = 0; i < count && !_isOver; i++)
                if (bytes[i] != (byte)'\n')
                    _line.Add(bytes[i]);
                else
                    Answer();
            if (_line.Count > LongestLine)
                End("what answers there does not speak QMP");
        }
        catch (LinuxException e)
        {
            End(e.Message);
        }
    }

    private void Answer()
    {
        var line = _line.ToArray();
        _line.Clear();
        try
        {
            using var json = JsonDocument.Parse(line);
            var message = json.RootElement;
            if (message.ValueKind != JsonValueKind.Object || message.TryGetProperty("event", out _))
                return;
            if (message.TryGetProperty("error", out var error))
                End(Explain(error.ValueKind == JsonValueKind.Object && error.TryGetProperty("desc", out var words) ? words.ToString() : error.ToString()));
            else if (message.TryGetProperty("QMP", out _) || message.TryGetProperty("return", out _))
                Next();
        }
        catch (JsonException)
        {
            End("what answers there does not speak QMP");
        }
    }

    private void Next()
    {
        switch (_answers++)
        {
            case 0:
                Send("""{"execute":"qmp_capabilities"}"""u8);
                break;
            case 1:
                Send("""{"execute":"getfd","arguments":{"fdname":"guestplane"}}"""u8, _client);
                break;
            case 2:
                Send("""{"execute":"add_client","arguments":{"protocol":"@dbus-display","fdname":"guestplane"}}"""u8);
                break;
            default:
                End(null);
                break;
        }
    }

    private void Send(ReadOnlySpan<byte> command, Fd? passed = null)
    {
        Span<byte> line = stackalloc byte[command.Length + 1];
        command.CopyTo(line);
        line[^1] = (byte)'\n';
        UnixSocket.Send(_socket, line, passed);
    }

    /// <summary>
    /// Each QEMU refuses add_client in other words: "Invalid protocol", "D-Bus display is not in use" (7.0, -display none),
    /// "p2p connections not accepted in bus mode".
    /// </summary>
    private string Explain(string words) =>
        _answers == AddClientSent ? $"QEMU takes no display client ({words.TrimEnd('.')}): start it with -display dbus,p2p=yes"
            : $"QEMU refused: {words.TrimEnd('.')}";

    private void End(string? why)
    {
        if (_isOver)
            return;
        Dispose();
        _done(why);
    }
}
