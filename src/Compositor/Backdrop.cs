using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// One opaque black pixel, stretched over the window: letterbox and kiosk background. Hosts know the single-pixel buffer
/// and leave it out when they scan out what lies above.
/// </summary>
internal static class Backdrop
{
    public static WlBuffer Create(Globals globals)
    {
        if (globals.SinglePixel is { } singlePixel)
            return singlePixel.CreateU32RgbaBuffer(0, 0, 0, uint.MaxValue);
        const int Pixel = 4;
        using var memory = Memfd.Create("guestplane-black", Pixel);
        // The unused byte too: hosts copy it into their screenshots, as alpha.
        using (var pixel = Mapping.Of(memory, Pixel, writable: true))
            System.Runtime.InteropServices.MemoryMarshal.Write(pixel.Bytes, 0xff00_0000);
        using var pool = globals.Shm.CreatePool(memory, Pixel);
        return pool.CreateBuffer(0, 1, 1, Pixel, WlShmFormat.Xrgb8888);
    }
}
