using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>Anonymous memory with a descriptor (memfd_create(2)).</summary>
public static class Memfd
{
    /// <summary>
    /// Makes one of <paramref name="size"/> bytes that can be sealed, sealed against shrinking: udmabuf asks for that
    /// (drivers/dma-buf/udmabuf.c), and a host that maps it need not fear SIGBUS.
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
