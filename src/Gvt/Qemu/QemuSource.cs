using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The address of a VM: "qemu:", "qemu:NAME", "qemu:bus=ADDRESS",
/// "qemu:qmp=PATH", "qemu:user=NAME,qmp=PATH", "qemu:socket=PATH", "qemu:fd=N",
/// "libvirt:DOMAIN". Every attempt to connect to it starts here.
/// </summary>
public sealed class QemuSource
{
    /// <summary>The words that name a VM, a line each.</summary>
    public const string Help =
        """
        qemu:                the first VM on the session bus (QEMU -display dbus)
        qemu:NAME            the VM of that name there; qemu:uuid=UUID and qemu:pid=PID if the name is not enough
        qemu:bus=ADDRESS     a VM on that bus; also qemu:bus=ADDRESS,name=NAME
        qemu:qmp=PATH        a VM by its QMP socket (QEMU -display dbus,p2p=yes)
        qemu:user=NAME,qmp=PATH   the same, of another user
        qemu:socket=PATH     what guestplane share serves there
        qemu:fd=N            a VM at the other end of an inherited socket
        libvirt:DOMAIN       a libvirt VM by its name, UUID or number, with <graphics type='dbus' p2p='yes'>
        """;

    private readonly Func<Loop, Action<QemuConnection?, SourceException?>, IDisposable?> _reach;

    private QemuSource(
        string words, bool canReturn, Func<Loop, Action<QemuConnection?, SourceException?>, IDisposable?> reach) =>
        (Words, CanReturn, _reach) = (words, canReturn, reach);

    /// <summary>The source as the user wrote it.</summary>
    public string Words { get; }

    /// <summary>True if the same source finds the VM again after it has been restarted.</summary>
    public bool CanReturn { get; }

    /// <summary>Whether the words name a VM of QEMU's.</summary>
    public static bool Is(string words) =>
        words.StartsWith("qemu:", StringComparison.Ordinal) || words.StartsWith("libvirt:", StringComparison.Ordinal);

    /// <summary>True for a word that has a meaning of its own after "qemu:", and so names no VM alone.</summary>
    internal static bool IsKey(string word) => word is "bus" or "qmp" or "socket" or "user" or "fd" or "name" or "uuid" or "pid";

    /// <param name="words">The source.</param>
    /// <param name="connection">The URI of libvirt's connection; null for libvirt's default.</param>
    /// <exception cref="SourceException">The source names no VM.</exception>
    public static QemuSource Parse(string words, string? connection)
    {
        if (words.StartsWith("libvirt:", StringComparison.Ordinal))
            return Libvirt(words, words["libvirt:".Length..], connection);
        var (key, value) = Split(words["qemu:".Length..]);
        return (key, value) switch
        {
            ("bus", { Length: > 0 }) => OnBus(words, value),
            ("qmp", { Length: > 0 }) => new(words, true, (loop, done) => ByQmp(loop, done, value)),
            ("socket", { Length: > 0 }) => new(words, true, (loop, done) => ToShare(loop, done, value)),
            ("user", _) when value.IndexOf(",qmp=", StringComparison.Ordinal) is > 0 and var end && value.Length > end + 5 =>
                new(words, true, (loop, done) => ByQmp(loop, done, value[(end + 5)..], value[..end])),
            ("fd", _) when int.TryParse(value, out var number) && number >= 0 =>
                new(words, false, (loop, done) => ByFd(loop, done, number)),
            _ when Choice(key, value) is { } choice => new(words, true, (loop, done) => OnBus(loop, done, null, choice)),
            _ => throw new SourceException(SourceFault.Usage,
                $"\"{words}\" names no VM; use qemu:, qemu:NAME, qemu:uuid=UUID, qemu:pid=PID, qemu:bus=ADDRESS, qemu:qmp=PATH, "
                    + "qemu:user=NAME,qmp=PATH, qemu:socket=PATH or qemu:fd=N."),
        };
    }

