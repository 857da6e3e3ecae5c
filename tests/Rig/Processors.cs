namespace Guestplane.Tests.Rig;

/// <summary>
/// How many of the rig's machines run at once: one for each processor, which it keeps busy, and one for the time in which another waits.
/// Of those that wait for their turn, what takes longest is next, so that it does not run alone at the end. Of QEMU, whose clock is
/// real, one runs at a time: it has a processor for itself, because user-mode Linux leaves it to others (nice).
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
    private static readonly PriorityQueue<TaskCompletionSource, uint> s_waiting = new();
    private static readonly SemaphoreSlim s_emulated = new(1);
    private static int s_free = Most;
    private readonly bool _isEmulated;

    private Processors(bool isEmulated) => _isEmulated = isEmulated;

    /// <summary>Waits until a machine may run that scenario.</summary>
    public static async Task<Processors> Take(string scenario, bool isEmulated)
    {
        if (isEmulated)
            await s_emulated.WaitAsync();
        await Turn(scenario);
        return new(isEmulated);
    }

    private static Task Turn(string scenario)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
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
        if (_isEmulated)
            s_emulated.Release();
    }

    private static void Begin()
    {
        for (; s_free > 0 && s_waiting.TryDequeue(out var next, out _); s_free--)
            next.SetResult();
    }
}
