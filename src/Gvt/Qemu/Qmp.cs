using System.Text.Json;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Adds us as a display client by QEMU's control socket (QMP getfd and add_client, protocol @dbus-display).
/// </summary>
internal sealed class Qmp : IDisposable
{
    private readonly QmpChannel _channel;
    private readonly Fd _ours, _client;
    private readonly Action<Fd?, string?> _done;
    private bool _isFdSent, _isAdded;

    /// <param name="loop">The loop to run in.</param>
    /// <param name="socket">Connected to QEMU's -qmp socket; owned from now on.</param>
    /// <param name="done">Called with our end of the display connection, the callee's, or with a clause in place of it.</param>
    /// <exception cref="LinuxException">No descriptors are left. The socket is closed.</exception>
    public Qmp(Loop loop, Fd socket, Action<Fd?, string?> done)
    {
        _done = done;
        _channel = new(loop, socket) { Ready = SendFd, Answered = OnAnswer, Ended = End };
        try
        {
            (_ours, _client) = UnixSocket.Pair();
        }
        catch
        {
            _channel.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _channel.Dispose();
        _client.Dispose();
        if (!_isAdded)
            _ours.Dispose();
    }

    private void SendFd() => _channel.Send("""{"execute":"getfd","arguments":{"fdname":"guestplane"}}"""u8, _client);

    /// <summary>
    /// QEMU's versions reject add_client with different messages: "Invalid protocol", "D-Bus display is not in use" (7.0,
    /// -display none), "p2p connections not accepted in bus mode".
    /// </summary>
    private void OnAnswer(JsonElement value, string? error)
    {
        if (error is not null)
            End(_isFdSent ? $"QEMU takes no display client ({error}): start it with -display dbus,p2p=yes"
                : $"QEMU refused: {error}");
        else if (_isFdSent)
        {
            _isAdded = true;
            End(null);
        }
        else
        {
            _isFdSent = true;
            _channel.Send("""{"execute":"add_client","arguments":{"protocol":"@dbus-display","fdname":"guestplane"}}"""u8);
        }
    }

    private void End(string? why)
    {
        Dispose();
        _done(_isAdded ? _ours : null, why);
    }
}
