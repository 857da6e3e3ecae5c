using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// How long a compositor may take to answer. One that uses the CPU meanwhile is busy, as with its shaders at its start on a
/// machine without a GPU, and has longer than one that hangs or is stopped.
/// </summary>
/// <param name="now">When the wait begins (CLOCK_MONOTONIC, ns).</param>
/// <param name="cpu">The CPU time of the compositor's process in ns; null if unknown.</param>
/// <param name="look">The time between two looks at the process, ns.</param>
/// <param name="busy">The CPU time between two looks, ns, from which on the compositor is busy, and not waiting.</param>
/// <param name="longest">A compositor that is busy for longer than this, ns, may be in an endless loop.</param>
internal sealed class HostPatience(long now, Func<long?> cpu, long look, long busy, long longest)
{
    private readonly long _began = now;
    private long? _used = cpu();

    /// <summary>When to look next.</summary>
    public long Due { get; private set; } = now + look;

    /// <summary>Looks at the process. False if the wait is over.</summary>
    public bool Renew(long now)
    {
        var used = cpu();
        var isBusy = used - _used >= busy;
        (_used, Due) = (used, now + look);
        return isBusy && now - _began < longest;
    }
}
