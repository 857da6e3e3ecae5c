using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The calls that this fake needs in addition to <see cref="Libc"/>.</summary>
internal static class QemuLibc
{
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM_CLOEXEC = 1 | 0x80000;

    private static readonly SocketPairCall s_socketPair = Load<SocketPairCall>("socketpair");
    private static readonly SystemCall s_syscall = Load<SystemCall>("syscall");
    private static readonly UidCall s_getuid = Load<UidCall>("getuid");

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    private delegate int SocketPairCall(int domain, int type, int protocol, [In, Out] int[] pair);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate uint UidCall();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    private delegate long SystemCall(long number, long real, long effective, long saved);

    public static uint Uid => s_getuid();

    /// <summary>Of this thread alone: setresuid(2) by its number, which glibc's function sets for all threads.</summary>
    public static void SetEffectiveUser(uint user)
    {
        var number = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 117 : 147;
        if (s_syscall(number, -1, user, -1) != 0)
            throw new IOException($"setresuid, errno {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Two connected sockets; both belong to the caller.</summary>
    public static (int Ours, int Theirs) SocketPair()
    {
        var pair = new int[2];
        if (s_socketPair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, pair) != 0)
            throw new IOException($"socketpair, errno {Marshal.GetLastPInvokeError()}");
        return (pair[0], pair[1]);
    }

    /// <summary>Takes ownership of the descriptor.</summary>
    /// <exception cref="SocketException">It is not a socket; it has been closed.</exception>
    public static Socket SocketOf(int fd)
    {
        var handle = new SafeSocketHandle(fd, ownsHandle: true);
        try
        {
            var socket = new Socket(handle);
            // .NET accepts any descriptor, so ask the kernel whether it is a socket.
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
