using System.Net.Sockets;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>
/// A connection whose other end is the test itself: it answers nothing, and sends exactly the events that the test names. For
/// event sequences that a well-behaved compositor sends rarely.
/// </summary>
internal sealed class WireHost : IDisposable
{
    /// <summary>The first object id of a server (wayland-util.h: WL_SERVER_ID_START).</summary>
    private const uint FirstServerId = 0xff000000;

    private readonly ProtocolModel _protocol = new(Repository.Protocols);
    private readonly Socket _theirs;
    private uint _made;

    public WireHost()
    {
        var (ours, theirs) = UnixSocket.Pair();
        Display = WlDisplay.Connect(ours)!;
        _theirs = new Socket(new SafeSocketHandle(theirs.Number, ownsHandle: true));
        theirs.GiveAway();
        Registry = Display.GetRegistry();
    }

    public WlDisplay Display { get; }

    public WlRegistry Registry { get; }

    /// <summary>The next id of a server-made object.</summary>
    public uint NewId() => FirstServerId + _made++;

    /// <summary>Sends an event, given as "interface.event", whose arguments are ids and numbers; the client handles it.</summary>
    public void Send(uint id, string name, params uint[] arguments)
    {
        var parts = name.Split('.');
        var message = _protocol[parts[0]].Events[parts[1]];
        uint size = 8 + 4 * (uint)arguments.Length;
        uint[] words = [id, size << 16 | (uint)message.Opcode, .. arguments];
        Display.PrepareRead();
        Display.Flush();
        _theirs.Send(words.SelectMany(BitConverter.GetBytes).ToArray());
        Display.ReadEvents();
        Display.DispatchPending();
    }

    public void Dispose()
    {
        Display.Dispose();
        _theirs.Dispose();
    }
}
