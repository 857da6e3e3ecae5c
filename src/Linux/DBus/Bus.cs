using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>
/// A D-Bus connection in our loop: to a message bus, or straight to a peer. It serves objects and calls those of the other
/// side; nothing here waits.
/// </summary>
public sealed unsafe class Bus : LoopSource, IDisposable
{
    /// <summary>A peer that never stops sending must not keep the loop from everything else.</summary>
    private const int MostMessagesPerTurn = 64;

    private readonly List<(GCHandle Handler, nint Slot)> _handlers = [];
    private readonly HashSet<GCHandle> _calls = [];
    private nint _bus;
    private string? _failure;
    private bool _isInside, _isDisposing;
    private ExceptionDispatchInfo? _thrown;

    private Bus(nint bus) => _bus = bus;

    /// <summary>The connection has ended; with a few words why. Nothing comes after it.</summary>
    public event Action<string>? Closed;

    public bool IsClosed => _failure is not null || _bus == 0;

    /// <summary>Messages that the other side has not taken yet.</summary>
    public long Queued
    {
        get
        {
            ulong count = 0;
            return _bus != 0 && sd_bus_get_n_queued_write(_bus, &count) >= 0 ? (long)count : 0;
        }
    }

    internal nint Handle => _bus;

    /// <summary>The user's session bus, as DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR name it.</summary>
    /// <exception cref="BusException">It is not there.</exception>
    public static Bus OpenSession()
    {
        nint bus;
        BusException.Check(sd_bus_open_user(&bus), "the session bus");
        return new Bus(bus);
    }

    /// <summary>A message bus by its address ("unix:path=…").</summary>
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
    /// A peer at the other end of a socket, which authenticates us (we are the SASL client). What is to be served is told in
    /// <paramref name="serve"/>: before the peer can ask. The socket is taken over.
    /// </summary>
    public static Bus Peer(Fd socket, Action<Bus>? serve = null)
    {
        var handle = New();
        Check(handle, sd_bus_set_fd(handle, socket.Number, socket.Number), "a D-Bus connection");
        socket.GiveAway();
        Check(handle, sd_bus_negotiate_fds(handle, 1), "a D-Bus connection");
        var bus = new Bus(handle);
        serve?.Invoke(bus);
        Check(handle, sd_bus_start(handle), "a D-Bus connection");
        return bus;
    }

    /// <summary>Serves an object: the handler gets every call to it.</summary>
    public void Serve(string path, BusHandler handler)
    {
        nint slot;
        var data = Keep(handler);
        fixed (byte* p = ZeroEnded(path))
            BusException.Check(sd_bus_add_object(_bus, &slot, p, &OnCall, data), path);
        Kept(slot);
    }

    /// <summary>Hands on a signal of an object.</summary>
    public void Watch(string? sender, string path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member, BusHandler handler)
    {
        nint slot;
        var data = Keep(handler);
        fixed (byte* s = sender is null ? null : ZeroEnded(sender), p = ZeroEnded(path), i = @interface, m = member)
            BusException.Check(sd_bus_match_signal_async(_bus, &slot, s, p, i, m, &OnSignal, null, data), path);
        Kept(slot);
    }

    /// <summary>Begins a call.</summary>
    /// <param name="destination">A bus name, zero-ended, or empty for a peer.</param>
    /// <param name="path">Zero-ended.</param>
    /// <param name="interface">A u8 literal.</param>
    /// <param name="member">A u8 literal.</param>
    public BusCall Call(ReadOnlySpan<byte> destination, ReadOnlySpan<byte> path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member)
    {
        nint message;
        fixed (byte* d = destination, p = path, i = @interface, m = member)
            BusException.Check(sd_bus_message_new_method_call(_bus, &message, d, p, i, m), "a call");
        return new BusCall(this, message);
    }

    /// <summary>A name or path as sd-bus takes it.</summary>
    public static byte[] ZeroEnded(string text) => Encoding.UTF8.GetBytes(text + '\0');

    /// <summary>Sends what is queued as far as the socket takes it, and closes. Unanswered calls are forgotten.</summary>
    public void Dispose()
    {
        _isDisposing = true;
        // sd-bus must not go while it calls us: it goes when that call has returned.
        if (_isInside || _bus == 0)
            return;
        foreach (var (handler, slot) in _handlers)
        {
            if (slot != 0)
                sd_bus_slot_unref(slot);
            handler.Free();
        }
        _handlers.Clear();
        sd_bus_close_unref(_bus);
        foreach (var call in _calls)
            call.Free();
        _calls.Clear();
        _bus = 0;
    }

    internal void SendCall(nint message, BusHandler answered, long withinNs)
    {
        var call = GCHandle.Alloc(new Handled(this, answered));
        _calls.Add(call);
        var result = sd_bus_call_async(_bus, null, message, &OnAnswer, (void*)GCHandle.ToIntPtr(call), (ulong)withinNs / 1000);
        if (result < 0)
            Forget(call);
        BusException.Check(result, "a call");
    }

    protected internal override int PollFd => IsClosed ? -1 : sd_bus_get_fd(_bus);

    protected internal override long Deadline
    {
        get
        {
            ulong microseconds;
            if (IsClosed || sd_bus_get_timeout(_bus, &microseconds) <= 0 || microseconds > long.MaxValue / 1000)
                return Never;
            return (long)microseconds * 1000;
        }
    }

    protected internal override PollEvents Prepare()
    {
        var events = IsClosed ? 0 : sd_bus_get_events(_bus);
        return events > 0 ? (PollEvents)events : PollEvents.None;
    }

    protected internal override void Check(PollEvents ready, long now)
    {
        if (IsClosed || (ready == PollEvents.None && now < Deadline))
            return;
        var result = 1;
        _isInside = true;
        for (var i = 0; i < MostMessagesPerTurn && result > 0 && !_isDisposing && _thrown is null; i++)
            result = sd_bus_process(_bus, null);
        _isInside = false;
        if (_isDisposing)
            Dispose();
        else if (result < 0)
            End(-result);
        Interlocked.Exchange(ref _thrown, null)?.Throw();
    }

    private void Forget(GCHandle call)
    {
        _calls.Remove(call);
        call.Free();
    }

    private void End(int errno)
    {
        _failure = Marshal.GetPInvokeErrorMessage(errno);
        Closed?.Invoke(_failure);
    }

    private void* Keep(BusHandler handler)
    {
        _handlers.Add((GCHandle.Alloc(new Handled(this, handler)), 0));
        return (void*)GCHandle.ToIntPtr(_handlers[^1].Handler);
    }

    private void Kept(nint slot) => _handlers[^1] = _handlers[^1] with { Slot = slot };

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

    /// <summary>Exceptions must not cross sd-bus's frames: kept, and thrown when the turn's processing is over.</summary>
    private bool Invoke(BusHandler handler, nint message)
    {
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
        var call = GCHandle.FromIntPtr((nint)data);
        var handled = (Handled)call.Target!;
        handled.Bus.Forget(call);
        handled.Bus.Invoke(handled.Handler, message);
        return 0;
    }

    private sealed record Handled(Bus Bus, BusHandler Handler);
}
