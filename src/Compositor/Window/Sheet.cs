using System.Runtime.InteropServices;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// One colour on a whole surface, as letterbox, background or shade: a pixel that the surface's <see cref="Layer"/> stretches,
/// or, where the compositor cannot scale (no wp_viewporter), a buffer of the surface's size. Compositors skip an opaque black
/// single-pixel buffer when they scan out the surface above it.
/// </summary>
/// <param name="globals">The compositor's globals.</param>
/// <param name="opacity">uint.MaxValue is opaque (single-pixel-buffer-v1.xml).</param>
/// <param name="colour">0xRRGGBB; 0 unless opaque, because the protocol's colours are premultiplied.</param>
internal sealed class Sheet(Globals globals, uint opacity = uint.MaxValue, uint colour = 0) : IDisposable
{
    /// <summary>16K x 16K: a larger size is a compositor's mistake, and wl_shm's pools are smaller than 2 GiB.</summary>
    private const long MostPixels = 1 << 28;

    private WlBuffer? _buffer, _before;
    private (int Width, int Height) _size;

    /// <summary>Attaches it, for the surface's next commit.</summary>
    /// <param name="surface">The surface.</param>
    /// <param name="width">The surface's width in logical pixels.</param>
    /// <param name="height">Its height.</param>
    public void Paint(WlSurface surface, int width, int height)
    {
        var isWhole = globals.Viewporter is null && (long)width * height is > 0 and <= MostPixels;
        var size = isWhole ? (width, height) : (1, 1);
        if (size != _size)
        {
            // The old one is on the surface until its next commit, after which Paint is called again at the earliest.
            _before?.Dispose();
            (_before, _buffer, _size) = (_buffer, Create(size.Item1, size.Item2), size);
        }
        surface.Attach(_buffer, 0, 0);
        surface.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
    }

    public void Dispose()
    {
        _before?.Dispose();
        _buffer?.Dispose();
    }

    private WlBuffer Create(int width, int height)
    {
        if ((width, height) == (1, 1) && globals.SinglePixel is { } singlePixel)
            return singlePixel.CreateU32RgbaBuffer(Component(colour >> 16), Component(colour >> 8), Component(colour), opacity);
        var bytes = width * height * sizeof(uint);
        using var memory = Memfd.Create("guestplane-sheet", bytes);
        // XRGB's unused byte is set too: compositors copy it into screenshots, as alpha.
        using (var pixels = Mapping.Of(memory, bytes, writable: true))
            MemoryMarshal.Cast<byte, uint>(pixels.Bytes).Fill(opacity & 0xff00_0000 | colour);
        using var pool = globals.Shm.CreatePool(memory, bytes);
        return pool.CreateBuffer(
            0, width, height, width * sizeof(uint), opacity == uint.MaxValue ? WlShmFormat.Xrgb8888 : WlShmFormat.Argb8888);
    }

    /// <summary>Scales 8 bits to 32: 0xff becomes uint.MaxValue.</summary>
    private static uint Component(uint colour) => (colour & 0xff) * 0x0101_0101;
}
