using System.Diagnostics;
using System.Globalization;
using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Fuzz;

/// <summary>
/// What a program costs that runs for days: descriptors, memory and CPU stay what they were. No test of the suite, because each
/// takes minutes; README.md has the command.
/// </summary>
public sealed class LongRun
{
    private const string FactorVariable = "GUESTPLANE_LONG_RUN";
    private const int Programs = 10, Heads = 16;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>1 runs what the names say; 0.01 is a try.</summary>
    private static double Factor => double.TryParse(Environment.GetEnvironmentVariable(FactorVariable), CultureInfo.InvariantCulture, out var factor) ? factor : 1;

    [Fact(Explicit = true)]
    public void A_million_flips()
    {
        var flips = (long)(1_000_000 * Factor);
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { TranscriptLines = 0 });
        using var run = ProgramRun.Start(host, $"show pattern:memory=memfd,size=640x480,heads={Heads},rate=1000 --frames {flips}");
        var samples = new List<Cost>();
        while (!run.HasEnded)
        {
            host.WaitUntil(_ => run.HasEnded, TimeSpan.FromSeconds(1));
            if (!run.HasEnded && Cost.Of(run.Id, samples.Count + 1) is { } cost)
                samples.Add(cost);
        }
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
        var heads = run.Report.GetProperty("heads").EnumerateArray().ToList();
        var shown = heads.Sum(head => head.GetProperty("flips").GetInt64());
        Assert.InRange(shown, flips, long.MaxValue);
        var growth = new Growth($"{shown} flips ({run.Report.GetProperty("managedBytesPerFlip").GetDouble()} managed bytes each), seconds", samples);
        growth.Print();
        growth.AssertFlat();
    }

    [Fact(Explicit = true)]
    public void Ten_thousand_restarts_of_the_VM() => InTurns("restarts of the VM", rounds =>
    {
        using var desktop = QemuDesktop.Shown("--wait", host: setup => setup.TranscriptLines = 0);
        var samples = new List<Cost>();
        for (var round = 1; round <= rounds; round++)
        {
            desktop.Qemu.Die();
            Assert.True(desktop.Qemu.WaitUntil(q => q.Console.ListenersRegistered == round + 1 && q.Console.Listeners == 1, s_patience), $"round {round}");
            samples.Add(Cost.Of(desktop.Run!.Id, round)!.Value);
        }
        desktop.End();
        return samples;
    });

    [Fact(Explicit = true)]
    public void Ten_thousand_restarts_of_the_compositor() => InTurns("restarts of the compositor", rounds =>
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true, TouchPresent = true, TranscriptLines = 0 });
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480 --fullscreen --reconnect");
        var samples = new List<Cost>();
        for (var round = 1; round <= rounds; round++)
        {
            Assert.True(host.WaitUntil(h => h.Connections == round && ShowTests.Primary(h)?.Buffer is not null, s_patience), $"round {round}");
            samples.Add(Cost.Of(run.Id, round)!.Value);
            host.DropClients();
        }
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
        return samples;
    });

    /// <summary>glibc checks each block of memory that is freed, and aborts for one that was written beyond or freed before.</summary>
    [Fact(Explicit = true)]
    public void Ten_thousand_flips_with_a_checked_heap()
    {
        const string Checks = "libc_malloc_debug.so.0";
        Assert.SkipWhen(Guestplane.Linux.SharedLibrary.File(Checks) is null, $"{Checks} is not installed");
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true, TranscriptLines = 0 });
        var isRefused = true;
        host.Faults.FailImport = _ => isRefused;
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=640x480,rate=1000 --frames 10000 --reconnect",
            ("LD_PRELOAD", Checks), ("MALLOC_CHECK_", "3"), ("MALLOC_PERTURB_", "165"));
        Assert.True(host.WaitUntil(h => h.ImportsFailed > 0 && ShowTests.Primary(h)?.Buffer is not null, s_patience));
        isRefused = false;
        Assert.True(host.WaitUntil(h => h.TotalCommits > 100, s_patience));
        host.DropClients();
        Assert.True(host.WaitUntil(h => h.Connections == 2 && ShowTests.Primary(h)?.Buffer?.Kind == "dmabuf", s_patience));
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>By several programs at once: most of the time of a restart is a pause.</summary>
    private static void InTurns(string what, Func<int, List<Cost>> run)
    {
        var rounds = (int)(10_000 * Factor / Programs);
        var all = new List<Cost>[Programs];
        var threads = Enumerable.Range(0, Programs).Select(i => Task.Factory.StartNew(() => all[i] = run(rounds), TaskCreationOptions.LongRunning)).ToArray();
        Task.WaitAll(threads, TestContext.Current.CancellationToken);
        var growths = all.Select(samples => new Growth($"{rounds} {what}", samples)).ToList();
        growths.ForEach(growth => growth.Print());
        growths.ForEach(growth => growth.AssertFlat());
    }

    /// <summary>What the last tenth costs beside the second tenth.</summary>
    private sealed class Growth(string what, List<Cost> samples)
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
    private readonly record struct Cost(int Done, int Fds, long KiB, double CpuMs)
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
}
