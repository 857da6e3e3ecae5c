using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A descriptor that somebody else owns and closes: good for a question now, duplicated to be kept.</summary>
public readonly record struct BorrowedFd(int Number)
{
    public Fd Duplicate()
    {
        var number = LibC.fcntl(Number, LibC.F_DUPFD_CLOEXEC, 0);
        return number >= 0 ? Fd.Own(number) : throw LinuxException.Last("dup");
    }
}
