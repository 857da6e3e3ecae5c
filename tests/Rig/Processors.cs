namespace Guestplane.Tests.Rig;

/// <summary>
/// How many of the rig's machines run at once: one for each processor, which it keeps busy, and one for the time in which another waits.
/// Of those that wait for their turn, what takes longest is next, so that it does not run alone at the end. Of QEMU, whose clock is
/// real, one runs at a time: it has a processor for itself, because user-mode Linux leaves it to others (nice). When all of user-mode
/// Linux has ended, each processor may have one.
/// </summary>
internal sealed class Processors : IDisposable
{
    /// <summary>What user-mode Linux has by default (tests/rig/boot), and what it runs with beside it.</summary>
    private const long MemoryBytes = 7L << 29;

    /// <summary>How many run at once, at most.</summary>
    public static int Most { get; } = (int)Math.Clamp(
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryBytes, 1, Environment.ProcessorCount + 1);

    /// <summary>Scenarios: those that only QEMU runs, then those that take longest; the others follow.</summary>
    private static readonly string[] s_first =
    [
        LinuxGuest.Scenario, "cards.sh", "vgpu-trixie.sh", "scanout-test.sh", "pattern-hosts.sh", "kiosk.sh", "desktop.sh", "qemu-sway.sh",
    ];

    private static readonly Lock s_lock = new();
    private static readonly List<Waiting> s_waiting = [];
    private static int s_running, s_emulating;
    private static bool s_hadOthers;
    private readonly bool _isEmulated;

    private Processors(bool isEmulated) => _isEmulated = isEmulated;

    /// <summary>Waits until a machine may run that scenario.</summary>
    public static async Task<Processors> Take(string scenario, bool isEmulated)
    {
        // Of those that are not in the list, -1 is the largest of all numbers.
        var waiting = new Waiting((uint)Array.IndexOf(s_first, scenario), isEmulated, new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (s_lock)
        {
            s_waiting.Add(waiting);
            Begin();
        }
        await waiting.Turn.Task;
        return new(isEmulated);
    }

    public void Dispose()
    {
        lock (s_lock)
        {
            s_running--;
            s_emulating -= _isEmulated ? 1 : 0;
            s_hadOthers |= !_isEmulated;
            Begin();
        }
    }

    private static void Begin()
    {
        while (s_running < Most && s_waiting.Where(MayRun).MinBy(one => one.Place) is { } next)
        {
            s_waiting.Remove(next);
            s_running++;
            s_emulating += next.IsEmulated ? 1 : 0;
            next.Turn.SetResult();
        }
    }

    private static bool MayRun(Waiting one) => !one.IsEmulated || s_emulating == 0
        || (s_emulating < Environment.ProcessorCount && s_hadOthers && s_running == s_emulating && s_waiting.TrueForAll(other => other.IsEmulated));

    private sealed record Waiting(uint Place, bool IsEmulated, TaskCompletionSource Turn);
}
