using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A process by descriptor (pidfd_open(2)): readable once it has ended, and the way to its descriptors.</summary>
public static class Pidfd
{
    // asm-generic/unistd.h: the same on every architecture since 5.x.
    private const int OpenCall = 434, GetFdCall = 438;

    /// <exception cref="LinuxException">ESRCH: no such process.</exception>
    public static Fd Open(int pid)
    {
        var number = (long)LibC.syscall(OpenCall, pid, 0);
        return number >= 0 ? Fd.Own((int)number) : throw LinuxException.Last($"process {pid}");
    }

    /// <summary>
    /// A duplicate of that process's descriptor (pidfd_getfd(2)). Needs PTRACE_MODE_ATTACH_REALCREDS: the same user and
    /// Yama's consent, or CAP_SYS_PTRACE.
    /// </summary>
    public static Fd GetFd(Fd process, int number)
    {
        var duplicate = (long)LibC.syscall(GetFdCall, process.Number, number, 0);
        return duplicate >= 0 ? Fd.Own((int)duplicate) : throw LinuxException.Last($"pidfd_getfd of descriptor {number}");
    }
}
