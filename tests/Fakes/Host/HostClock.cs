using System.Diagnostics;

namespace Guestplane.Tests.Fakes;

internal static class HostClock
{
    /// <summary>CLOCK_MONOTONIC in nanoseconds, which is what Stopwatch counts on Linux.</summary>
    public static long Now => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);
}
