using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes;

/// <summary>
/// The few calls that .NET does not offer. They are delegates over dlsym, because the test assembly allows neither unsafe
/// blocks nor DllImport, and because a fake that used the project's own interop would share its mistakes.
/// </summary>
internal static class Libc
{
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int POLLIN = 1;
    public const int POLLOUT = 4;
    public const int SOL_SOCKET = 1;
    public const int SCM_RIGHTS = 1;
    public const int MSG_CTRUNC = 0x8;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_CMSG_CLOEXEC = 0x40000000;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;
    public const int SEEK_END = 2;
    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_ADD_SEALS = 1033;
    public const int F_SEAL_SHRINK_GROW_WRITE = 2 | 4 | 8;
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_CLOEXEC_NONBLOCK = 0x80000 | 0x800;
    public static readonly nint MapFailed = -1;

    public static readonly MessageCall SendMsg = Load<MessageCall>("sendmsg");
    public static readonly MessageCall RecvMsg = Load<MessageCall>("recvmsg");
    public static readonly PollCall Poll = Load<PollCall>("poll");
    public static readonly LseekCall Lseek = Load<LseekCall>("lseek");
    public static readonly MmapCall Mmap = Load<MmapCall>("mmap");
    public static readonly MunmapCall Munmap = Load<MunmapCall>("munmap");
    public static readonly FcntlCall Fcntl = Load<FcntlCall>("fcntl");
    public static readonly MemfdCreateCall MemfdCreate = Load<MemfdCreateCall>("memfd_create");
    public static readonly EventfdCall Eventfd = Load<EventfdCall>("eventfd");
    public static readonly CounterCall ReadCounter = Load<CounterCall>("read");
    public static readonly CounterCall WriteCounter = Load<CounterCall>("write");

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate nint MessageCall(SafeHandle socket, nint message, int flags);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate int PollCall([In, Out] PollFd[] fds, nuint count, int timeoutMs);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate long LseekCall(SafeHandle fd, long offset, int whence);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate nint MmapCall(nint address, nuint length, int prot, int flags, SafeHandle fd, long offset);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate int MunmapCall(nint address, nuint length);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate int FcntlCall(SafeHandle fd, int command, int argument);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate int MemfdCreateCall([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate int EventfdCall(uint initial, int flags);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    public delegate nint CounterCall(SafeHandle fd, ref ulong value, nuint size);

    private static T Load<T>(string name)
        where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), name));

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }
}
