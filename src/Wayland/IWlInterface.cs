namespace Guestplane.Wayland;

/// <summary>What a generic request (wl_registry.bind) has to know of the interface that it makes.</summary>
public interface IWlInterface<TSelf> where TSelf : WlProxy, IWlInterface<TSelf>
{
    /// <summary>Its place in the table of all interfaces.</summary>
    static abstract int TableIndex { get; }

    /// <summary>Its protocol name, UTF-8, NUL-terminated in memory.</summary>
    static abstract ReadOnlySpan<byte> InterfaceName { get; }

    /// <summary>Wraps a new wl_proxy.</summary>
    static abstract TSelf Adopt(WlDisplay display, nint proxy);
}
