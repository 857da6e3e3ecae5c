using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Guestplane.Linux;
using static Guestplane.Wayland.Libwayland;

namespace Guestplane.Wayland;

/// <summary>The result of a flush.</summary>
public enum FlushResult
{
    /// <summary>All requests are in the kernel's socket buffer.</summary>
    Done,

    /// <summary>The socket buffer is full: wait until the socket is writable, then flush again.</summary>
    Blocked,

    /// <summary>The compositor has gone; events that it sent before, perhaps an error, can still be read.</summary>
    Closed,
}

/// <summary>
/// The connection to a compositor. Read it as wl_display_prepare_read(3) requires: <see cref="PrepareRead"/>,
/// <see cref="Flush"/>, poll, then <see cref="ReadEvents"/> or <see cref="CancelRead"/>, then <see cref="DispatchPending"/>.
/// </summary>
public sealed unsafe partial class WlDisplay
{
    /// <summary>How many wrappers are created at a time for an interface whose objects are destroyed by an event.</summary>
    internal const int PoolBatch = 16;
    private const int RequestsRemembered = 12;
    private const int LogBytes = 1024;

    // wayland.xml: the display is object 1 of every connection; wl_display.error.
    private const uint DisplayId = 1, NoMemory = 2, Implementation = 3;

    // libwayland has one log handler for all displays; a failure's log line belongs to the thread that dispatches it.
    [ThreadStatic] private static string? t_lastLog;

    private readonly Stack<WlProxy>?[] _pools = new Stack<WlProxy>?[InterfaceTable.Count];
    private readonly int[] _wrappers = new int[InterfaceTable.Count];
    private readonly (int Interface, uint Id, uint Opcode)[] _requests = new (int, uint, uint)[RequestsRemembered];
    private long _requestCount, _flushedAt;
    private WlProxy? _living;
    private ExceptionDispatchInfo? _kept;

    /// <summary>
    /// Connects as wl_display_connect(3) does: to $WAYLAND_SOCKET, else <paramref name="name"/>, else $WAYLAND_DISPLAY in
    /// $XDG_RUNTIME_DIR. Null if no compositor is there.
    /// </summary>
    public static WlDisplay? Connect(string? name = null)
    {
        Listen();
        using var utf8 = new Utf8Argument(name, stackalloc byte[Utf8Argument.StackBytes]);
        return Wrap(wl_display_connect((byte*)utf8.Pointer));
    }

    /// <summary>Takes ownership of a connected socket.</summary>
    public static WlDisplay? Connect(Fd socket)
    {
        Listen();
        var display = Wrap(wl_display_connect_to_fd(socket.Number));
        if (display is not null)
            socket.GiveAway();
        return display;
    }

    /// <summary>The socket's descriptor number; libwayland owns the descriptor.</summary>
    public int SocketNumber { get; private set; }

    /// <summary>The number of requests since the last flush.</summary>
    public long Unflushed => _requestCount - _flushedAt;

    /// <summary>How often a pool of wrappers was filled: when more objects than ever before await their event.</summary>
    public long PoolFills { get; private set; }

    /// <summary>The compositor's process id; null if the kernel does not report it.</summary>
    public int? HostProcessId => PeerCredentials.ProcessIdOf(SocketNumber);

    /// <summary>
    /// Announces a read, after dispatching all events that were read before. Throws what a handler threw, or the failure of the
    /// connection.
    /// </summary>
    public void PrepareRead()
    {
        while (wl_display_prepare_read(Handle) != 0)
            DispatchPending();
    }

    /// <summary>True if the connection has ended: it cannot be flushed any more.</summary>
    public bool HasFailed => wl_display_get_error(Handle) != 0;

    /// <summary>Sends the queued requests; does not block.</summary>
    /// <exception cref="WaylandException">
    /// The connection has failed on our side (for example, no descriptors are left to duplicate); no events can be read any more.
    /// </exception>
    public FlushResult Flush()
    {
        _flushedAt = _requestCount;
        if (wl_display_flush(Handle) >= 0)
            return FlushResult.Done;
        var errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        if (errno == Errno.Again)
            return FlushResult.Blocked;
        // EPIPE is not recorded as an error by a flush. An error that is recorded here is a failure of libwayland itself.
        return wl_display_get_error(Handle) == 0 ? FlushResult.Closed : throw Failure();
    }

