using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>The signals that end a run in order, with its report: Ctrl+C, kill, and a terminal that was closed.</summary>
internal static class StopSignals
{
    /// <summary>
    /// Signals that come closer together are one wish: timeout(1) signals the program and its group, and a terminal that closes
    /// sends SIGHUP twice.
    /// </summary>
    private const long OneWishNs = 1_000_000_000;

    // Kept until the process ends: the second signal may come while the first one's run writes its report.
    private static readonly List<PosixSignalRegistration> s_registrations = [];

    private static long s_first = LoopSource.Never;
    private static volatile Loop? s_loop;

    /// <summary>True if a signal has come: the program shall end.</summary>
    public static bool IsAsked => Volatile.Read(ref s_first) != LoopSource.Never;

    /// <summary>Stops the loop on each of them, from now on, in place of an earlier one; at once if one has come.</summary>
    public static void On(Loop loop)
    {
        s_loop = loop;
        if (s_registrations.Count == 0)
            foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
                s_registrations.Add(PosixSignalRegistration.Create(signal, Stop));
        if (IsAsked)
            loop.Stop();
    }

    private static void Stop(PosixSignalContext context)
    {
        // A later one ends the program at once, should the first one's end wait for something.
        var now = Clock.Now;
        var first = Math.Min(Volatile.Read(ref s_first), now);
        Volatile.Write(ref s_first, first);
        context.Cancel = now - first < OneWishNs;
        s_loop?.Stop();
    }
}
