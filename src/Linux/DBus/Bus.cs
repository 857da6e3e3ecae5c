using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>
/// A D-Bus connection as a loop source: to a message bus, or directly to a peer. It serves objects and calls those of the
/// other side. Nothing here blocks.
/// </summary>
public sealed unsafe class Bus : LoopSource, IDisposable
{
    /// <summary>Keeps a peer that sends without end from starving the rest of the loop.</summary>
    private const int MostMessagesPerTurn = 64;

    /// <summary>sd-bus.h: UINT64_MAX.</summary>
    private const ulong NoTimeout = ulong.MaxValue;

    /// <summary>The sender of what we send as a server.</summary>
    internal static ReadOnlySpan<byte> OurName => ":1.0"u8;

    private readonly List<(GCHandle Handler, nint Slot)> _handlers = [];
    private readonly PendingCalls _calls = new();
    private nint _bus;
    private string? _failure;
    private bool _isInside, _isDisposing;
    private int _strays, _owned = 1;
    private BegunMessage? _begun;
    private ExceptionDispatchInfo? _thrown;

    private Bus(nint bus)
    {
        _bus = bus;
        StrayFds.Own(_owned);
    }

    /// <summary>The connection has ended; the argument is the reason. No event follows it.</summary>
    public event Action<string>? Closed;

    /// <summary>True if the connection has ended because the peer closed it.</summary>
    public bool IsPeerGone { get; private set; }

    public bool IsClosed => _failure is not null || _bus == 0;

    /// <summary>The number of messages that the socket has not accepted yet.</summary>
    public long Queued
    {
        get
        {
            ulong count = 0;
            return _bus != 0 && sd_bus_get_n_queued_write(_bus, &count) >= 0 ? (long)count : 0;
        }
    }

    /// <summary>True if more than <see cref="MostQueued"/> messages are unread by the peer: the connection ends for it.</summary>
    public bool IsUnread => Queued > MostQueued;

    /// <summary>
    /// A peer that leaves more messages than that unread loses the connection: sd-bus moves its whole queue for each message that
    /// it sends. By default ten times what a VM needs that is stopped while its user types. sd-bus itself answers
    /// org.freedesktop.DBus.Peer and calls to unknown paths, and queues 393,216 answers.
    /// </summary>
    public long MostQueued { get; set; } = 8192;

    /// <summary>True if descriptors can be sent: the peer has agreed to it. Known once both sides are authenticated.</summary>
    public bool CanSendFds => _bus != 0 && sd_bus_can_send(_bus, (byte)'h') > 0;

    /// <summary>Descriptors that the peer's messages had and did not declare, as far as <see cref="StrayFds"/> looked.</summary>
    public int Strays => _strays;

    /// <summary>True once both sides are authenticated.</summary>
    public bool IsReady => _bus != 0 && sd_bus_is_ready(_bus) > 0;

    internal nint Handle => _bus;

    private bool MayGoOn => !_isDisposing && _thrown is null && !IsUnread;

    /// <summary>Opens the user's session bus, as DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR name it.</summary>
    /// <exception cref="BusException">There is none, or it refuses us.</exception>
    public static Bus OpenSession()
    {
        nint bus;
        BusException.Check(sd_bus_open_user(&bus), "the session bus");
        return new Bus(bus);
    }

    /// <summary>Opens the system's bus.</summary>
    /// <inheritdoc cref="OpenSession"/>
    public static Bus OpenSystem()
    {
        nint bus;
        BusException.Check(sd_bus_open_system(&bus), "the system bus");
        return new Bus(bus);
    }

    /// <summary>Opens a message bus by its address ("unix:path=…").</summary>
    /// <inheritdoc cref="OpenSession"/>
    public static Bus Open(string address)
    {
        var bus = New();
        fixed (byte* p = ZeroEnded(address))
            Check(bus, sd_bus_set_address(bus, p), $"the D-Bus address \"{address}\"");
        Check(bus, sd_bus_set_bus_client(bus, 1), "a D-Bus connection");
        Check(bus, sd_bus_start(bus), $"the bus at {address}");
        return new Bus(bus);
    }

    /// <summary>
    /// Connects to a peer at the other end of a socket, which authenticates us (we are the SASL client). Objects are served by
    /// <paramref name="serve"/>, which runs before the peer can call. Takes ownership of the socket.
    /// </summary>
    public static Bus Peer(Fd socket, Action<Bus>? serve = null) => Over(socket, isServer: false, serve);

    /// <summary>
    /// Serves a peer at the other end of a socket, which we authenticate (we are the SASL server). sd-bus compares the user that
    /// it names with the socket's (SO_PEERCRED), and accepts every user: the caller decides who may connect. A client of a
    /// message bus finds a bus driver if <paramref name="serve"/> serves one. Takes ownership of the socket.
    /// </summary>
    public static Bus Server(Fd socket, Action<Bus>? serve = null) => Over(socket, isServer: true, serve);

