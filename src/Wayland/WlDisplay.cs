using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;
using static Guestplane.Wayland.Libwayland;

namespace Guestplane.Wayland;

/// <summary>How a flush went.</summary>
public enum FlushResult
{
    /// <summary>Everything is with the kernel.</summary>
    Done,

    /// <summary>The socket is full: wait until it can be written, then flush again.</summary>
    Blocked,

    /// <summary>The host is gone; what it still said, an error perhaps, can be read.</summary>
    Closed,
}

/// <summary>
/// The connection to a host. It is read as wl_display_prepare_read(3) wants it: <see cref="PrepareRead"/>, <see cref="Flush"/>,
/// poll, then <see cref="ReadEvents"/> or <see cref="CancelRead"/>, then <see cref="DispatchPending"/>.
/// </summary>
public sealed unsafe partial class WlDisplay
{
    /// <summary>Wrappers made at once of an interface whose objects end in an event.</summary>
    internal const int PoolBatch = 16;
    private const int RequestsRemembered = 12;
    private const int LogBytes = 1024;

    // wayland.xml: the display is object 1 of every connection; wl_display.error 3.
    private const uint DisplayId = 1, ErrorImplementation = 3;

    // libwayland has one log handler for all displays; the line before a failure belongs to the thread that dispatches it.
    [ThreadStatic] private static string? t_lastLog;

    private readonly Stack<WlProxy>?[] _pools = new Stack<WlProxy>?[InterfaceTable.Count];
    private readonly (int Interface, uint Id, uint Opcode)[] _requests = new (int, uint, uint)[RequestsRemembered];
    private long _requestCount;
    private WlProxy? _living;
    private ExceptionDispatchInfo? _kept;

    /// <summary>
    /// Connects as wl_display_connect(3) does: $WAYLAND_SOCKET, else <paramref name="name"/>, else $WAYLAND_DISPLAY in
    /// $XDG_RUNTIME_DIR. Null when no host is there.
    /// </summary>
    public static WlDisplay? Connect(string? name = null)
    {
        wl_log_set_handler_client(&OnLog);
        using var utf8 = new Utf8Argument(name, stackalloc byte[Utf8Argument.StackBytes]);
        return Wrap(wl_display_connect((byte*)utf8.Pointer));
    }

    /// <summary>Takes over a connected socket.</summary>
    public static WlDisplay? Connect(Fd socket)
    {
        wl_log_set_handler_client(&OnLog);
        var display = Wrap(wl_display_connect_to_fd(socket.Number));
        if (display is not null)
            socket.GiveAway();
        return display;
    }

    /// <summary>The socket's number; libwayland owns it.</summary>
    public int SocketNumber { get; private set; }

    /// <summary>The host's process, where the kernel tells.</summary>
    public int? HostProcessId => PeerCredentials.ProcessId(SocketNumber);

    /// <summary>Dispatches what is read already, until a read may be announced. Throws what a handler threw, and when the connection has failed.</summary>
    public void PrepareRead()
    {
        while (wl_display_prepare_read(Handle) != 0)
            DispatchPending();
    }

    /// <summary>Sends what is queued; never waits.</summary>
    /// <exception cref="WaylandException">The connection has failed on our side (no descriptors left to duplicate): nothing will be read any more.</exception>
    public FlushResult Flush()
    {
        if (wl_display_flush(Handle) >= 0)
            return FlushResult.Done;
        var errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        if (errno == Errno.Again)
            return FlushResult.Blocked;
        // A host that is gone is not noted by a flush; whatever else is noted here was libwayland's own failure.
        return wl_display_get_error(Handle) == 0 ? FlushResult.Closed : throw Failure();
    }

    /// <summary>Reads what the socket has, after <see cref="PrepareRead"/>.</summary>
    public void ReadEvents() => _ = wl_display_read_events(Handle);

    /// <summary>Takes <see cref="PrepareRead"/> back.</summary>
    public void CancelRead() => wl_display_cancel_read(Handle);

    /// <summary>Raises the events that were read.</summary>
    /// <exception cref="WaylandException">The connection has failed.</exception>
    public void DispatchPending()
    {
        var failed = wl_display_dispatch_pending(Handle) < 0;
        if (_kept is { } kept)
        {
            _kept = null;
            kept.Throw();
        }
        if (failed || wl_display_get_error(Handle) != 0)
            throw Failure();
    }

    private static WlDisplay? Wrap(nint handle)
    {
        if (handle == 0)
            return null;
        var display = new WlDisplay(null!);
        display.AttachSilent(handle);
        display.SocketNumber = wl_display_get_fd(handle);
        return display;
    }

    /// <summary>Disconnects. Whatever object still lives is let go on our side; the host does the same on its own.</summary>
    private protected override void DestroyProxy()
    {
        while (_living is { } proxy)
            proxy.Abandon();
        foreach (var pool in _pools)
            while (pool is { Count: > 0 })
                pool.Pop().CloseProxy();
        wl_display_disconnect(Handle);
        CloseProxy();
    }

    private WaylandException Failure()
    {
        var errno = wl_display_get_error(Handle);
        if (errno != Errno.Protocol)
            return new WaylandException(errno);
        NativeInterface* source = null;
        uint id = 0;
        var code = wl_display_get_protocol_error(Handle, &source, &id);
        var name = source == null ? "unknown" : System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)source->Name)!;
        if (id == DisplayId && code == ErrorImplementation)
            return new WaylandException(HostMessage(code));
        return new WaylandException($"{name}#{id}", code, HostMessage(code), LastRequests());
    }

    /// <summary>What the host said with its error. libwayland only logs it, as "object: error code: message".</summary>
    private static string HostMessage(uint code)
    {
        var line = t_lastLog?.Trim() ?? "";
        var before = $"error {code}: ";
        var at = line.IndexOf(before, StringComparison.Ordinal);
        return at < 0 ? line : line[(at + before.Length)..];
    }

    private List<string> LastRequests()
    {
        var first = Math.Max(0, _requestCount - RequestsRemembered);
        return Enumerable.Range(0, (int)(_requestCount - first)).Select(n => _requests[(first + n) % RequestsRemembered])
            .Select(r => $"{InterfaceTable.Name(r.Interface)}#{r.Id}.{InterfaceTable.RequestName(r.Interface, r.Opcode)}").ToList();
    }

    internal void Remember(int tableIndex, uint id, uint opcode) =>
        _requests[_requestCount++ % RequestsRemembered] = (tableIndex, id, opcode);

    internal void Keep(Exception e) => _kept ??= ExceptionDispatchInfo.Capture(e);

    internal WlProxy? Rent(int tableIndex) => _pools[tableIndex] is { Count: > 0 } pool ? pool.Pop() : null;

    internal void Return(int tableIndex, WlProxy wrapper) => (_pools[tableIndex] ??= new(PoolBatch)).Push(wrapper);

    internal void Link(WlProxy proxy)
    {
        LinkBefore(proxy, _living);
        _living = proxy;
    }

    internal void Unlink(WlProxy proxy) => Unlink(proxy, ref _living);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(byte* format, nint arguments)
    {
        var line = stackalloc byte[LogBytes];
        var length = vsnprintf(line, LogBytes, format, arguments);
        t_lastLog = length < 0 ? null : System.Text.Encoding.UTF8.GetString(line, Math.Min(length, LogBytes - 1));
    }
}
