using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Guestplane.Linux;

/// <summary>Time in nanoseconds.</summary>
public static partial class Clock
{
    /// <summary>clockid_t of CLOCK_MONOTONIC, which <see cref="Now"/> reads.</summary>
    public const int Monotonic = 1;
    private const int ProcessCpu = 2;

    /// <summary>CLOCK_MONOTONIC; on Linux that is what Stopwatch reads, and it counts in ns.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>CPU time of the whole process.</summary>
    public static long Cpu => Read(ProcessCpu);

    /// <summary>Any clock by its clockid_t (a host's presentation clock may be another than ours).</summary>
    public static long Read(int clock)
    {
        if (clock_gettime(clock, out var time) != 0)
            throw new LinuxException($"clock_gettime of clock {clock}", Marshal.GetLastPInvokeError());
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }
}
