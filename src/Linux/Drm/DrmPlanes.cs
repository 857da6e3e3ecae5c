namespace Guestplane.Linux.Drm;

/// <summary>How many hardware planes of each type a card has, on all its CRTCs together.</summary>
/// <param name="HasZpos">
/// True if its overlays tell their places in the stack (the property "zpos"). Otherwise nobody knows which of two is on top, and
/// compositors do not put one image over another with them.
/// </param>
public sealed record DrmPlanes(int Primary, int Cursor, int Overlay, bool HasZpos = false)
{
    /// <summary>The cursor planes that each CRTC can have: drivers tie most planes to one CRTC.</summary>
    public int CursorOfEach { get; init; } = Cursor;

    /// <summary>The overlay planes that each CRTC can have; another CRTC may use them, if they are not tied to one.</summary>
    public int OverlayOfEach { get; init; } = Overlay;

    /// <summary>The formats (drm_fourcc.h) that any primary or overlay plane takes; empty if they are not known.</summary>
    public IReadOnlySet<uint> Formats { get; init; } = new HashSet<uint>();
}
