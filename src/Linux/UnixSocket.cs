using System.Text;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>AF_UNIX stream sockets, which can carry descriptors (unix(7), SCM_RIGHTS). Calls do not block.</summary>
public static unsafe class UnixSocket
{
    private const int PathOffset = 2, LongestPath = 107, AddressLength = PathOffset + LongestPath + 1;

    /// <summary>Takes ownership of a socket that the user names by its number.</summary>
    /// <exception cref="LinuxException">It is not inherited, or is not a socket.</exception>
    public static Fd Inherit(int number)
    {
        InheritedFds.Check(number);
        int type;
        socklen_t length = sizeof(int);
        var result = LibC.getsockopt(number, LibC.SOL_SOCKET, LibC.SO_TYPE, &type, &length);
        return result == 0 ? Fd.Own(number) : throw LinuxException.Last($"file descriptor {number}");
    }

    /// <summary>The two ends of one connection.</summary>
    public static (Fd Ours, Fd Theirs) Pair()
    {
        var numbers = stackalloc int[2];
        if (LibC.socketpair(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0, numbers) < 0)
            throw LinuxException.Last("socketpair");
        return (Fd.Own(numbers[0]), Fd.Own(numbers[1]));
    }

    /// <summary>Connects to a listening socket.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or we may not connect.</exception>
    public static Fd Connect(string path)
    {
        var address = stackalloc byte[AddressLength];
        var length = Address(path, address);
        var number = LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, 0);
        if (number < 0)
            throw LinuxException.Last("socket");
        var socket = Fd.Own(number);
        if (LibC.connect(number, (sockaddr*)address, length) == 0)
            return socket;
        var failure = LinuxException.Last($"the socket {path}");
        socket.Dispose();
        throw failure;
    }

    /// <summary>Binds a socket to a path, which must not exist.</summary>
    /// <exception cref="LinuxException">EADDRINUSE: it exists. Others: it cannot be made.</exception>
    internal static void Bind(Fd socket, string path)
    {
        var address = stackalloc byte[AddressLength];
        var length = Address(path, address);
        if (LibC.bind(socket.Number, (sockaddr*)address, length) < 0)
            throw LinuxException.Last($"the socket {path}");
    }

    /// <exception cref="LinuxException">The path is too long for a socket.</exception>
    internal static void CheckLength(string path)
    {
        var address = stackalloc byte[AddressLength];
        Address(path, address);
    }

    /// <summary>The path that a socket is bound to; empty for none.</summary>
    internal static string PathOf(Fd socket)
    {
        var address = stackalloc byte[AddressLength];
        socklen_t length = AddressLength;
        return LibC.getsockname(socket.Number, (sockaddr*)address, &length) == 0 && (uint)length > PathOffset
            ? Encoding.UTF8.GetString(new Span<byte>(address + PathOffset, (int)(uint)length - PathOffset)).TrimEnd('\0') : "";
    }

    /// <summary>Writes a sockaddr_un (unix(7)) and returns its length.</summary>
    private static socklen_t Address(string path, byte* address)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > LongestPath)
            throw new LinuxException($"the socket {path} (its path is longer than {LongestPath} bytes)", LibC.EINVAL);
        new Span<byte>(address, AddressLength).Clear();
        *(ushort*)address = (ushort)LibC.AF_UNIX;
        name.CopyTo(new Span<byte>(address + PathOffset, LongestPath));
        return (uint)(PathOffset + name.Length + 1);
    }

    /// <summary>Sends bytes, and optionally a descriptor. A short message is sent whole or not at all.</summary>
    /// <exception cref="LinuxException">The peer has gone, or its receive buffer is full.</exception>
    public static void Send(Fd socket, ReadOnlySpan<byte> bytes, Fd? passed = null)
    {
        // A cmsghdr with one int. Not CMSG_LEN: the one of Tmds.LibC counts a second int.
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

    /// <summary>The number of bytes received, 0 at the end of the connection, -1 if there is nothing to read yet.</summary>
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
