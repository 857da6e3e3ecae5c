namespace Guestplane.Compositor;

/// <summary>What a finger on a touch screen is to the guest (--touch).</summary>
internal enum TouchMode
{
    /// <summary>
    /// A pointer if the guest takes absolute positions, else a finger. QEMU 8.1 and later have a touch screen's interface on
    /// every console, whether the guest has one or not, and drop what a guest without one is sent.
    /// </summary>
    Auto,

    /// <summary>A finger.</summary>
    Touch,

    /// <summary>The first finger is the pointer with its left button pressed.</summary>
    Pointer,
}