    /// <summary>"" and "NAME" without a value; "name", "uuid" and "pid" with one. Null for others.</summary>
    private static BusVmChoice? Choice(string key, string value) => (key, value) switch
    {
        ("", "") => BusVmChoice.First(),
        ("name", { Length: > 0 }) => BusVmChoice.ByName(value),
        ("uuid", _) when Guid.TryParse(value, out var uuid) => BusVmChoice.ByUuid(uuid),
        ("pid", _) when int.TryParse(value, out var pid) && pid > 0 => BusVmChoice.ByProcess(pid),
        (_, "") when !IsKey(key) => BusVmChoice.ByName(key),
        _ => null,
    };

    /// <summary>"ADDRESS", or "ADDRESS,name=NAME" and the like: an address has no such keys (D-Bus specification).</summary>
    private static QemuSource OnBus(string words, string address)
    {
        var choice = BusVmChoice.First();
        foreach (var key in (string[])["name", "uuid", "pid"])
            if (address.IndexOf($",{key}=", StringComparison.Ordinal) is > 0 and var at)
            {
                choice = Choice(key, address[(at + key.Length + 2)..]) ?? throw new SourceException(SourceFault.Usage,
                    $"\"{words}\" names no VM; use qemu:bus=ADDRESS,name=NAME, …,uuid=UUID or …,pid=PID.");
                address = address[..at];
            }
        return new(words, true, (loop, done) => OnBus(loop, done, address, choice));
    }

    /// <summary>
    /// Tries to connect once. Calls <paramref name="done"/>, now or later, with the connection, or with a clause that has the
    /// reason and the remedy. Returns what ends an attempt that nobody waits for any more; null for nothing.
    /// </summary>
    internal IDisposable? Reach(Loop loop, Action<QemuConnection?, SourceException?> done)
    {
        try
        {
            return _reach(loop, done);
        }
        catch (SourceException e)
        {
            done(null, e);
        }
        catch (LinuxException e)
        {
            // No descriptors are left, which may change.
            done(null, Absent(e.Message));
        }
        catch (DllNotFoundException)
        {
            SharedLibrary.CheckFiles();
            done(null, Absent("libsystemd.so.0 is not installed (Debian: libsystemd0)"));
        }
        return null;
    }

    private static SourceException Absent(string clause) => new(SourceFault.NotThere, clause);

    private static (string Key, string Value) Split(string words)
    {
        var equals = words.IndexOf('=');
        return equals < 0 ? (words, "") : (words[..equals], words[(equals + 1)..]);
    }

    private static IDisposable? OnBus(
        Loop loop, Action<QemuConnection?, SourceException?> done, string? address, BusVmChoice choice)
    {
        try
        {
            done(QemuConnection.OnBus(loop, address is null ? Bus.OpenSession() : Bus.Open(address), choice), null);
            return null;
        }
        catch (BusException e)
        {
            throw Absent(address is not null
                ? $"{e.Message}: check that the address is that of the VM's bus"
                : "there is no session bus (DBUS_SESSION_BUS_ADDRESS): run guestplane in a session, " +
                    "or name the VM's bus by qemu:bus=ADDRESS");
        }
    }

