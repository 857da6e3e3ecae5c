namespace Guestplane.Tests.Rig;

/// <summary>
/// How many of the rig's machines run at once. An emulated machine needs two processors to keep up with 60 Hz, and of two at once each
/// takes twice as long. User-mode Linux needs half of one, and waits for the rest of its time.
/// </summary>
internal sealed class Processors : IDisposable
{
    private const int Emulated = 2;

    /// <summary>What a machine has by default (tests/rig/boot), and what it runs with beside it.</summary>
    private const long MemoryBytes = 5L << 30;

    private static readonly SemaphoreSlim s_free = new((int)Math.Max(
        Emulated, Math.Min(Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryBytes)));

    // Of two that each hold one processor and wait for a second, neither would ever begin.
    private static readonly SemaphoreSlim s_several = new(1);
    private readonly int _count;

    private Processors(int count) => _count = count;

    /// <summary>Waits for the processors that a machine needs.</summary>
    public static async Task<Processors> Take(bool isEmulated)
    {
        var count = isEmulated ? Emulated : 1;
        await s_several.WaitAsync();
        for (var i = 0; i < count; i++)
            await s_free.WaitAsync();
        s_several.Release();
        return new(count);
    }

    public void Dispose() => s_free.Release(_count);
}
