using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// Where a VM is found: "qemu:", "qemu:bus=ADDRESS", "qemu:qmp=PATH", "qemu:fd=N", "libvirt:DOMAIN". Each attempt to reach
/// it is made from here.
/// </summary>
internal sealed class QemuSource
{
    public const string Help =
        """
        qemu:                a VM on the session bus (QEMU -display dbus)
        qemu:bus=ADDRESS     a VM on that bus
        qemu:qmp=PATH        a VM by its QMP socket (QEMU -display dbus,p2p=yes)
        qemu:fd=N            a VM at the other end of an inherited socket
        libvirt:DOMAIN       a VM of libvirt's with <graphics type='dbus' p2p='yes'>
        """;

    /// <summary>The name that QEMU takes on a bus (ui/dbus.c).</summary>
    private const string BusName = "org.qemu";

    private readonly Action<Loop, Action<QemuConnection?, SourceException?>> _reach;

    private QemuSource(string words, bool canReturn, Action<Loop, Action<QemuConnection?, SourceException?>> reach) =>
        (Words, CanReturn, _reach) = (words, canReturn, reach);

    /// <summary>As the user wrote it.</summary>
    public string Words { get; }

    /// <summary>The same words can find the VM again when it has been restarted.</summary>
    public bool CanReturn { get; }

    public static bool Is(string words) => words.StartsWith("qemu:", StringComparison.Ordinal) || words.StartsWith("libvirt:", StringComparison.Ordinal);

    /// <exception cref="SourceException">The words name no VM.</exception>
    public static QemuSource Parse(string words)
    {
        if (words.StartsWith("libvirt:", StringComparison.Ordinal))
            return Libvirt(words, words["libvirt:".Length..]);
        var (key, value) = Split(words["qemu:".Length..]);
        return (key, value) switch
        {
            ("", "") => new(words, true, (loop, done) => OnBus(loop, done, null)),
            ("bus", { Length: > 0 }) => new(words, true, (loop, done) => OnBus(loop, done, value)),
            ("qmp", { Length: > 0 }) => new(words, true, (loop, done) => ByQmp(loop, done, value)),
            ("fd", _) when int.TryParse(value, out var number) && number >= 0 => new(words, false, (loop, done) => ByFd(loop, done, number)),
            _ => throw new SourceException(SourceFault.Usage, $"\"{words}\" names no VM; say qemu:, qemu:bus=ADDRESS, qemu:qmp=PATH or qemu:fd=N."),
        };
    }

    /// <summary>Tries once. Tells the connection, or a clause that says why there is none and what to do, now or later.</summary>
    public void Reach(Loop loop, Action<QemuConnection?, SourceException?> done)
    {
        try
        {
            _reach(loop, done);
        }
        catch (SourceException e)
        {
            done(null, e);
        }
        catch (DllNotFoundException)
        {
            done(null, Absent("libsystemd.so.0 is not installed (Debian: libsystemd0)"));
        }
    }

    private static SourceException Absent(string clause) => new(SourceFault.NotThere, clause);

    private static (string Key, string Value) Split(string words)
    {
        var equals = words.IndexOf('=');
        return equals < 0 ? (words, "") : (words[..equals], words[(equals + 1)..]);
    }

    private static void OnBus(Loop loop, Action<QemuConnection?, SourceException?> done, string? address)
    {
        try
        {
            done(QemuConnection.OnBus(loop, address is null ? Bus.OpenSession() : Bus.Open(address), BusName), null);
        }
        catch (BusException e)
        {
            throw Absent(address is null ? "there is no session bus (DBUS_SESSION_BUS_ADDRESS): run guestplane in a session, or name the VM's bus by qemu:bus=ADDRESS"
                : $"{e.Message}: see that the address is that of the VM's bus");
        }
    }

    private static Fd Connect(string path)
    {
        try
        {
            return UnixSocket.Connect(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.Denied)
        {
            throw new SourceException(SourceFault.NotPermitted, $"guestplane may not use {path} ({FileOwner.Describe(path)}): run it as the user of the VM, or as a member of that group");
        }
        catch (LinuxException e)
        {
            throw Absent($"{e.Message}: start QEMU with -display dbus,p2p=yes -qmp unix:{path},server=on,wait=off");
        }
    }

    private static void ByQmp(Loop loop, Action<QemuConnection?, SourceException?> done, string path)
    {
        var socket = Connect(path);
        var (ours, theirs) = UnixSocket.Pair();
        _ = new Qmp(loop, socket, theirs, problem =>
        {
            if (problem is null)
            {
                ToPeer(loop, ours, done);
                return;
            }
            ours.Dispose();
            done(null, Absent(problem));
        });
    }

    /// <summary>Long after the words were read: a peer that has gone by now is a problem like any other.</summary>
    private static void ToPeer(Loop loop, Fd socket, Action<QemuConnection?, SourceException?> done)
    {
        try
        {
            done(QemuConnection.ToPeer(loop, socket), null);
        }
        catch (BusException e)
        {
            done(null, Absent(e.Message));
        }
    }

    private static void ByFd(Loop loop, Action<QemuConnection?, SourceException?> done, int number)
    {
        try
        {
            done(QemuConnection.ToPeer(loop, UnixSocket.Own(number)), null);
        }
        catch (Exception e) when (e is LinuxException or BusException)
        {
            throw Absent($"file descriptor {number} is no open socket: whoever starts guestplane must leave it open without FD_CLOEXEC");
        }
    }

    private static QemuSource Libvirt(string words, string domain)
    {
        if (domain.Length == 0)
            throw new SourceException(SourceFault.Usage, "libvirt: needs a domain's name, as in libvirt:debian.");
        return new(words, true, (loop, done) => _ = Task.Run(() => OpenGraphics(domain)).ContinueWith(
            opened => loop.Post(() => Opened(loop, opened.Result, done)), TaskScheduler.Default));
    }

    /// <summary>On a thread of its own: libvirt's calls wait for its daemon.</summary>
    private static (Fd? Socket, string? Problem) OpenGraphics(string domain)
    {
        try
        {
            return (Guestplane.Linux.Libvirt.OpenGraphics(domain, out var problem), problem);
        }
        catch (DllNotFoundException)
        {
            return (null, "libvirt.so.0 is not installed (Debian: libvirt0)");
        }
    }

    private static void Opened(Loop loop, (Fd? Socket, string? Problem) opened, Action<QemuConnection?, SourceException?> done)
    {
        if (opened.Socket is { } socket)
            ToPeer(loop, socket, done);
        else
            done(null, Absent($"libvirt: {opened.Problem}"));
    }
}
