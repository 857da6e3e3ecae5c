using System.Text.Json;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Adds us as a display client by QEMU's control socket (QMP getfd and add_client, protocol @dbus-display).
/// </summary>
internal sealed class Qmp : IDisposable
{
    private readonly QmpChannel _channel;
    private readonly Fd _client;
    private readonly Action<string?> _done;
    private bool _isFdSent;

    /// <param name="loop">The loop to run in.</param>
    /// <param name="socket">Connected to QEMU's -qmp socket; owned from now on.</param>
    /// <param name="client">QEMU's end of the display connection; owned from now on.</param>
    /// <param name="done">Called with null when QEMU has accepted the client, or with a clause that says why not.</param>
    public Qmp(Loop loop, Fd socket, Fd client, Action<string?> done)
    {
        (_client, _done) = (client, done);
        _channel = new(loop, socket) { Ready = SendFd, Answered = OnAnswer, Ended = End };
    }

    public void Dispose()
    {
        _channel.Dispose();
        _client.Dispose();
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
            End(null);
        else
        {
            _isFdSent = true;
            _channel.Send("""{"execute":"add_client","arguments":{"protocol":"@dbus-display","fdname":"guestplane"}}"""u8);
        }
    }

    private void End(string? why)
    {
        Dispose();
        _done(why);
    }
}
