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
    internal static double Factor => double.TryParse(Environment.GetEnvironmentVariable(FactorVariable), CultureInfo.InvariantCulture, out var factor) ? factor : 1;

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
}
