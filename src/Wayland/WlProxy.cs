using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Guestplane.Wayland.Libwayland;

namespace Guestplane.Wayland;

/// <summary>
/// An object of the Wayland connection. A request or an event creates it; <see cref="Dispose"/>, its destructor request, or an
/// event that ends it destroys it. Must be used on the loop's thread only.
/// </summary>
public abstract unsafe class WlProxy : IDisposable
{
    // Marks the proxies that have our dispatcher; another library (libdecor) may have proxies on the same display.
    private static readonly void* s_cookie = NativeMemory.Alloc(1);

    private readonly GCHandle _self;
    private readonly int _tableIndex;
    private nint _handle;

    // The display's list of existing objects, which are freed when it disconnects.
    private WlProxy? _previous, _next;

    private protected WlProxy(WlDisplay? display, int tableIndex)
    {
        Display = display ?? (WlDisplay)this;
        _tableIndex = tableIndex;
        _self = GCHandle.Alloc(this);
    }

    /// <summary>The connection.</summary>
    public WlDisplay Display { get; }

    /// <summary>The version that the object was bound with, or inherited from the object that created it.</summary>
    public uint ProxyVersion { get; private set; }

    /// <summary>The object's id on the wire, as WAYLAND_DEBUG prints it.</summary>
    public uint ProxyId { get; private set; }

    /// <summary>True until the object is destroyed.</summary>
    public bool IsAlive => _handle != 0;

    /// <summary>A value for the user of the object; 0 for every new object.</summary>
    public long Tag { get; set; }

    internal nint Handle => _handle;

    public override string ToString() => $"{InterfaceTable.Name(_tableIndex)}#{ProxyId}";

    /// <summary>Destroys the object on both sides. Does nothing if it is destroyed already.</summary>
    public void Dispose()
    {
        if (IsAlive)
            DestroyProxy();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// The wrapper of a wl_proxy; null if there is none, if it belongs to another library, or if it is destroyed.
    /// </summary>
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

    /// <summary>Binds a new wl_proxy to this wrapper, with its events.</summary>
    private protected void Attach(nint proxy)
    {
        AttachSilent(proxy);
        Display.Link(this);
        // Fails only for a proxy that already has a dispatcher; this one is new.
        _ = wl_proxy_add_dispatcher(proxy, &OnEvent, s_cookie, (void*)GCHandle.ToIntPtr(_self));
    }

    /// <summary>As <see cref="Attach"/>, but without events: libwayland handles those of wl_display itself.</summary>
    private protected void AttachSilent(nint proxy)
    {
        _handle = proxy;
        ProxyVersion = wl_proxy_get_version(proxy);
        ProxyId = wl_proxy_get_id(proxy);
        Tag = 0;
    }

    private protected void Marshal(uint opcode, WlArgument* args) => Send(opcode, 0, ProxyVersion, 0, args);

    private protected nint MarshalConstructor(uint opcode, int made, uint version, WlArgument* args) =>
        Send(opcode, InterfaceTable.At(made), version, 0, args);

    private protected void MarshalDestructor(uint opcode, WlArgument* args)
    {
        Send(opcode, 0, ProxyVersion, Libwayland.Destroy, args);
        Forget();
    }

    private protected nint MarshalDestructingConstructor(uint opcode, int made, uint version, WlArgument* args)
    {
        var proxy = Send(opcode, InterfaceTable.At(made), version, Libwayland.Destroy, args);
        Forget();
        return proxy;
    }

    /// <summary>Throws if the bound version lacks a request: sending it would be a protocol error.</summary>
    private protected void RequireVersion(uint since, string request)
    {
        if (ProxyVersion < since)
            throw new InvalidOperationException(
                $"{this}.{request} needs version {since}, and the object has {ProxyVersion}.");
    }

    /// <summary>Destroys the object. Generated code overrides this if the interface has a destructor request.</summary>
    private protected virtual void DestroyProxy()
    {
        wl_proxy_destroy(_handle);
        Forget();
    }

    /// <summary>Raises the C# event for one protocol event.</summary>
    private protected virtual void Dispatch(uint opcode, WlArgument* args) { }

    /// <summary>True if this event destroys the object.</summary>
    private protected virtual bool IsLast(uint opcode) => false;

    /// <summary>Removes the event handlers of a pooled wrapper.</summary>
    private protected virtual void ForgetHandlers() { }

    /// <summary>Frees the wl_proxy without a request, because the display disconnects.</summary>
    internal void Abandon()
    {
        wl_proxy_destroy(_handle);
        Forget();
    }

    /// <summary>Frees the wrapper's handle: no wl_proxy will be bound to it again.</summary>
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

    private nint Send(uint opcode, nint made, uint version, uint flags, WlArgument* args)
    {
        ObjectDisposedException.ThrowIf(!IsAlive, this);
        Display.Remember(_tableIndex, ProxyId, opcode);
        return wl_proxy_marshal_array_flags(_handle, opcode, made, version, flags, args);
    }

    /// <summary>The wl_proxy is destroyed and the wrapper is not used again.</summary>
    private void Forget()
    {
        Display.Unlink(this);
        CloseProxy();
    }

    /// <summary>The wl_proxy is destroyed and the wrapper goes back to the pool.</summary>
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
        // An exception must not cross libwayland's stack frames: it is kept and thrown after the dispatch.
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
