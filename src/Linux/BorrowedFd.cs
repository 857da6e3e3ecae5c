using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A descriptor that another object owns and closes. Use it at once; duplicate it to keep it.</summary>
public readonly record struct BorrowedFd(int Number)
{
    /// <summary>AT_STATX_DONT_SYNC (include/uapi/linux/fcntl.h).</summary>
    private const int DontSync = 0x4000;

    /// <summary>True for a pipe, FIFO or socket: only on these O_NONBLOCK has an effect.</summary>
    public bool IsStream => (Status(LibC.STATX_TYPE).stx_mode & 0xf000) is 0x1000 or 0xc000;

    public Fd Duplicate()
    {
        var number = LibC.fcntl(Number, LibC.F_DUPFD_CLOEXEC, 0);
        return number >= 0 ? Fd.Own(number) : throw LinuxException.Last("dup");
    }

    /// <summary>
    /// statx(2) of a stranger's descriptor. Never blocks: a file system that may not answer (FUSE, NFS) is not asked.
    /// </summary>
    internal unsafe statx Status(uint mask)
    {
        statx status;
        byte empty = 0;
        return LibC.statx(Number, &empty, LibC.AT_EMPTY_PATH | DontSync, mask, &status) >= 0
            ? status : throw LinuxException.Last("statx");
    }
}
