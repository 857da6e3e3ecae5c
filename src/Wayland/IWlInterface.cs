namespace Guestplane.Wayland;

/// <summary>What the generic request wl_registry.bind must know of the interface that it creates.</summary>
public interface IWlInterface<TSelf> where TSelf : WlProxy, IWlInterface<TSelf>
{
    /// <summary>The index in the table of all interfaces.</summary>
    static abstract int TableIndex { get; }

    /// <summary>The protocol name, UTF-8, NUL-terminated in memory.</summary>
    static abstract ReadOnlySpan<byte> InterfaceName { get; }

    /// <summary>Wraps a new wl_proxy.</summary>
    static abstract TSelf Adopt(WlDisplay display, nint proxy);
}
