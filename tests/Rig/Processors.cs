namespace Guestplane.Tests.Rig;

/// <summary>
/// How many of the rig's machines run at once: one for each processor, which it keeps busy, and one for the time in which another waits.
/// Of those that wait for their turn, what takes longest is next, so that it does not run alone at the end.
/// </summary>
internal sealed class Processors : IDisposable
{
    /// <summary>What user-mode Linux has by default (tests/rig/boot), and what it runs with beside it.</summary>
    private const long MemoryBytes = 7L << 29;

    /// <summary>How many run at once, at most.</summary>
    public static int Most { get; } = (int)Math.Clamp(
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryBytes, 1, Environment.ProcessorCount + 1);

    /// <summary>Scenarios, those that take longest first; the others follow.</summary>
    private static readonly string[] s_longest =
    [
        LinuxGuest.Scenario, "cards.sh", "scanout-test.sh", "pattern-hosts.sh", "vgpu-trixie.sh", "kiosk.sh", "desktop.sh", "qemu-sway.sh",
    ];

    private static readonly Lock s_lock = new();
    private static readonly PriorityQueue<TaskCompletionSource<Processors>, uint> s_waiting = new();
    private static int s_free = Most;

    private Processors()
    {
    }

    /// <summary>Waits until a machine may run that scenario.</summary>
    public static Task<Processors> Take(string scenario)
    {
        var turn = new TaskCompletionSource<Processors>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (s_lock)
        {
            // Of those that are not in the list, -1 is the largest of all numbers.
            s_waiting.Enqueue(turn, (uint)Array.IndexOf(s_longest, scenario));
            Begin();
        }
        return turn.Task;
    }

    public void Dispose()
    {
        lock (s_lock)
        {
            s_free++;
            Begin();
        }
    }

    private static void Begin()
    {
        for (; s_free > 0 && s_waiting.TryDequeue(out var next, out _); s_free--)
            next.SetResult(new());
    }
}
