using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Linux;

/// <summary>
/// The service manager that started us, if one did: told when we are ready and when we stop, and, if it wants that, that the
/// loop still turns (sd_notify(3), sd_watchdog_enabled(3), by libsystemd).
/// </summary>
public sealed unsafe partial class ServiceManager : IDisposable
{
    private readonly Loop _loop;
    private readonly LoopTimer _alive;
    private readonly long _periodNs;
    private bool _isReady;

    private ServiceManager(Loop loop)
    {
        (_loop, _alive) = (loop, new LoopTimer(TellAlive));
        ulong microseconds = 0;
        if (sd_watchdog_enabled(0, &microseconds) > 0)
            _periodNs = (long)microseconds * 1000 / 2;
        loop.Add(_alive);
        if (_periodNs > 0)
            _alive.Set(Clock.Now);
    }

    /// <summary>Null where nobody waits for us.</summary>
    public static ServiceManager? Start(Loop loop) =>
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } ? new ServiceManager(loop) : null;

    /// <summary>There is something on the screen. Told once; more does no harm.</summary>
    public void Ready()
    {
        if (!_isReady)
            Tell("READY=1");
        _isReady = true;
    }

    public void Dispose()
    {
        Tell("STOPPING=1");
        _loop.Remove(_alive);
    }

    private void TellAlive(long now)
    {
        Tell("WATCHDOG=1");
        _alive.Set(now + _periodNs);
    }

    private static void Tell(string state)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(state + '\0'))
            // A manager that is gone is no reason to end.
            _ = sd_notify(0, text);
    }

    [LibraryImport(DBus.Sdbus.Library)]
    private static partial int sd_notify(int unsetEnvironment, byte* state);

    [LibraryImport(DBus.Sdbus.Library)]
    private static partial int sd_watchdog_enabled(int unsetEnvironment, ulong* microseconds);
}
