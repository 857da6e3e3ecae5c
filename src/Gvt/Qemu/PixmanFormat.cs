namespace Guestplane.Gvt.Qemu;

/// <summary>
/// pixman's format codes (pixman.h: bits per pixel, type, and the bits of a, r, g, b from the top), which QEMU's surfaces have
/// (ui/qemu-pixman.c, qemu_default_pixman_format). Like DRM's they describe a little endian word.
/// </summary>
internal static class PixmanFormat
{
    private static readonly (uint Pixman, Fourcc Drm)[] s_formats =
    [
        (0x2002_0888, Fourcc.Xrgb8888),
        (0x2002_8888, Fourcc.Argb8888),
        (0x2003_0888, Fourcc.Xbgr8888),
        (0x2003_8888, Fourcc.Abgr8888),
        (0x2008_0888, Fourcc.Of("BX24")),
        (0x2008_8888, Fourcc.Of("BA24")),
        (0x2009_0888, Fourcc.Of("RX24")),
        (0x2009_8888, Fourcc.Of("RA24")),
        (0x2002_0aaa, Fourcc.Xrgb2101010),
        (0x1802_0888, Fourcc.Of("RG24")),
        (0x1803_0888, Fourcc.Of("BG24")),
        (0x1002_0565, Fourcc.Rgb565),
        (0x1002_0555, Fourcc.Of("XR15")),
    ];

    /// <summary>The DRM code of the same layout; null for one that display surfaces do not have.</summary>
    public static Fourcc? ToFourcc(uint format)
    {
        foreach (var (pixman, drm) in s_formats)
            if (pixman == format)
                return drm;
        return null;
    }

    /// <summary>pixman's code of the same layout; null if it has none.</summary>
    public static uint? FromFourcc(Fourcc format)
    {
        foreach (var (pixman, drm) in s_formats)
            if (drm == format)
                return pixman;
        return null;
    }
}
