using System.Diagnostics;
using Guestplane.Compositor;
using Guestplane.Linux;

namespace Guestplane.Tests.Compositor;

public sealed class HostPatienceTests
{
    private const long Second = 1_000_000_000, Look = 10 * Second, Longest = 60 * Second;

    /// <summary>When the wait for a compositor ends that uses this share of a CPU.</summary>
    private static long? EndOf(double share, long most = 100 * Second)
    {
        var now = 0L;
        var patience = new HostPatience(0, () => (long)(now * share), Look, Second, Longest);
        while (now < most)
        {
            now = patience.Due;
            if (!patience.Renew(now))
                return now;
        }
        return null;
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.05, 10)]
    [InlineData(0.2, 60)]
    [InlineData(2, 60)]
    public void A_busy_compositor_has_longer_than_one_that_is_stopped(double share, long seconds) =>
        Assert.Equal(seconds * Second, EndOf(share));

    [Fact]
    public void One_that_was_busy_at_first_has_ten_seconds_from_then()
    {
        var used = 5 * Second;
        var patience = new HostPatience(0, () => used, Look, Second, Longest);
        used += 4 * Second;
        Assert.True(patience.Renew(10 * Second));
        Assert.Equal(20 * Second, patience.Due);
        Assert.False(patience.Renew(20 * Second));
    }

    [Fact]
    public void A_process_that_cannot_be_looked_at_has_ten_seconds()
    {
        var patience = new HostPatience(0, () => null, Look, Second, Longest);
        Assert.False(patience.Renew(patience.Due));
    }

    [Fact]
    public void The_CPU_time_of_a_process_is_known_until_it_ends()
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "while :; do :; done"]))!;
        try
        {
            while (Clock.CpuOf(process.Id) is < 10_000_000)
                Thread.Yield();
            Assert.InRange(Clock.CpuOf(process.Id)!.Value, 10_000_000, Clock.Now);
        }
        finally
        {
            process.Kill();
        }
        process.WaitForExit();
        Assert.Null(Clock.CpuOf(process.Id));
    }
}
