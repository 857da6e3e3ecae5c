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

    /// <summary>Stops the loop on each of them, from now on.</summary>
    public static void On(Loop loop)
    {
        var first = LoopSource.Never;
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
            s_registrations.Add(PosixSignalRegistration.Create(signal, Stop));

        void Stop(PosixSignalContext context)
        {
            // A later one ends the program at once, should the first one's end wait for something.
            var now = Clock.Now;
            first = Math.Min(first, now);
            context.Cancel = now - first < OneWishNs;
            loop.Stop();
        }
    }
}
