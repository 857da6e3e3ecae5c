using System.Text;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>Stream sockets of AF_UNIX, which carry descriptors (unix(7), SCM_RIGHTS). Never blocking.</summary>
public static unsafe class UnixSocket
{
    private const int PathOffset = 2, LongestPath = 107;

    /// <summary>Takes over a socket that was inherited.</summary>
    /// <exception cref="LinuxException">It is not open, or is no socket.</exception>
    public static Fd Own(int number)
    {
        int type;
        socklen_t length = sizeof(int);
        return LibC.getsockopt(number, LibC.SOL_SOCKET, LibC.SO_TYPE, &type, &length) == 0 ? Fd.Own(number) : throw LinuxException.Last($"file descriptor {number}");
    }

    /// <summary>Two ends of one connection.</summary>
    public static (Fd Ours, Fd Theirs) Pair()
    {
        var numbers = stackalloc int[2];
        if (LibC.socketpair(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0, numbers) < 0)
            throw LinuxException.Last("socketpair");
        return (Fd.Own(numbers[0]), Fd.Own(numbers[1]));
    }

    /// <summary>Connects to a listening socket.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or it may not be reached.</exception>
    public static Fd Connect(string path)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > LongestPath)
            throw new LinuxException($"the socket {path} (its path is longer than {LongestPath} bytes)", LibC.EINVAL);
        var address = stackalloc byte[PathOffset + LongestPath + 1];
        new Span<byte>(address, PathOffset + LongestPath + 1).Clear();
        *(ushort*)address = (ushort)LibC.AF_UNIX;
        name.CopyTo(new Span<byte>(address + PathOffset, LongestPath));
        var number = LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, 0);
        if (number < 0)
            throw LinuxException.Last("socket");
        var socket = Fd.Own(number);
        if (LibC.connect(number, (sockaddr*)address, (socklen_t)(uint)(PathOffset + name.Length + 1)) == 0)
            return socket;
        var failure = LinuxException.Last($"the socket {path}");
        socket.Dispose();
        throw failure;
    }

    /// <summary>Sends bytes, and a descriptor with them. A message of a few bytes goes whole or not at all.</summary>
    /// <exception cref="LinuxException">The peer has gone, or does not read.</exception>
    public static void Send(Fd socket, ReadOnlySpan<byte> bytes, Fd? passed = null)
    {
        // A cmsghdr with one int; Tmds.LibC's CMSG_LEN counts a second one.
        const int HeaderBytes = 16, ControlBytes = 24;
        var control = stackalloc byte[ControlBytes];
        fixed (byte* p = bytes)
        {
            var data = new iovec { iov_base = p, iov_len = bytes.Length };
            var message = new msghdr { msg_iov = &data, msg_iovlen = 1 };
            if (passed is not null)
            {
                *(long*)control = HeaderBytes + sizeof(int);
                ((int*)control)[2] = LibC.SOL_SOCKET;
                ((int*)control)[3] = LibC.SCM_RIGHTS;
                ((int*)control)[4] = passed.Number;
                message.msg_control = control;
                message.msg_controllen = ControlBytes;
            }
            long sent = LibC.sendmsg(socket.Number, &message, LibC.MSG_NOSIGNAL);
            if (sent < 0)
                throw LinuxException.Last("sendmsg");
            if (sent != bytes.Length)
                throw new LinuxException("sendmsg", LibC.EAGAIN);
        }
    }

    /// <summary>What has come: how many bytes, 0 at the end of the connection, -1 when nothing is there yet.</summary>
    public static int Receive(Fd socket, Span<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            var count = (int)(long)LibC.recv(socket.Number, p, bytes.Length, LibC.MSG_DONTWAIT);
            if (count >= 0)
                return count;
            return LibC.errno == LibC.EAGAIN || LibC.errno == LibC.EINTR ? -1 : throw LinuxException.Last("recv");
        }
    }
}
