using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>Asks a running share who looks at it (org.guestplane.Share1, Holders), for people to read.</summary>
internal sealed class ShareHolders : IDisposable
{
    /// <summary>More than a share has listeners.</summary>
    private const int Most = 256;

    private const long PatienceNs = 3_000_000_000;

    private static readonly byte[] s_path = Bus.ZeroEnded("/org/guestplane/Share1");

    private readonly Loop _loop;
    private readonly Bus _bus;
    private readonly List<string> _lines = [];
    private bool _isOver, _isAnswered;

    private ShareHolders(Loop loop, Bus bus)
    {
        (_loop, _bus) = (loop, bus);
        loop.Add(bus);
        bus.Closed += _ => _isOver = true;
        bus.Call([], s_path, "org.freedesktop.DBus.Properties"u8, "Get"u8).Add("org.guestplane.Share1").Add("Holders")
            .Send(OnAnswer, PatienceNs);
    }

    /// <summary>A line for each listener; null if nobody answers at the socket.</summary>
    public static IReadOnlyList<string>? Of(Loop loop, string socket)
    {
        try
        {
            using var asked = new ShareHolders(loop, Bus.Peer(UnixSocket.Connect(socket)));
            while (!asked._isOver && !loop.Stopped)
                loop.Turn();
            return asked._isAnswered ? asked._lines : null;
        }
        catch (Exception e) when (e is LinuxException or BusException)
        {
            // Nobody listens, or we may not connect.
            return null;
        }
    }

    public void Dispose()
    {
        _loop.Remove(_bus);
        _bus.Dispose();
    }

    private bool OnAnswer(BusMessage answer)
    {
        _isOver = true;
        if (answer.IsError)
            return true;
        try
        {
            Read(answer);
            _isAnswered = true;
        }
        catch (BusException)
        {
            // It is no share: nothing is known of it.
            _lines.Clear();
        }
        return true;
    }

    private void Read(BusMessage answer)
    {
        answer.Enter('v', "a(uuusb)"u8);
        answer.Enter('a', "(uuusb)"u8);
        while (_lines.Count < Most && answer.Enter('r', "uuusb"u8))
        {
            var (process, user, console) = (answer.ReadUInt32(), answer.ReadUInt32(), answer.ReadUInt32());
            var way = Words(answer.ReadString());
            var slow = answer.ReadBool() ? "; it does not answer" : "";
            answer.Exit();
            _lines.Add($"process {process} ({ProcessFds.Name((int)process)}, user {Account.UserName(user)}) looks at console "
                + $"{console}: {way}{slow}");
        }
    }

    private static string Words(string way) => Enum.TryParse<ListenerWays>(way, out var known) ? known switch
    {
        ListenerWays.Planes => "all planes as dma-bufs",
        ListenerWays.DmaBuf2 or ListenerWays.DmaBuf => "dma-bufs",
        ListenerWays.Map => "a copy in shared memory",
        ListenerWays.Bytes => "copies in messages",
        _ => "no image yet",
    } : "no image yet";
}
