using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A system call that failed: what was called, on what, and errno.</summary>
public sealed class LinuxException(string call, int errno)
    : Exception($"{call}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    /// <summary>errno(3), as <see cref="Errno"/> has it.</summary>
    public int Errno { get; } = errno;

    /// <summary>The exception for the call that just failed on this thread.</summary>
    internal static LinuxException Last(string call) => new(call, LibC.errno);
}

/// <summary>The errno values that this program decides by (asm-generic/errno-base.h, errno.h).</summary>
public static class Errno
{
    public static int Again => LibC.EAGAIN;
    public static int BadFd => LibC.EBADF;
    public static int Busy => LibC.EBUSY;
    public static int ConnectionReset => LibC.ECONNRESET;
    public static int Denied => LibC.EACCES;
    public static int Invalid => LibC.EINVAL;
    public static int NoDevice => LibC.ENODEV;
    public static int NoEntry => LibC.ENOENT;
    public static int NoMemory => LibC.ENOMEM;
    public static int NotTty => LibC.ENOTTY;
    public static int NotPermitted => LibC.EPERM;
    public static int NoDeviceOrAddress => LibC.ENXIO;
    public static int NoProcess => LibC.ESRCH;
    public static int Pipe => LibC.EPIPE;
    public static int Protocol => LibC.EPROTO;
}
