using System.Runtime.InteropServices;
using System.Text;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// A unix socket at which clients connect. Accepting never blocks. When it fails, as without descriptors, it pauses for a second,
/// because poll(2) would report the waiting client for ever.
/// </summary>
public sealed unsafe partial class ListeningSocket : LoopSource, IDisposable
{
    private const long PauseNs = 1_000_000_000;
    private const int Backlog = 32;

    private readonly Fd _socket;
    private string? _path;

    // Of the path, which may be another program's one day.
    private (ulong Device, ulong Inode)? _file;
    private long _pausedUntil;

    private ListeningSocket(Fd socket, string? path) => (_socket, _path) = (socket, path);

    /// <summary>A client has connected. The handler owns the descriptor.</summary>
    public event Action<Fd>? Connected;

    /// <summary>No client can be accepted for a second; the argument is the reason.</summary>
    public event Action<string>? Paused;

    /// <summary>
    /// Listens at a path. Dispose removes it. The socket is bound to another name beside it, and gets the path when it listens
    /// and has its permissions: no client finds it before, and of two servers that start at once one gets it. A socket of a
    /// server that was killed is replaced.
    /// </summary>
    /// <param name="mode">The permissions of the path: who may write to it may connect.</param>
    /// <param name="group">The group of the path; null for our own.</param>
    /// <exception cref="LinuxException">EADDRINUSE: the path exists. Others: the path cannot be used.</exception>
    public static ListeningSocket Create(string path, int mode, uint? group)
    {
        UnixSocket.CheckLength(path);
        var number = LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, 0);
        if (number < 0)
            throw LinuxException.Last("socket");
        var (socket, name) = (Fd.Own(number), NameBeside(path));
        try
        {
            // The name gets these permissions with its first moment (net/unix/af_unix.c), and the others below.
            Check(LibC.fchmod(number, (mode_t)OwnerOnly), path);
            BindBeside(socket, name, path);
            var file = FileOwner.Identity(name);
            try
            {
                SetRights(name, path, mode, group);
                Check(LibC.listen(number, Backlog), path);
                Place(name, path);
            }
            finally
            {
                // It has the path by now, or never gets it.
                _ = Unlink(name);
            }
            return new ListeningSocket(socket, path) { _file = file };
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Listens at a socket that a service manager passed to us, and that listens already. sd_listen_fds(3) has made it
    /// close-on-exec.
    /// </summary>
    /// <param name="path">Its path; empty if it has none.</param>
    /// <exception cref="LinuxException">It is no socket, or none that takes connections.</exception>
    public static ListeningSocket Inherited(int number, out string path)
    {
        int listens;
        socklen_t length = sizeof(int);
        Check(LibC.getsockopt(number, LibC.SOL_SOCKET, LibC.SO_ACCEPTCONN, &listens, &length), $"file descriptor {number}");
        if (listens == 0)
            throw new LinuxException($"file descriptor {number}", LibC.EINVAL);
        var socket = Fd.Own(number);
        path = UnixSocket.PathOf(socket);
        var flags = LibC.fcntl(number, LibC.F_GETFL);
        _ = LibC.fcntl(number, LibC.F_SETFL, flags | LibC.O_NONBLOCK);
        return new(socket, null);
    }

    /// <summary>
    /// True for a socket at which nobody listens, because its server was killed. False if somebody does, or we may not know, or
    /// it is none.
    /// </summary>
    public static bool IsDead(string path)
    {
        if (!FileOwner.IsSocket(path))
            return false;
        try
        {
            UnixSocket.Connect(path).Dispose();
            return false;
        }
        catch (LinuxException e)
        {
            return e.Errno == LibC.ECONNREFUSED;
        }
    }

    public void Dispose()
    {
        // Before the socket is closed: from then on the path may be another program's, and the inode another file's. If somebody
        // has removed the path, it may be another program's already.
        if (_path is { } path && FileOwner.Identity(path) == _file)
            _ = Unlink(path);
        _path = null;
        _socket.Dispose();
    }

    protected internal override int PollFd => _pausedUntil > 0 ? -1 : _socket.Number;

    protected internal override long Deadline => _pausedUntil > 0 ? _pausedUntil : Never;

    protected internal override void Check(PollEvents ready, long now)
    {
        if (_pausedUntil > 0 && now >= _pausedUntil)
            _pausedUntil = 0;
        if (ready == PollEvents.None)
            return;
        var number = accept4(_socket.Number, LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK);
        if (number >= 0)
            Connected?.Invoke(Fd.Own(number));
        else if ((ready & PollEvents.HangUp) != 0
            || (LibC.errno != LibC.EAGAIN && LibC.errno != LibC.EINTR && LibC.errno != LibC.ECONNABORTED))
        {
            _pausedUntil = now + PauseNs;
            Paused?.Invoke(LinuxException.Last("accept").Message);
        }
    }

    private const int OwnerOnly = 0x180;

    /// <summary>A name in the same folder that nobody else has. It is short: a socket's path has little room.</summary>
    private static string NameBeside(string path) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", $".{(uint)Guid.NewGuid().GetHashCode():x}");

    /// <summary>Whoever gave the path knows nothing of the name.</summary>
    private static void BindBeside(Fd socket, string name, string path)
    {
        try
        {
            UnixSocket.Bind(socket, name);
        }
        catch (LinuxException e)
        {
            throw new LinuxException($"the socket {path}", e.Errno);
        }
    }

    /// <summary>Gives a listening socket its path, if that is free or if nobody listens there any more.</summary>
    private static void Place(string name, string path)
    {
        if (Rename(name, path) == 0)
            return;
        var failure = new LinuxException($"the socket {path}", Marshal.GetLastPInvokeError());
        if (failure.Errno != LibC.EEXIST)
            throw failure;
        var inUse = new LinuxException($"the socket {path}", Errno.AddressInUse);
        // Of two that replace a dead one, the second would remove the first's. Who has the lock is about to serve the path.
        using var folder = Fd.Open(Path.GetDirectoryName(Path.GetFullPath(path))!, OpenMode.ReadOnly);
        if (flock(folder.Number, Exclusive | DoNotWait) < 0 || !IsDead(path) || !Unlink(path) || Rename(name, path) < 0)
            throw inUse;
    }

    private static void SetRights(string name, string path, int mode, uint? group)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            if (group is { } id)
                Check(LibC.chown(text, uint.MaxValue, id), $"the group of {path}");
            Check(LibC.chmod(text, (mode_t)mode), path);
        }
    }

    private static bool Unlink(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            return LibC.unlink(name) == 0;
    }

    /// <summary>Renames to a path that does not exist.</summary>
    private static int Rename(string from, string to)
    {
        fixed (byte* f = Encoding.UTF8.GetBytes(from + '\0'), t = Encoding.UTF8.GetBytes(to + '\0'))
            return renameat2(LibC.AT_FDCWD, f, LibC.AT_FDCWD, t, NoReplace);
    }

    /// <summary>RENAME_NOREPLACE (linux/fs.h).</summary>
    private const uint NoReplace = 1;

    // LOCK_EX, LOCK_NB (asm-generic/fcntl.h).
    private const int Exclusive = 2, DoNotWait = 4;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat2(int fromFolder, byte* from, int toFolder, byte* to, uint flags);

    [LibraryImport("libc")]
    private static partial int flock(int file, int operation);

    private static int accept4(int socket, int flags) => LibC.accept4(socket, null, null, flags);

    private static void Check(int result, string what)
    {
        if (result < 0)
            throw LinuxException.Last(what);
    }
}
