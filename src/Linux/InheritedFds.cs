using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>The descriptors that whoever started the program has left open for it.</summary>
public static class InheritedFds
{
    private static bool s_isProgram;

    /// <summary>
    /// Called first of all in a program of its own: opens /dev/null for a standard stream that is closed, so that no other file
    /// becomes one.
    /// </summary>
    public static unsafe void Begin()
    {
        fixed (byte* name = "/dev/null\0"u8)
            for (var number = 0; number <= StandardStream.Error; number++)
                if (LibC.fcntl(number, LibC.F_GETFD) < 0)
                    _ = LibC.open(name, LibC.O_RDWR, 0);
        s_isProgram = true;
    }

    /// <exception cref="LinuxException">
    /// It is not open, or the program itself or its runtime has opened it: those are close-on-exec, which an inherited one cannot
    /// be.
    /// </exception>
    public static void Check(int number)
    {
        var flags = LibC.fcntl(number, LibC.F_GETFD);
        if (flags < 0 || (s_isProgram && (flags & LibC.FD_CLOEXEC) != 0))
            throw new LinuxException($"file descriptor {number}", LibC.EBADF);
    }

    /// <summary>Takes ownership of one. A standard stream stays open, and its duplicate is owned.</summary>
    /// <inheritdoc cref="Check"/>
    public static Fd Take(int number)
    {
        Check(number);
        return number <= StandardStream.Error ? new BorrowedFd(number).Duplicate() : Fd.Own(number);
    }
}
