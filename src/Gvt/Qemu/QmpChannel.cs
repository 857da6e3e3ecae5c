using System.Text.Json;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// A connection to QEMU's control socket (QMP; QEMU's docs/interop/qmp-spec.rst): commands, and their answers in the same order.
/// Events are skipped.
/// </summary>
internal sealed class QmpChannel : IDisposable
{
    /// <summary>A clause: QEMU accepts nobody while it serves somebody, or it is stopped.</summary>
    public const string NoAnswer = "nothing answers on the QMP socket: "
        + "QEMU serves one client, so end another one, and check that QEMU listens there";

    private const string NotQmp = "the program that answers does not speak QMP";

    // The answers here have a few kB at most; a longer line is not QMP.
    private const int LongestLine = 1 << 20;

    private readonly Loop _loop;
    private readonly Fd _socket;
    private readonly LoopWatch _watch;
    private readonly LoopPatience _patience;
    private readonly List<byte> _line = [];
    private bool _isGreeted, _isReady;

    /// <param name="loop">The loop to run in.</param>
    /// <param name="socket">Connected to QEMU's -qmp socket; owned from now on.</param>
    public QmpChannel(Loop loop, Fd socket)
    {
        (_loop, _socket) = (loop, socket);
        loop.Add(_watch = new LoopWatch(socket, _ => Read()));
        loop.Add(_patience = new LoopPatience(() => End(_isReady ? "QEMU does not answer: it hangs or is stopped"
            : NoAnswer)));
        _patience.Start(QemuConnection.AnswerWithinNs);
    }

    /// <summary>Called when QEMU takes commands.</summary>
    public required Action Ready { get; init; }

    /// <summary>Called with each answer: its value, or the error's text in place of it.</summary>
    public required Action<JsonElement, string?> Answered { get; init; }

    /// <summary>Called once, with a clause that says why. The connection is closed by then.</summary>
    public required Action<string> Ended { get; init; }

    /// <summary>True once the connection is closed.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Sends a command. It must be answered within five seconds.</summary>
    /// <param name="command">JSON, in one line.</param>
    /// <param name="passed">A descriptor for getfd.</param>
    public void Send(ReadOnlySpan<byte> command, Fd? passed = null)
    {
        if (IsOver)
            return;
        try
        {
            UnixSocket.Send(_socket, [.. command, (byte)'\n'], passed);
            _patience.Start(QemuConnection.AnswerWithinNs);
        }
        catch (LinuxException e)
        {
            End(e.Message);
        }
    }

    public void Dispose()
    {
        IsOver = true;
        _loop.Remove(_watch);
        _loop.Remove(_patience);
        _socket.Dispose();
    }

    private void Read()
    {
        Span<byte> bytes = stackalloc byte[4096];
        try
        {
            var count = UnixSocket.Receive(_socket, bytes);
            if (count == 0)
                End("QEMU closed its QMP socket");
            for (var i = 0; i < count && !IsOver; i++)
                if (bytes[i] != (byte)'\n')
                    _line.Add(bytes[i]);
                else
                    ReadLine();
            if (_line.Count > LongestLine)
                End(NotQmp);
        }
        catch (LinuxException e)
        {
            End(e.Message);
        }
    }

    private void ReadLine()
    {
        var line = _line.ToArray();
        _line.Clear();
        try
        {
            using var json = JsonDocument.Parse(line);
            var message = json.RootElement;
            if (message.ValueKind == JsonValueKind.Object && !message.TryGetProperty("event", out _))
                Take(message);
        }
        // A text that is no text, such as "\ud800", is found only when it is read.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            End(NotQmp);
        }
    }

    private void Take(JsonElement message)
    {
        if (message.TryGetProperty("QMP", out _))
        {
            // Each one that is answered gives the program five seconds more.
            if (_isGreeted)
                End(NotQmp);
            _isGreeted = true;
            Send("""{"execute":"qmp_capabilities"}"""u8);
            return;
        }
        var isError = message.TryGetProperty("error", out var value);
        if (!isError && !message.TryGetProperty("return", out value))
            return;
        _patience.Cancel();
        if (_isReady)
            Answered(value, isError ? Text(value) : null);
        else if (isError)
            End($"QEMU refused: {Text(value)}");
        else
        {
            _isReady = true;
            Ready();
        }
    }

    private static string Text(JsonElement error)
    {
        var isObject = error.ValueKind == JsonValueKind.Object;
        return (isObject && error.TryGetProperty("desc", out var description) ? description : error).ToString().TrimEnd('.');
    }

    private void End(string why)
    {
        if (IsOver)
            return;
        Dispose();
        Ended(why);
    }
}
