using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// How long a compositor may take to answer. One that uses the CPU meanwhile is busy, as with its shaders at its start on a
/// machine without a GPU, and has longer than one that hangs or is stopped.
/// </summary>
/// <param name="now">When the wait begins (CLOCK_MONOTONIC, ns).</param>
/// <param name="cpu">The CPU time of the compositor's process in ns; null if unknown.</param>
internal sealed class HostPatience(long now, Func<long?> cpu)
{
    /// <summary>The time between two looks at the process.</summary>
    public const long LookNs = 10_000_000_000;

    /// <summary>The CPU time between two looks from which on the compositor is busy, and not waiting.</summary>
    public const long BusyNs = LookNs / 10;

    /// <summary>A compositor that is busy for longer than this may be in an endless loop.</summary>
    public const long LongestNs = 60_000_000_000;

    private readonly long _began = now;
    private long? _used = cpu();

    /// <summary>When to look next.</summary>
    public long Due { get; private set; } = now + LookNs;

    /// <summary>Looks at the process. False if the wait is over.</summary>
    public bool Renew(long now)
    {
        var used = cpu();
        var isBusy = used - _used >= BusyNs;
        (_used, Due) = (used, now + LookNs);
        return isBusy && now - _began < LongestNs;
    }
}
