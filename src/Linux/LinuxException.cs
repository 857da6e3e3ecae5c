using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A system call that failed; the message has the call, its object and errno.</summary>
public class LinuxException(string call, int errno)
    : Exception($"{call}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    /// <summary>errno(3); compare it with the members of <see cref="Errno"/>.</summary>
    public int Errno { get; } = errno;

    /// <summary>The exception for the call that just failed on this thread.</summary>
    internal static LinuxException Last(string call) => new(call, LibC.errno);
}

/// <summary>The errno values that this program handles specially (asm-generic/errno-base.h, errno.h).</summary>
public static class Errno
{
    public static int AddressInUse => LibC.EADDRINUSE;
    public static int Again => LibC.EAGAIN;
    public static int BadFd => LibC.EBADF;
    public static int Busy => LibC.EBUSY;
    public static int ConnectionReset => LibC.ECONNRESET;
    public static int Denied => LibC.EACCES;
    public static int FileTooLarge => LibC.EFBIG;
    public static int Interrupted => LibC.EINTR;
    public static int Invalid => LibC.EINVAL;
    public static int NoDevice => LibC.ENODEV;
    public static int NoEntry => LibC.ENOENT;
    public static int NoMemory => LibC.ENOMEM;
    public static int NotConnected => LibC.ENOTCONN;
    public static int NotTty => LibC.ENOTTY;
    public static int NotPermitted => LibC.EPERM;
    public static int NoDeviceOrAddress => LibC.ENXIO;
    public static int NoProcess => LibC.ESRCH;
    public static int Pipe => LibC.EPIPE;
    public static int Protocol => LibC.EPROTO;
    public static int TooManyFiles => LibC.EMFILE;

    /// <summary>
    /// True if the cause is the machine's state (no memory, no descriptors, a full or failing disk, no permission, a reader or a
    /// device that has gone) and not a wrong call.
    /// </summary>
    public static bool IsOfMachine(int errno) => errno == LibC.EMFILE || errno == LibC.ENFILE || errno == LibC.ENOMEM
        || errno == LibC.ENOBUFS || errno == LibC.ENOSPC || errno == LibC.EDQUOT || errno == LibC.EROFS || errno == LibC.EIO
        || errno == LibC.EACCES || errno == LibC.EPERM || errno == LibC.EPIPE || errno == LibC.ENODEV;

    /// <summary>strerror(3): "No space left on device".</summary>
    public static string Message(int errno) => Marshal.GetPInvokeErrorMessage(errno);
}
