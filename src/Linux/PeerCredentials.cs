using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>The process at the other end of a unix socket (SO_PEERCRED, unix(7)): as it was when it connected.</summary>
public readonly record struct PeerCredentials(int ProcessId, uint User, uint Group)
{
    /// <summary>SO_PEERGROUPS (asm-generic/socket.h): the supplementary groups.</summary>
    private const int PeerGroups = 59;

    /// <summary>NGROUPS_MAX (linux/limits.h).</summary>
    private const int MostGroups = 65536;

    /// <summary>The peer's process id; null if the kernel does not report one (the peer is in another pid namespace).</summary>
    public static int? ProcessIdOf(int socket) => Of(socket) is { ProcessId: > 0 } peer ? peer.ProcessId : null;

    /// <summary>Null if the socket is no unix socket.</summary>
    public static unsafe PeerCredentials? Of(int socket)
    {
        ucred peer = default;
        socklen_t length = (uint)sizeof(ucred);
        var result = LibC.getsockopt(socket, LibC.SOL_SOCKET, LibC.SO_PEERCRED, &peer, &length);
        return result == 0 ? new((int)peer.pid, (uint)peer.uid, (uint)peer.gid) : null;
    }

    /// <summary>True if the peer is in a group: its own or a supplementary one.</summary>
    public unsafe bool IsIn(uint group, int socket)
    {
        if (group == Group)
            return true;
        var groups = new uint[MostGroups];
        socklen_t length = MostGroups * sizeof(uint);
        fixed (uint* p = groups)
            if (LibC.getsockopt(socket, LibC.SOL_SOCKET, PeerGroups, p, &length) < 0)
                return false;
        return groups.AsSpan(0, (int)(uint)length / sizeof(uint)).Contains(group);
    }
}
