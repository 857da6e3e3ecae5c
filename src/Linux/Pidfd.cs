using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>A process as a descriptor (pidfd_open(2)), which is readable once the process has ended.</summary>
public static class Pidfd
{
    // asm-generic/unistd.h; new system calls have the same number on every architecture since Linux 5.0.
    private const int OpenCall = 434, GetFdCall = 438;

    /// <exception cref="LinuxException">ESRCH: no such process.</exception>
    public static Fd Open(int pid)
    {
        var number = (long)LibC.syscall(OpenCall, pid, 0);
        return number >= 0 ? Fd.Own((int)number) : throw LinuxException.Last($"process {pid}");
    }

    /// <summary>
    /// Duplicates a descriptor of that process (pidfd_getfd(2)). Needs PTRACE_MODE_ATTACH_REALCREDS: the same user and Yama's
    /// permission, or CAP_SYS_PTRACE.
    /// </summary>
    public static Fd GetFd(Fd process, int number)
    {
        var duplicate = (long)LibC.syscall(GetFdCall, process.Number, number, 0);
        return duplicate >= 0 ? Fd.Own((int)duplicate) : throw LinuxException.Last($"pidfd_getfd of descriptor {number}");
    }
}
