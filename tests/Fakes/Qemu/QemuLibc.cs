using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>What this fake needs beyond <see cref="Libc"/>.</summary>
internal static class QemuLibc
{
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM_CLOEXEC = 1 | 0x80000;

    private static readonly SocketPairCall s_socketPair = Load<SocketPairCall>("socketpair");
    private static readonly UidCall s_getuid = Load<UidCall>("getuid");

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    private delegate int SocketPairCall(int domain, int type, int protocol, [In, Out] int[] pair);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate uint UidCall();

    public static uint Uid => s_getuid();

    /// <summary>Two connected sockets; both belong to the caller.</summary>
    public static (int Ours, int Theirs) SocketPair()
    {
        var pair = new int[2];
        if (s_socketPair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, pair) != 0)
            throw new IOException($"socketpair, errno {Marshal.GetLastPInvokeError()}");
        return (pair[0], pair[1]);
    }

    /// <summary>Takes the descriptor over.</summary>
    /// <exception cref="SocketException">It is not a socket; it is closed.</exception>
    public static Socket SocketOf(int fd)
    {
        var handle = new SafeSocketHandle(fd, ownsHandle: true);
        try
        {
            var socket = new Socket(handle);
            // .NET takes any descriptor; the kernel says what it is.
            _ = socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Type);
            return socket;
        }
        catch (SocketException)
        {
            handle.Dispose();
            throw;
        }
    }

    private static T Load<T>(string name)
        where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), name));
}
