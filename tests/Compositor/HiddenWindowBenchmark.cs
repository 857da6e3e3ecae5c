using System.Diagnostics;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>What a hidden window costs, by <c>bench/run hidden</c>. No test: the figures are those of an idle machine.</summary>
public sealed class HiddenWindowBenchmark
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(0.5), s_measured = TimeSpan.FromSeconds(10);

    [Fact(Explicit = true)]
    public void A_hidden_window_of_a_VM_that_draws_as_fast_as_it_may()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = QemuDesktop.Shown();
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer.Kind: "dmabuf" });
        desktop.Host.Faults.NeverFrame = true;
        using var process = Process.GetProcessById(desktop.Run!.Id);
        Update(desktop, s_warmUp);
        var (before, cpu, commits) = (desktop.Qemu.Console.Updates.Count, process.TotalProcessorTime, desktop.Primary.Commits);
        var hidden = Stopwatch.StartNew();
        Update(desktop, s_measured);
        process.Refresh();
        var answers = desktop.Qemu.Console.Updates.Skip(before).SkipLast(1).Select(update => update.Duration.TotalMilliseconds).ToList();
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"CPU {(process.TotalProcessorTime - cpu) / hidden.Elapsed:0.00 %} (budget: 1 %)");
        output.WriteLine($"{(desktop.Primary.Commits - commits) / hidden.Elapsed.TotalSeconds:0.0} commits a second (budget: 1)");
        output.WriteLine($"QEMU's answer after {answers.Average():0} ms, {answers.Max():0} ms at most (budget: 150 ms)");
    }

    private static void Update(QemuDesktop desktop, TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        for (var n = 1; clock.Elapsed < time; n++)
        {
            desktop.WaitQemu(q => !q.Console.IsGlBlocked);
            desktop.Qemu.Console.UpdateDmabuf(n % 60, 0, 1, 1);
        }
    }
}
