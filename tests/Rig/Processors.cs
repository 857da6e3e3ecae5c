namespace Guestplane.Tests.Rig;

/// <summary>
/// How many of the rig's machines run at once. User-mode Linux has one processor, and waits for most of its time. An emulated machine
/// needs two to keep up with 60 Hz, and of two at once each takes twice as long; what is measured in time runs by itself, too.
/// </summary>
internal sealed class Processors : IDisposable
{
    /// <summary>What a machine has by default (tests/rig/boot), and what it runs with beside it.</summary>
    private const long MemoryBytes = 5L << 30;

    private const int PerProcessor = 2;

    /// <summary>How many run at once, at most.</summary>
    public static int Most { get; } = (int)Math.Clamp(
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryBytes, 1, PerProcessor * Environment.ProcessorCount);

    private static readonly Lock s_lock = new();
    private static readonly Queue<TaskCompletionSource<Processors>> s_beside = new(), s_alone = new();
    private static int s_free = Most;
    private readonly int _count;

    private Processors(int count) => _count = count;

    /// <summary>Waits until a machine may run: beside others, or by itself when none of those waits.</summary>
    public static Task<Processors> Take(bool isAlone)
    {
        var turn = new TaskCompletionSource<Processors>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (s_lock)
        {
            (isAlone ? s_alone : s_beside).Enqueue(turn);
            Begin();
        }
        return turn.Task;
    }

    public void Dispose()
    {
        lock (s_lock)
        {
            s_free += _count;
            Begin();
        }
    }

    private static void Begin()
    {
        while (s_free > 0 && s_beside.TryDequeue(out var turn))
            Begin(turn, 1);
        if (s_free == Most && s_alone.TryDequeue(out var alone))
            Begin(alone, Most);
    }

    private static void Begin(TaskCompletionSource<Processors> turn, int count)
    {
        s_free -= count;
        turn.SetResult(new(count));
    }
}
