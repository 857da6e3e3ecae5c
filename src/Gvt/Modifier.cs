namespace Guestplane.Gvt;

/// <summary>The memory layout of pixels (drm_fourcc.h, DRM_FORMAT_MOD_*).</summary>
public readonly record struct Modifier(ulong Value)
{
    /// <summary>Rows in order, no tiling.</summary>
    public static readonly Modifier Linear = new(0);

    /// <summary>
    /// An implicit modifier: only the driver that allocated the memory knows it. Sent only to a compositor that lists it.
    /// </summary>
    public static readonly Modifier Invalid = new(0x00ff_ffff_ffff_ffff);

    // Intel's uncompressed tilings, which GVT-g reports (i915/gvt/dmabuf.c).
    private const ulong IntelX = 0x0100_0000_0000_0001, IntelY = 0x0100_0000_0000_0002, IntelYf = 0x0100_0000_0000_0003;

    /// <summary>
    /// True if a row of pixels takes at least width × bytes per pixel of the stride, as in all uncompressed layouts.
    /// </summary>
    public bool StrideHoldsARow => this == Linear || this == Invalid || Value is IntelX or IntelY or IntelYf;

    public uint High => (uint)(Value >> 32);

    public uint Low => (uint)Value;

    public override string ToString() => Value switch
    {
        _ when this == Linear => "LINEAR",
        _ when this == Invalid => "INVALID",
        IntelX => "I915_X_TILED",
        IntelY => "I915_Y_TILED",
        IntelYf => "I915_Yf_TILED",
        _ => $"0x{Value:x16}",
    };
}
