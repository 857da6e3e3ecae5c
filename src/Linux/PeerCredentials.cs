using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>Who is at the other end of a unix socket (SO_PEERCRED, unix(7)).</summary>
public static class PeerCredentials
{
    /// <summary>The peer's process id, or null where the kernel does not tell (another pid namespace).</summary>
    public static unsafe int? ProcessId(int socket)
    {
        ucred peer = default;
        socklen_t length = (uint)sizeof(ucred);
        return LibC.getsockopt(socket, LibC.SOL_SOCKET, LibC.SO_PEERCRED, &peer, &length) == 0 && peer.pid > 0 ? (int)peer.pid : null;
    }
}
