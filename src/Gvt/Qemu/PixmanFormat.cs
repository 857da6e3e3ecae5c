namespace Guestplane.Gvt.Qemu;

/// <summary>
/// pixman's format codes (pixman.h: bits per pixel, type, and the bits of a, r, g, b from the top), of which QEMU's surfaces
/// are made (ui/qemu-pixman.c, qemu_default_pixman_format). Both sides name the bits of a little endian word.
/// </summary>
internal static class PixmanFormat
{
    /// <summary>The same layout as DRM calls it; null for one that a display surface does not have.</summary>
    public static Fourcc? ToFourcc(uint format) => format switch
    {
        0x2002_0888 => Fourcc.Xrgb8888,
        0x2002_8888 => Fourcc.Argb8888,
        0x2003_0888 => Fourcc.Xbgr8888,
        0x2003_8888 => Fourcc.Abgr8888,
        0x2008_0888 => Fourcc.Of("BX24"),
        0x2008_8888 => Fourcc.Of("BA24"),
        0x2009_0888 => Fourcc.Of("RX24"),
        0x2009_8888 => Fourcc.Of("RA24"),
        0x2002_0aaa => Fourcc.Xrgb2101010,
        0x1802_0888 => Fourcc.Of("RG24"),
        0x1803_0888 => Fourcc.Of("BG24"),
        0x1002_0565 => Fourcc.Rgb565,
        0x1002_0555 => Fourcc.Of("XR15"),
        _ => null,
    };
}
