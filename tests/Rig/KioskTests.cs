using System.Text.RegularExpressions;

namespace Guestplane.Tests.Rig;

public sealed class KioskBoot() : RigBoot("forky", "kiosk.sh", seconds: 1200);

/// <summary>The kiosk drills: the host, a vGPU, both at once, QEMU, the output and the monitor go away and come back, over and over.</summary>
public sealed class KioskTests(KioskBoot boot) : RigTests<KioskBoot>(boot)
{
    private const int Many = 10, Few = 5, FewOfTwo = 3, UsualMs = 5000, MostMs = 20000, MostGrowthKiB = 4096, FirstFrame = 10;

    // Those that DmaBufCache keeps, and a few on their way. How many it has depends on the flips that QEMU coalesced.
    private const int MostDmaBufs = 20;

    [Theory]
    [InlineData("host", Many)]
    [InlineData("vgpu", Many)]
    [InlineData("qemu", Many)]
    [InlineData("stalled", Few)]
    [InlineData("output", Few)]
    [InlineData("plug", Few)]
    [InlineData("unseen", Few)]
    [InlineData("both", FewOfTwo)]
    public void The_VM_is_shown_again_each_time_and_nothing_grows(string name, int count)
    {
        int[][] rounds = [.. Boot.Text($"{name}.rounds").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ').Select(int.Parse).ToArray())];
        Assert.Equal(count, rounds.Length);
        // The machine may be busy in one round, and in no more than half of them.
        Assert.InRange(rounds.Select(round => round[0]).Order().ElementAt(count / 2), 0, UsualMs);
        Assert.All(rounds, round => Assert.InRange(round[0], 0, MostMs));
        var half = (count - 1) / 2;
        // A leak in each round would show: the later ones have as few as the earlier ones had.
        Assert.InRange(rounds.TakeLast(half).Min(round => round[1]), 0, rounds.Skip(1).Take(half).Max(round => round[1]));
        Assert.All(rounds, round => Assert.InRange(round[3], 1, MostDmaBufs));
        Assert.InRange(rounds[^1][2], 0, rounds[1][2] + MostGrowthKiB);
        Assert.Equal((uint)(FirstFrame + count), Boot.Frame($"{name}.png"));
        Assert.Equal(0, Boot.ExitCode(name));
    }

    [Theory]
    [InlineData("host", Many, 0)]
    [InlineData("vgpu", 0, Many)]
    [InlineData("qemu", 0, Many)]
    [InlineData("stalled", 0, 0)]
    [InlineData("output", 0, 0)]
    [InlineData("plug", 0, 0)]
    [InlineData("unseen", 0, Few)]
    [InlineData("both", FewOfTwo, FewOfTwo)]
    public void Only_the_part_that_went_away_is_reported(string name, int hosts, int guests)
    {
        var messages = Boot.Messages(name);
        Assert.Equal(hosts, messages.Split("The Wayland compositor is back").Length - 1);
        Assert.Equal(guests, Regex.Count(messages, "(?m)^guestplane: (vfio|qemu):.* is back\\.$"));
    }

    /// <summary>A vGPU that stands still may be drawn into without a word, and so is committed each refresh; under TCG that is much.</summary>
    [Theory]
    [InlineData("host", 500)]
    [InlineData("vgpu", 500)]
    [InlineData("stalled", 500)]
    [InlineData("output", 500)]
    [InlineData("plug", 500)]
    [InlineData("unseen", 500)]
    [InlineData("both", 500)]
    [InlineData("qemu", 50)]
    public void Afterwards_it_is_idle_and_has_left_no_zombie(string name, int mostMsOfTwoSeconds)
    {
        Assert.InRange(Boot.Number($"{name}.cpu"), 0, mostMsOfTwoSeconds);
        Assert.Equal(0, Boot.Number($"{name}.zombies"));
    }
}
