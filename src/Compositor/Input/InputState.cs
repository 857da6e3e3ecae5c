using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The compositor's pointer image over a window.</summary>
/// <param name="Surface">Has the image; null if the pointer is hidden or the default.</param>
/// <param name="HotspotX">In logical pixels from the image's left edge.</param>
/// <param name="HotspotY">In logical pixels from the image's top edge.</param>
/// <param name="Revision">Changes with each new image on the surface, so that each is set once.</param>
/// <param name="IsDefault">True for the compositor's default shape.</param>
internal readonly record struct PointerImage(
    WlSurface? Surface, int HotspotX, int HotspotY, long Revision = 0, bool IsDefault = false)
{
    public static PointerImage Hidden => default;

    public static PointerImage Default => new(null, 0, 0, IsDefault: true);
}

/// <summary>The input state of one window; only <see cref="WindowInput"/> changes it.</summary>
/// <param name="IsAbsolute">True if the guest takes absolute positions, and for guests without input.</param>
/// <param name="IsGrabbed">True if the guest has the keyboard; a relative guest then has the pointer too.</param>
/// <param name="Image">The cursor plane as a pointer image; hidden while the plane is off or on a subsurface.</param>
/// <param name="Pens">How many pens are near the window.</param>
internal readonly record struct InputState(bool IsAbsolute, bool IsGrabbed, PointerImage Image, int Pens = 0)
{
    /// <summary>
    /// True if the motion of the compositor's pointer goes to the guest. It is locked in place then, if a keyboard can free it.
    /// </summary>
    public bool IsLocked => IsGrabbed && !IsAbsolute;

    /// <summary>True if button presses go to the guest.</summary>
    public bool HasButtons => IsAbsolute || IsGrabbed;

    /// <summary>The pointer image to show now. Over a relative guest without a grab it is the default.</summary>
    public PointerImage Pointer => IsAbsolute ? Image : IsGrabbed ? PointerImage.Hidden : PointerImage.Default;
}
