using System.Runtime.InteropServices;
using System.Text;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// Notifies the service manager that started us, if one did, when we are ready and when we stop, and sends watchdog messages if
/// it asks for them (sd_notify(3), sd_watchdog_enabled(3), in libsystemd).
/// </summary>
public sealed unsafe partial class ServiceManager : IDisposable
{
    /// <summary>SD_LISTEN_FDS_START (sd-daemon.h).</summary>
    private const int FirstSocket = 3;

    private readonly Loop _loop;
    private readonly LoopTimer _alive;
    private readonly long _periodNs;
    private bool _isReady;

    private ServiceManager(Loop loop)
    {
        (_loop, _alive) = (loop, new LoopTimer(NotifyAlive));
        ulong microseconds = 0;
        if (sd_watchdog_enabled(0, &microseconds) > 0)
            _periodNs = (long)microseconds * 1000 / 2;
        loop.Add(_alive);
        if (_periodNs > 0)
            _alive.Set(Clock.Now);
    }

    /// <summary>Null if no service manager waits for notifications.</summary>
    public static ServiceManager? Start(Loop loop) =>
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } ? new ServiceManager(loop) : null;

    /// <summary>Reports that something is on the screen, or that clients may connect. Only the first call counts.</summary>
    public void Ready()
    {
        if (!_isReady)
            Notify("READY=1");
        _isReady = true;
    }

    /// <summary>The sockets that the service manager passed to us (sd_listen_fds(3)). Only the first call has them.</summary>
    public static IReadOnlyList<int> Sockets()
    {
        if (Environment.GetEnvironmentVariable("LISTEN_FDS") is not { Length: > 0 }
            || sd_listen_fds(1) is not (> 0 and var count))
            return [];
        // sd_listen_fds made them close-on-exec, and a source may name another than the first by its number.
        for (var number = FirstSocket + 1; number < FirstSocket + count; number++)
            _ = LibC.fcntl(number, LibC.F_SETFD, 0);
        return [.. Enumerable.Range(FirstSocket, count)];
    }

    public void Dispose()
    {
        Notify("STOPPING=1");
        _loop.Remove(_alive);
    }

    private void NotifyAlive(long now)
    {
        Notify("WATCHDOG=1");
        _alive.Set(now + _periodNs);
    }

    private static void Notify(string state)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(state + '\0'))
            // The result is ignored: we go on without a service manager.
            _ = sd_notify(0, text);
    }

    [LibraryImport(DBus.Sdbus.Library)]
    private static partial int sd_listen_fds(int unsetEnvironment);

    [LibraryImport(DBus.Sdbus.Library)]
    private static partial int sd_notify(int unsetEnvironment, byte* state);

    [LibraryImport(DBus.Sdbus.Library)]
    private static partial int sd_watchdog_enabled(int unsetEnvironment, ulong* microseconds);
}