    private static Bus Over(Fd socket, bool isServer, Action<Bus>? serve)
    {
        var handle = New();
        Check(handle, sd_bus_set_fd(handle, socket.Number, socket.Number), "a D-Bus connection");
        socket.GiveAway();
        Check(handle, sd_bus_negotiate_fds(handle, 1), "a D-Bus connection");
        if (isServer)
            BeServer(handle);
        var bus = new Bus(handle);
        try
        {
            if (isServer)
                bus.LimitMessages();
            serve?.Invoke(bus);
            var before = StrayFds.Unowned();
            BusException.Check(sd_bus_start(handle), "a D-Bus connection");
            var more = Math.Max(0, StrayFds.Unowned() - before);
            bus._owned += more;
            StrayFds.Own(more);
            return bus;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    }

    /// <summary>Each message is seen by a filter, also what sd-bus answers by itself.</summary>
    private void LimitMessages()
    {
        nint slot;
        var data = AddHandler(_ => true);
        BusException.Check(sd_bus_add_filter(_bus, &slot, &OnSignal, data), "a D-Bus connection");
        SetLastSlot(slot);
        _begun = new();
    }

    /// <summary>Serves an object. The handler gets every call to it.</summary>
    public void Serve(string path, BusHandler handler)
    {
        nint slot;
        var data = AddHandler(handler);
        fixed (byte* p = ZeroEnded(path))
            BusException.Check(sd_bus_add_object(_bus, &slot, p, &OnCall, data), path);
        SetLastSlot(slot);
    }

    /// <summary>Subscribes to a signal of an object.</summary>
    public void Watch(string? sender, string path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member, BusHandler handler)
    {
        nint slot;
        var data = AddHandler(handler);
        fixed (byte* s = sender is null ? null : ZeroEnded(sender), p = ZeroEnded(path), i = @interface, m = member)
            BusException.Check(sd_bus_match_signal_async(_bus, &slot, s, p, i, m, &OnSignal, null, data), path);
        SetLastSlot(slot);
    }

    /// <summary>Begins a call.</summary>
    /// <param name="destination">A bus name, NUL-terminated, or empty for a peer.</param>
    /// <param name="path">NUL-terminated.</param>
    /// <param name="interface">A u8 literal.</param>
    /// <param name="member">A u8 literal.</param>
    public BusCall Call(
        ReadOnlySpan<byte> destination, ReadOnlySpan<byte> path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member)
    {
        nint message;
        fixed (byte* d = destination, p = path, i = @interface, m = member)
            BusException.Check(sd_bus_message_new_method_call(_bus, &message, d, p, i, m), "a call");
        return new BusCall(this, message);
    }

    /// <summary>Begins a signal. The texts are NUL-terminated.</summary>
    public BusCall Signal(ReadOnlySpan<byte> path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member)
    {
        nint message;
        fixed (byte* p = path, i = @interface, m = member)
            BusException.Check(sd_bus_message_new_signal(_bus, &message, p, i, m), "a signal");
        return new BusCall(this, message);
    }

    /// <summary>The handler for the answers to a call that is sent many times: sending it so allocates nothing.</summary>
    public BusAnswer Answer(BusHandler answered) => new(AddHandler(answered));

    /// <summary>A name or path as sd-bus takes it: UTF-8, NUL-terminated.</summary>
    public static byte[] ZeroEnded(string text) => Encoding.UTF8.GetBytes(text + '\0');

    /// <summary>
    /// Closes the connection after sending as much of the queue as the socket accepts. Pending calls get no answer.
    /// </summary>
    public void Dispose()
    {
        _isDisposing = true;
        // sd-bus must not be freed while it calls us; Check disposes again after that call.
        if (_isInside || _bus == 0)
            return;
        foreach (var (handler, slot) in _handlers)
        {
            if (slot != 0)
                sd_bus_slot_unref(slot);
            handler.Free();
        }
        _handlers.Clear();
        _calls.ForgetAll();
        sd_bus_close_unref(_bus);
        _bus = 0;
        StrayFds.Own(-_owned);
    }

    internal void SendCall(nint message, BusHandler answered, long withinNs)
    {
        var call = new PendingCall(OnArrived, answered, withinNs == Never ? Never : Clock.Now + withinNs);
        _calls.Add(call);
        nint slot;
        // sd-bus looks at its timeouts before it reads: after a stop of ours, an answer that is there would be too late.
        var result = sd_bus_call_async(_bus, &slot, message, &OnAnswer, call.Data, NoTimeout);
        if (result < 0)
            _calls.Forget(call);
        BusException.Check(result, "a call");
        call.Slot = slot;
    }

    internal void SendCall(nint message, BusAnswer answer, long withinNs) => BusException.Check(sd_bus_call_async(
        _bus, null, message, &OnAnswer, answer.Data, withinNs == Never ? NoTimeout : (ulong)withinNs / 1000), "a call");

    protected internal override int PollFd => IsClosed ? -1 : sd_bus_get_fd(_bus);

    protected internal override long Deadline
    {
        get
        {
            if (IsClosed)
                return Never;
            // A peer that reads nothing wakes nobody.
            if (IsUnread)
                return 0;
            ulong microseconds;
            var isSet = sd_bus_get_timeout(_bus, &microseconds) > 0 && microseconds <= long.MaxValue / 1000;
            var deadline = isSet ? (long)microseconds * 1000 : Never;
            return Math.Min(deadline, _calls.Deadline);
        }
    }

    protected internal override PollEvents Prepare() => (PollEvents)(IsClosed ? 0 : Math.Max(0, sd_bus_get_events(_bus)));

    protected internal override void Check(PollEvents ready, long now)
    {
        if (IsClosed || (ready == PollEvents.None && now < Deadline))
            return;
        var (result, leavesFds) = (1, false);
        _isInside = true;
        _begun?.Count(PollFd);
        // The limit is looked at after each message: a peer that asks without reading fills the queue by its own calls.
        for (var i = 0; i < MostMessagesPerTurn && result > 0 && !leavesFds && (i == 0 || MayGoOn); i++)
        {
            var before = StrayFds.Before();
            result = sd_bus_process(_bus, null);
            leavesFds = StrayFds.After(before, ref _strays);
        }
        if (result >= 0)
            Expire(now, isAllRead: result == 0);
        _isInside = false;
        if (_isDisposing)
            Dispose();
        else if (result < 0)
            End(Marshal.GetPInvokeErrorMessage(-result), BusException.IsOfGonePeer(-result));
        else if (IsUnread && !IsClosed)
            End("the peer does not read what it is sent");
        else if (_begun is { IsTooLong: true } && !IsClosed)
            End("a message is longer than 1 MiB");
        else if (leavesFds && !IsClosed)
            End($"its messages had {_strays} descriptors more than they declared");
        Interlocked.Exchange(ref _thrown, null)?.Throw();
    }

    /// <summary>Ends the calls whose answer is late.</summary>
    private void Expire(long now, bool isAllRead)
    {
        while (!_isDisposing && _thrown is null && _calls.Late(now, isAllRead) is { } call)
            call.Arrive(0);
    }

    private void OnArrived(PendingCall call, nint answer)
    {
        _calls.Forget(call);
        Invoke(call.Answered, answer);
    }

    private void End(string why, bool isPeerGone = false)
    {
        (_failure, IsPeerGone) = (why, isPeerGone);
        Closed?.Invoke(why);
    }

    private void* AddHandler(BusHandler handler)
    {
        _handlers.Add((GCHandle.Alloc(new Handled(this, handler)), 0));
        return (void*)GCHandle.ToIntPtr(_handlers[^1].Handler);
    }

    private void SetLastSlot(nint slot) => _handlers[^1] = _handlers[^1] with { Slot = slot };

    private static void BeServer(nint bus)
    {
        var id = MemoryMarshal.Read<NativeId>(Guid.NewGuid().ToByteArray());
        Check(bus, sd_bus_set_server(bus, 1, id), "a D-Bus connection");
        // A client that takes us for a bus ignores signals without a sender.
        fixed (byte* name = OurName)
            Check(bus, sd_bus_set_sender(bus, name), "a D-Bus connection");
    }

    private static nint New()
    {
        nint bus;
        BusException.Check(sd_bus_new(&bus), "a D-Bus connection");
        return bus;
    }

    private static void Check(nint bus, int result, string what)
    {
        if (result >= 0)
            return;
        sd_bus_close_unref(bus);
        throw new BusException(what, -result);
    }

    /// <summary>Exceptions must not cross sd-bus's stack frames: the first is kept, and Check throws it afterwards.</summary>
    private bool Invoke(BusHandler handler, nint message)
    {
        _begun?.Complete();
        try
        {
            return handler(new BusMessage(message));
        }
        catch (Exception e)
        {
            _thrown ??= ExceptionDispatchInfo.Capture(e);
            return true;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnCall(nint message, void* data, void* error)
    {
        var handled = (Handled)GCHandle.FromIntPtr((nint)data).Target!;
        return handled.Bus.Invoke(handled.Handler, message) ? 1 : 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnSignal(nint message, void* data, void* error)
    {
        var handled = (Handled)GCHandle.FromIntPtr((nint)data).Target!;
        handled.Bus.Invoke(handled.Handler, message);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnAnswer(nint message, void* data, void* error)
    {
        var target = GCHandle.FromIntPtr((nint)data).Target!;
        if (target is PendingCall call)
            call.Arrive(message);
        else if (target is Handled handled)
            handled.Bus.Invoke(handled.Handler, message);
        return 0;
    }

    /// <summary>A handler, for what sd-bus calls more than once.</summary>
    private sealed record Handled(Bus Bus, BusHandler Handler);
}
