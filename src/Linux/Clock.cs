using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>Time in nanoseconds.</summary>
public static partial class Clock
{
    /// <summary>clockid_t of CLOCK_MONOTONIC, which <see cref="Now"/> reads.</summary>
    public const int Monotonic = 1;
    private const int ProcessCpu = 2;

    /// <summary>CLOCK_MONOTONIC, which is what Stopwatch reads on Linux, in nanoseconds.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>CPU time of the whole process.</summary>
    public static long Cpu => Read(ProcessCpu);

    /// <summary>CPU time of another process, with all its threads; null if it has ended.</summary>
    public static long? CpuOf(int pid)
    {
        // CPUCLOCK_SCHED of a process (linux/posix-timers_types.h, MAKE_PROCESS_CPUCLOCK).
        var clock = (~pid << 3) | 2;
        return clock_gettime(clock, out var time) == 0 ? time.Total : null;
    }

    /// <summary>True if the kernel has that clock.</summary>
    public static bool Exists(int clock) => clock_gettime(clock, out _) == 0;

    /// <summary>Any clock by its clockid_t: the compositor's presentation clock need not be CLOCK_MONOTONIC.</summary>
    public static long Read(int clock)
    {
        if (clock_gettime(clock, out var time) != 0)
            throw new LinuxException($"clock_gettime of clock {clock}", Marshal.GetLastPInvokeError());
        return time.Total;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds, Nanoseconds;

        public readonly long Total => Seconds * 1_000_000_000 + Nanoseconds;
    }
}