    /// <param name="wanted">What should be at the path.</param>
    /// <param name="remedy">A clause: how to make somebody listen there.</param>
    /// <param name="busy">A clause for a socket where others wait already.</param>
    internal static Fd Connect(string path, string wanted, string remedy, string busy = QmpChannel.NoAnswer)
    {
        try
        {
            return UnixSocket.Connect(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.Denied)
        {
            throw new SourceException(SourceFault.NotPermitted, $"guestplane may not use {path} ({FileOwner.Describe(path)}): "
                + (FileOwner.GroupMayWrite(path) ? "run it as its owner, or as a member of that group"
                    : "run it as its owner, or let a group of yours write to it (chgrp, chmod g+w)"));
        }
        catch (LinuxException) when (Path.Exists(path) && !FileOwner.IsSocket(path))
        {
            throw Absent($"{path} is not a socket: give the path of {wanted}");
        }
        catch (LinuxException e)
        {
            throw Absent(e.Errno == Errno.Again ? busy
                : Errno.IsOfMachine(e.Errno) ? e.Message : $"{e.Message}: {remedy}");
        }
    }

    /// <summary>A VM gets our keys and our clipboard. Root's is as good as ours; another user's only if it was named.</summary>
    /// <param name="socket">Connected to the VM; closed if it is refused.</param>
    /// <param name="path">The path of the socket.</param>
    /// <param name="user">The user that was named; null for none.</param>
    /// <param name="words">The source with that user.</param>
    internal static void CheckUser(Fd socket, string path, string? user, Func<string, string> words)
    {
        var peer = PeerCredentials.Of(socket.Number)?.User;
        if (peer is null or 0 || peer == Account.OwnUser || (user is not null && peer == Account.User(user)))
            return;
        var name = Account.UserName(peer.Value);
        socket.Dispose();
        throw new SourceException(SourceFault.NotPermitted, $"the VM at {path} runs as the user {name}, who would get your keys "
            + $"and your clipboard: write {words(name)} if you trust that user");
    }

    private static Qmp ByQmp(Loop loop, Action<QemuConnection?, SourceException?> done, string path, string? user = null)
    {
        var socket = Connect(
            path, "QEMU's -qmp socket", $"start QEMU with -display dbus,p2p=yes -qmp unix:{path},server=on,wait=off");
        CheckUser(socket, path, user, name => $"qemu:user={name},qmp={path}");
        var pid = PeerCredentials.ProcessIdOf(socket.Number);
        return new(loop, socket, (display, problem) =>
        {
            if (display is not null)
                ToPeer(loop, display, done, pid);
            else
                done(null, Absent(problem!));
        });
    }

    /// <summary>Connects to the peer. It may have gone meanwhile, which is reported like any other failure.</summary>
    /// <param name="refusal">See <see cref="QemuConnection.Refusal"/>.</param>
    private static IDisposable? ToPeer(Loop loop, Fd socket, Action<QemuConnection?, SourceException?> done, int? pid = null,
        Func<string, string>? refusal = null)
    {
        try
        {
            done(QemuConnection.ToPeer(loop, socket, pid, refusal), null);
        }
        catch (BusException e)
        {
            done(null, Absent(!e.IsPeerGone ? e.Message : refusal?.Invoke(e.Cause) ?? QemuConnection.Closed(e.Cause)));
        }
        return null;
    }

    /// <summary>A share closes the connection of those that it does not let in, and tells them nothing.</summary>
    private static IDisposable? ToShare(Loop loop, Action<QemuConnection?, SourceException?> done, string path)
    {
        var socket = Connect(path, "guestplane share's socket", $"serve it by guestplane share SOURCE --socket {path}",
            QemuConnection.Hangs);
        return ToPeer(loop, socket, done, refusal: why => $"the connection to {path} ended at once ({why}): "
            + "what serves it is no share, or a share whose own messages say more");
    }

    private static IDisposable? ByFd(Loop loop, Action<QemuConnection?, SourceException?> done, int number)
    {
        try
        {
            return ToPeer(loop, UnixSocket.Inherit(number), done);
        }
        catch (LinuxException)
        {
            throw Absent($"file descriptor {number} is not an open socket: " +
                "the program that starts guestplane must leave it open without FD_CLOEXEC");
        }
    }

    private static QemuSource Libvirt(string words, string domain, string? connection)
    {
        if (domain.Length == 0)
            throw new SourceException(SourceFault.Usage, "libvirt: needs a domain's name, as in libvirt:debian.");
        // A daemon that hangs holds the thread of one attempt, not of each.
        var isAsked = false;
        return new(words, true, (loop, done) =>
        {
            if (isAsked)
                throw Absent("libvirt: its daemon does not answer");
            isAsked = true;
            _ = Task.Run(() => OpenGraphics(domain, connection)).ContinueWith(opened => loop.Post(() =>
            {
                isAsked = false;
                Opened(loop, opened.Result, done);
            }), TaskScheduler.Default);
            return null;
        });
    }

    /// <summary>Runs in another thread, because libvirt's calls block until its daemon answers.</summary>
    private static (Fd? Socket, string? Problem) OpenGraphics(string domain, string? connection)
    {
        try
        {
            return (Guestplane.Linux.Libvirt.OpenGraphics(domain, connection, out var problem), problem);
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
