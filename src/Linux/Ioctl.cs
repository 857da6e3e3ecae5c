using System.Runtime.CompilerServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>ioctl(2). Request numbers and structs are defined where the driver is used; only the pointers are here.</summary>
public static class Ioctl
{
    /// <summary>Calls with a struct that the kernel reads and writes. Returns the call's result, or -errno.</summary>
    public static unsafe int Try<T>(Fd fd, uint request, ref T argument) where T : unmanaged
    {
        fixed (T* p = &argument)
            return Result(LibC.ioctl(fd.Number, (int)request, p));
    }

    /// <summary>Calls with a struct of variable size (argsz). Returns the call's result, or -errno.</summary>
    public static unsafe int Try(Fd fd, uint request, Span<byte> argument)
    {
        fixed (byte* p = argument)
            return Result(LibC.ioctl(fd.Number, (int)request, p));
    }

    /// <summary>Calls with a number in place of the pointer. Returns the call's result, or -errno.</summary>
    public static int Try(Fd fd, uint request, int argument = 0) => Result(LibC.ioctl(fd.Number, (int)request, argument));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Result(int value) => value >= 0 ? value : -LibC.errno;
}
