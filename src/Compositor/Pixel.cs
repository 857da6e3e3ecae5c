using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A buffer of one pixel, to be stretched: opaque as letterbox and kiosk background, else as a shade. Hosts know the
/// single-pixel buffer and leave an opaque black one out when they scan out what lies above.
/// </summary>
internal static class Pixel
{
    /// <param name="globals">What the host has.</param>
    /// <param name="opacity">uint.MaxValue is opaque (single-pixel-buffer-v1.xml).</param>
    /// <param name="colour">0xRRGGBB, of an opaque one.</param>
    public static WlBuffer Create(Globals globals, uint opacity = uint.MaxValue, uint colour = 0)
    {
        if (globals.SinglePixel is { } singlePixel)
            return singlePixel.CreateU32RgbaBuffer(Component(colour >> 16), Component(colour >> 8), Component(colour), opacity);
        const int Bytes = 4;
        using var memory = Memfd.Create("guestplane-pixel", Bytes);
        // The unused byte of XRGB too: hosts copy it into their screenshots, as alpha.
        using (var pixel = Mapping.Of(memory, Bytes, writable: true))
            System.Runtime.InteropServices.MemoryMarshal.Write(pixel.Bytes, opacity & 0xff00_0000 | colour);
        using var pool = globals.Shm.CreatePool(memory, Bytes);
        return pool.CreateBuffer(0, 1, 1, Bytes, opacity == uint.MaxValue ? WlShmFormat.Xrgb8888 : WlShmFormat.Argb8888);
    }

    /// <summary>8 bits as 32, white as white.</summary>
    private static uint Component(uint colour) => (colour & 0xff) * 0x0101_0101;
}
