namespace Guestplane.Tests.Rig;

/// <summary>How much of the machine one of the rig's machines needs.</summary>
internal enum RigLoad
{
    /// <summary>User-mode Linux. It has one processor, and waits for most of its time.</summary>
    UserMode,

    /// <summary>QEMU. It needs more than one processor to keep up with 60 Hz, and of two at once each takes twice as long.</summary>
    Emulated,

    /// <summary>Its tests are of time: nothing else runs beside it.</summary>
    Measured,
}

/// <summary>
/// How many of the rig's machines run at once: several of user-mode Linux, or one of QEMU and two of those. Of the machines of one kind
/// that wait, what takes longest is next, so that it does not run alone at the end.
/// </summary>
internal sealed class Processors : IDisposable
{
    /// <summary>What user-mode Linux has by default (tests/rig/boot), and what it runs with beside it.</summary>
    private const long MemoryBytes = 7L << 29;

    private const int PerProcessor = 3;

    /// <summary>How many run at once, at most.</summary>
    public static int Most { get; } = (int)Math.Clamp(
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryBytes, 1, PerProcessor * Environment.ProcessorCount);

    /// <summary>Scenarios, those that take longest first; the others follow.</summary>
    private static readonly string[] s_longest =
    [
        LinuxGuest.Scenario, "cards.sh", "service.sh", "kiosk.sh", "scanout-test.sh", "pattern-hosts.sh", "input.sh", "qemu-sway.sh", "sync.sh",
    ];

    private static readonly Lock s_lock = new();
    private static readonly Dictionary<RigLoad, PriorityQueue<TaskCompletionSource<Processors>, uint>> s_waiting =
        Enum.GetValues<RigLoad>().ToDictionary(load => load, _ => new PriorityQueue<TaskCompletionSource<Processors>, uint>());
    private static int s_free = Most, s_emulated;
    private readonly RigLoad _load;

    private Processors(RigLoad load) => _load = load;

    /// <summary>Waits until such a machine may run that scenario.</summary>
    public static Task<Processors> Take(RigLoad load, string scenario)
    {
        var turn = new TaskCompletionSource<Processors>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (s_lock)
        {
            // Of those that are not in the list, -1 is the largest of all numbers.
            s_waiting[load].Enqueue(turn, (uint)Array.IndexOf(s_longest, scenario));
            Begin();
        }
        return turn.Task;
    }

    public void Dispose()
    {
        lock (s_lock)
        {
            s_free += Places(_load);
            s_emulated -= _load == RigLoad.Emulated ? 1 : 0;
            Begin();
        }
    }

    private static void Begin()
    {
        // QEMU is waited for longest: no other takes the places that it waits for.
        if (!Begin(RigLoad.Emulated) && s_emulated == 0)
            return;
        if (Begin(RigLoad.UserMode))
            Begin(RigLoad.Measured);
    }

    /// <returns>True if none waits any more.</returns>
    private static bool Begin(RigLoad load)
    {
        while (Places(load) <= s_free && (load != RigLoad.Emulated || s_emulated == 0) && s_waiting[load].TryDequeue(out var turn, out _))
        {
            s_free -= Places(load);
            s_emulated += load == RigLoad.Emulated ? 1 : 0;
            turn.SetResult(new(load));
        }
        return s_waiting[load].Count == 0;
    }

    private static int Places(RigLoad load) => load switch
    {
        RigLoad.UserMode => 1,
        RigLoad.Emulated => Math.Max(1, Most - 2),
        _ => Most,
    };
}
