using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Guestplane.Wayland.Libwayland;

namespace Guestplane.Wayland;

/// <summary>
/// An object of the Wayland connection. Made by a request or an event, gone with <see cref="Dispose"/> (or its own
/// destructor request, or the event that ends it). One thread only: the loop's.
/// </summary>
public abstract unsafe class WlProxy : IDisposable
{
    // Tells our dispatcher's objects from any that another library (libdecor) put on the same display.
    private static readonly void* s_cookie = NativeMemory.Alloc(1);

    private readonly GCHandle _self;
    private readonly int _tableIndex;
    private nint _handle;

    // The display's list of living objects: what is left when it disconnects is let go in one sweep.
    private WlProxy? _previous, _next;

    private protected WlProxy(WlDisplay? display, int tableIndex)
    {
        Display = display ?? (WlDisplay)this;
        _tableIndex = tableIndex;
        _self = GCHandle.Alloc(this);
    }

    /// <summary>The connection.</summary>
    public WlDisplay Display { get; }

    /// <summary>The version that the object was bound at, or inherited from what made it.</summary>
    public uint ProxyVersion { get; private set; }

    /// <summary>The object's number on the wire, as WAYLAND_DEBUG prints it.</summary>
    public uint ProxyId { get; private set; }

    /// <summary>Whether requests may still be sent.</summary>
    public bool IsAlive => _handle != 0;

    /// <summary>The user's own; back to 0 with every new object.</summary>
    public long Tag { get; set; }

    internal nint Handle => _handle;

    public override string ToString() => $"{InterfaceTable.Name(_tableIndex)}#{ProxyId}";

    /// <summary>Ends the object on both sides. Nothing happens when it is gone already.</summary>
    public void Dispose()
    {
        if (IsAlive)
            DestroyProxy();
        GC.SuppressFinalize(this);
    }

    /// <summary>The wrapper of a wl_proxy, or null for none, for one of another library, and for one that is gone.</summary>
    internal static WlProxy? FromHandle(nint proxy)
    {
        if (proxy == 0 || wl_proxy_get_listener(proxy) != s_cookie)
            return null;
        return GCHandle.FromIntPtr((nint)wl_proxy_get_user_data(proxy)).Target as WlProxy;
    }

    private protected static nint HandleOf(WlProxy? proxy)
    {
        if (proxy is null)
            return 0;
        ObjectDisposedException.ThrowIf(!proxy.IsAlive, proxy);
        return proxy._handle;
    }

    /// <summary>Takes a new wl_proxy under this wrapper, and its events.</summary>
    private protected void Attach(nint proxy)
    {
        AttachSilent(proxy);
        Display.Link(this);
        // Fails only for a proxy that has a dispatcher already, and this one is new.
        _ = wl_proxy_add_dispatcher(proxy, &OnEvent, s_cookie, (void*)GCHandle.ToIntPtr(_self));
    }

    /// <summary>As <see cref="Attach"/>, without events: wl_display's are libwayland's own.</summary>
    private protected void AttachSilent(nint proxy)
    {
        _handle = proxy;
        ProxyVersion = wl_proxy_get_version(proxy);
        ProxyId = wl_proxy_get_id(proxy);
        Tag = 0;
    }

    private protected void Marshal(uint opcode, WlArgument* args) => Send(opcode, null, ProxyVersion, 0, args);

    private protected nint MarshalConstructor(uint opcode, int made, uint version, WlArgument* args) =>
        Send(opcode, InterfaceTable.At(made), version, 0, args);

    private protected void MarshalDestructor(uint opcode, WlArgument* args)
    {
        Send(opcode, null, ProxyVersion, Libwayland.Destroy, args);
        Forget();
    }

    private protected nint MarshalDestructingConstructor(uint opcode, int made, uint version, WlArgument* args)
    {
        var proxy = Send(opcode, InterfaceTable.At(made), version, Libwayland.Destroy, args);
        Forget();
        return proxy;
    }

    /// <summary>A request that the bound version lacks would be a protocol error; it is a bug of ours, said where it is.</summary>
    private protected void RequireVersion(uint since, string request)
    {
        if (ProxyVersion < since)
            throw new InvalidOperationException($"{this}.{request} needs version {since}, and the object has {ProxyVersion}.");
    }

    /// <summary>Ends the object: by its destructor request, where generated code overrides this with one.</summary>
    private protected virtual void DestroyProxy()
    {
        wl_proxy_destroy(_handle);
        Forget();
    }

    /// <summary>Raises one event.</summary>
    private protected virtual void Dispatch(uint opcode, WlArgument* args) { }

    /// <summary>Whether the object is gone after this event.</summary>
    private protected virtual bool IsLast(uint opcode) => false;

    /// <summary>Drops the handlers of a wrapper that will be used again.</summary>
    private protected virtual void ForgetHandlers() { }

    /// <summary>The display is going: libwayland's side is freed without a request.</summary>
    internal void Abandon()
    {
        wl_proxy_destroy(_handle);
        Forget();
    }

    /// <summary>No wl_proxy any more, and none to come.</summary>
    internal void CloseProxy()
    {
        _handle = 0;
        _self.Free();
    }

    internal static void Unlink(WlProxy proxy, ref WlProxy? first)
    {
        if (proxy._previous is { } previous)
            previous._next = proxy._next;
        else
            first = proxy._next;
        if (proxy._next is { } next)
            next._previous = proxy._previous;
        proxy._previous = proxy._next = null;
    }

    internal static void LinkBefore(WlProxy proxy, WlProxy? next)
    {
        proxy._next = next;
        if (next is not null)
            next._previous = proxy;
    }

    private nint Send(uint opcode, NativeInterface* made, uint version, uint flags, WlArgument* args)
    {
        ObjectDisposedException.ThrowIf(!IsAlive, this);
        Display.Remember(_tableIndex, ProxyId, opcode);
        return wl_proxy_marshal_array_flags(_handle, opcode, made, version, flags, args);
    }

    /// <summary>The wl_proxy is gone, and the wrapper with it.</summary>
    private void Forget()
    {
        Display.Unlink(this);
        CloseProxy();
    }

    /// <summary>The wl_proxy is gone; the wrapper waits for the next one of its kind.</summary>
    private void Recycle()
    {
        Display.Unlink(this);
        _handle = 0;
        ForgetHandlers();
        Display.Return(_tableIndex, this);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnEvent(void* implementation, void* target, uint opcode, NativeMessage* message, WlArgument* args)
    {
        if (implementation != s_cookie || FromHandle((nint)target) is not { } proxy)
            return 0;
        // An exception must not cross libwayland's frames: it is kept, and thrown when the dispatch has returned.
        try
        {
            proxy.Dispatch(opcode, args);
        }
        catch (Exception e)
        {
            proxy.Display.Keep(e);
        }
        if (proxy.IsLast(opcode) && proxy.IsAlive)
        {
            wl_proxy_destroy(proxy._handle);
            proxy.Recycle();
        }
        return 0;
    }
}