    /// <summary>Reads the events that the socket has, after <see cref="PrepareRead"/>.</summary>
    public void ReadEvents() => _ = wl_display_read_events(Handle);

    /// <summary>Cancels <see cref="PrepareRead"/>.</summary>
    public void CancelRead() => wl_display_cancel_read(Handle);

    /// <summary>Dispatches the events that were read.</summary>
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

    /// <summary>What was logged of an earlier connection is not this one's.</summary>
    private static void Listen()
    {
        t_lastLog = null;
        wl_log_set_handler_client(&OnLog);
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

    /// <summary>
    /// Disconnects. Objects that still exist are freed on our side without requests; the compositor frees its own.
    /// </summary>
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
        if (errno != Errno.Protocol && DisplayError() is { } displayError)
            return OfDisplay(displayError);
        if (errno != Errno.Protocol)
            return new WaylandException(errno, !Errno.IsOfMachine(errno) && t_lastLog is { } log ? $" ({log.Trim()})" : "");
        NativeInterface* source = null;
        uint id = 0;
        var code = wl_display_get_protocol_error(Handle, &source, &id);
        var name = source == null ? "unknown" : System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)source->Name)!;
        return id == DisplayId ? OfDisplay(code) : new WaylandException($"{name}#{id}", code, HostMessage(code), LastRequests());
    }

    /// <summary>
    /// The code of an error on the display itself; null if there was none. libwayland only logs it, as
    /// "wl_display#1: error 1: …", and reports EINVAL or ENOMEM (src/wayland-client.c, display_handle_error).
    /// </summary>
    private static uint? DisplayError()
    {
        if (t_lastLog is { } log && log.StartsWith("wl_display", StringComparison.Ordinal))
            for (var code = 0u; code <= Implementation; code++)
                if (log.Contains($": error {code}: ", StringComparison.Ordinal))
                    return code;
        return null;
    }

    /// <summary>
    /// waypipe sends "implementation" if its link breaks. libwayland-server sends "invalid arguments" for a descriptor that it
    /// could not receive.
    /// </summary>
    private WaylandException OfDisplay(uint code)
    {
        var message = HostMessage(code);
        return code == Implementation ? new(message)
            : code == NoMemory ? new("it has no memory left")
            : message.StartsWith("invalid arguments for ", StringComparison.Ordinal)
                ? new($"{message}; it may have no file descriptors left (ulimit -n)")
            : new($"wl_display#{DisplayId}", code, message, LastRequests());
    }

    /// <summary>The compositor's error message. libwayland only logs it, as "object: error code: message".</summary>
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
        return Enumerable.Range(0, (int)(_requestCount - first))
            .Select(n => _requests[(first + n) % RequestsRemembered])
            .Select(r => $"{InterfaceTable.Name(r.Interface)}#{r.Id}.{InterfaceTable.RequestName(r.Interface, r.Opcode)}")
            .ToList();
    }

    internal void Remember(int tableIndex, uint id, uint opcode) =>
        _requests[_requestCount++ % RequestsRemembered] = (tableIndex, id, opcode);

    internal void Keep(Exception e) => _kept ??= ExceptionDispatchInfo.Capture(e);

    /// <summary>A pooled wrapper; null if the pool is empty, which the caller then fills.</summary>
    internal WlProxy? Rent(int tableIndex)
    {
        var pool = _pools[tableIndex] ??= new();
        if (pool.Count > 0)
            return pool.Pop();
        PoolFills++;
        _wrappers[tableIndex] += PoolBatch;
        // All of them may come back before one is rented again.
        pool.EnsureCapacity(_wrappers[tableIndex]);
        return null;
    }

    internal void Return(int tableIndex, WlProxy wrapper) => _pools[tableIndex]!.Push(wrapper);

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
