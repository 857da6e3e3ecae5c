using System.Text;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>
/// The right to the only window of a name. Who asks for it while another process has it makes that one raise its window, for
/// which the compositor wants a token of the launcher's (xdg-activation-v1.xml).
/// </summary>
internal sealed class SingleWindow : IDisposable
{
    /// <summary>Mode 0600.</summary>
    private const int OwnerOnly = 0x180;

    /// <summary>Compositors' tokens have some 40 letters.</summary>
    private const int MostToken = 1024;

    private readonly Loop _loop;
    private readonly ListeningSocket? _socket;
    private (Fd Socket, LoopWatch Watch)? _client;
    private Action<string>? _raise;
    private string? _missed;

    private SingleWindow(Loop loop, ListeningSocket? socket)
    {
        (_loop, _socket) = (loop, socket);
        if (socket is null)
            return;
        socket.Connected += Listen;
        loop.Add(socket);
    }

    /// <summary>
    /// Calls this when another process wants the window raised, with its token, which may be empty; at once if that was before.
    /// </summary>
    public void Attach(Action<string> raise)
    {
        _raise = raise;
        if (_missed is { } token)
            raise(token);
        _missed = null;
    }

    /// <summary>Null if another process has the name; it has been asked to raise its window.</summary>
    /// <param name="loop">Runs until the right is disposed.</param>
    /// <param name="name">Of any length.</param>
    public static SingleWindow? Claim(Loop loop, string name)
    {
        // Without it there is no place for the socket that other users cannot take.
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is not { Length: > 0 } folder)
            return new(loop, null);
        // A user may have several compositors. An absolute name stays what it is.
        var display = Path.Combine(folder, Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") ?? "wayland-0");
        var path = Path.Combine(folder, $"guestplane-{Hash($"{display} {name}"):x16}.window");
        if (Raise(path))
            return null;
        try
        {
            return new(loop, ListeningSocket.Create(path, OwnerOnly, group: null));
        }
        catch (LinuxException e)
        {
            // Another process was faster; or the folder cannot be written, and nothing keeps a second window away.
            return e.Errno == Errno.AddressInUse && Raise(path) ? null : new(loop, null);
        }
    }

    public void Dispose()
    {
        Leave();
        if (_socket is null)
            return;
        _loop.Remove(_socket);
        _socket.Dispose();
    }

    private static bool Raise(string path)
    {
        try
        {
            using var socket = UnixSocket.Connect(path);
            UnixSocket.Send(socket, Encoding.UTF8.GetBytes(Window.TakeToken() + "\n"));
            return true;
        }
        catch (LinuxException e)
        {
            // Nobody listens there; or so many wait to be heard that it makes no difference.
            return e.Errno == Errno.Again;
        }
    }

    /// <summary>The newest client counts: all want the same.</summary>
    private void Listen(Fd client)
    {
        Leave();
        var watch = new LoopWatch(client, _ => Read());
        _client = (client, watch);
        _loop.Add(watch);
    }

    private void Read()
    {
        var bytes = new byte[MostToken];
        var length = 0;
        try
        {
            length = UnixSocket.Receive(_client!.Value.Socket, bytes);
        }
        catch (LinuxException)
        {
            // It has gone; it is a process of this user, and nothing is lost.
        }
        if (length < 0)
            return;
        Leave();
        if (length == 0)
            return;
        var token = Encoding.ASCII.GetString([.. bytes.Take(length).TakeWhile(one => one is > 0x20 and < 0x7f)]);
        if (_raise is { } raise)
            raise(token);
        else
            _missed = token;
    }

    private void Leave()
    {
        if (_client is not var (socket, watch))
            return;
        _client = null;
        _loop.Remove(watch);
        socket.Dispose();
    }

    /// <summary>FNV-1a with 64 bits: a socket's path has little room, and a name may have any letter.</summary>
    private static ulong Hash(string name)
    {
        const ulong Basis = 0xcbf29ce484222325, Prime = 0x100000001b3;
        return Encoding.UTF8.GetBytes(name).Aggregate(Basis, (hash, one) => unchecked((hash ^ one) * Prime));
    }
}
