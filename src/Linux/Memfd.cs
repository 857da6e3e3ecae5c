using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>Anonymous memory with a descriptor (memfd_create(2)).</summary>
public static class Memfd
{
    /// <summary>True if a descriptor is shared memory, behind which is no file system that could block. Never blocks.</summary>
    public static bool IsShared(BorrowedFd fd) => LibC.fcntl(fd.Number, LibC.F_GET_SEALS) >= 0;

    /// <summary>True if it is shared memory that cannot shrink: whoever maps it is safe from SIGBUS.</summary>
    public static bool CannotShrink(BorrowedFd fd) =>
        LibC.fcntl(fd.Number, LibC.F_GET_SEALS) is >= 0 and var seals && (seals & LibC.F_SEAL_SHRINK) != 0;

    /// <summary>
    /// Creates a memfd of <paramref name="size"/> bytes that is sealed against shrinking: udmabuf requires that seal
    /// (drivers/dma-buf/udmabuf.c), and a compositor that maps the memory is then safe from SIGBUS.
    /// </summary>
    public static unsafe Fd Create(string name, long size)
    {
        fixed (byte* p = System.Text.Encoding.UTF8.GetBytes(name + '\0'))
        {
            var number = LibC.memfd_create(p, LibC.MFD_CLOEXEC | LibC.MFD_ALLOW_SEALING);
            if (number < 0)
                throw LinuxException.Last("memfd_create");
            var fd = Fd.Own(number);
            if (LibC.ftruncate(number, size) == 0 && LibC.fcntl(number, LibC.F_ADD_SEALS, LibC.F_SEAL_SHRINK) == 0)
                return fd;
            var failure = LinuxException.Last($"memfd of {size} bytes");
            fd.Dispose();
            throw failure;
        }
    }
}
