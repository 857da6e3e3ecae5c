using System.Diagnostics;

namespace Guestplane.Tests.Fuzz;

/// <summary>What the last tenth costs beside the second tenth.</summary>
internal sealed class Growth(string what, List<Cost> samples)
{
    private readonly (int Fds, long KiB, double Ms) _early = Of(samples[(samples.Count / 10)..(samples.Count / 5 + 1)]);
    private readonly (int Fds, long KiB, double Ms) _late = Of(samples[^(samples.Count / 10 + 1)..]);

    public void Print() => TestContext.Current.TestOutputHelper!.WriteLine(
        $"{what}: {_early.Fds} → {_late.Fds} descriptors, {_early.KiB} → {_late.KiB} KiB, {_early.Ms:0.0} → {_late.Ms:0.0} ms of CPU each time");

    public void AssertFlat()
    {
        Assert.InRange(_late.Fds, 0, _early.Fds + 2);
        Assert.InRange(_late.KiB, 0, _early.KiB + 3072);
        Assert.InRange(_late.Ms, 0, _early.Ms * 1.5 + 1);
    }

    private static (int Fds, long KiB, double Ms) Of(List<Cost> some) => (some.Max(cost => cost.Fds), some.Max(cost => cost.KiB),
        (some[^1].CpuMs - some[0].CpuMs) / Math.Max(1, some[^1].Done - some[0].Done));
}

/// <summary>What a process has used when it had done so much.</summary>
internal readonly record struct Cost(int Done, int Fds, long KiB, double CpuMs)
{
    /// <summary>Null if the process has ended.</summary>
    public static Cost? Of(int id, int done)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return new(done, Directory.GetFileSystemEntries($"/proc/{id}/fd").Length, process.WorkingSet64 >> 10,
                process.TotalProcessorTime.TotalMilliseconds);
        }
        catch (Exception e) when (e is ArgumentException or IOException or InvalidOperationException)
        {
            return null;
        }
    }
}
