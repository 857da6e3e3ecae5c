using System.Runtime.InteropServices;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>The console's cursor. Its image always arrives as bytes, even if the display is a dma-buf.</summary>
internal sealed class QemuCursor : IDisposable
{
    /// <summary>QEMU's limit (include/ui/console.h, cursor_alloc).</summary>
    private const int MaxSide = 512;

    private readonly BytesImage _image = new();
    private PixelPoint _position, _hotspot;
    private bool _isOn = true;

    /// <summary>True if it is this cursor's image.</summary>
    public bool Has(Scanout scanout) => scanout == _image.Scanout;

    /// <summary>Takes a new image of ARGB words. Returns null, or what is wrong with it.</summary>
    public string? Define(int width, int height, PixelPoint hotspot, ReadOnlySpan<byte> bytes)
    {
        if (width is <= 0 or > MaxSide || height is <= 0 or > MaxSide)
            return $"its size of {width}x{height} is outside 1x1 to {MaxSide}x{MaxSide}";
        if (hotspot.X < 0 || hotspot.Y < 0 || hotspot.X >= width || hotspot.Y >= height)
            hotspot = default;
        if (_image.Take((uint)width, (uint)height, (uint)width * 4, Fourcc.Argb8888, bytes) is { } problem)
            return problem;
        Premultiply(MemoryMarshal.Cast<byte, uint>(_image.Scanout!.Pixels!.Bytes));
        _hotspot = hotspot;
        return null;
    }

    public void Move(PixelPoint position, bool isOn) => (_position, _isOn) = (position, isOn);

    public void Raise(Head head, bool isNew)
    {
        head.Raise(new Flip(PlaneKind.Cursor, _isOn ? _image.Scanout : null, _position, _hotspot, isNew, Clock.Now));
        _image.DropOld();
    }

    public void Dispose() => _image.Dispose();

    /// <summary>
    /// Wayland's pixels are premultiplied, but some virtual devices deliver straight alpha. An image with a colour above its
    /// alpha value cannot be premultiplied, so it is converted.
    /// </summary>
    private static void Premultiply(Span<uint> pixels)
    {
        foreach (var pixel in pixels)
        {
            var alpha = pixel >> 24;
            if ((pixel >> 16 & 0xff) <= alpha && (pixel >> 8 & 0xff) <= alpha && (pixel & 0xff) <= alpha)
                continue;
            foreach (ref var each in pixels)
                each = Premultiplied(each);
            return;
        }
    }

    private static uint Premultiplied(uint pixel)
    {
        var alpha = pixel >> 24;
        return alpha << 24 | Scaled(pixel >> 16 & 0xff) << 16 | Scaled(pixel >> 8 & 0xff) << 8 | Scaled(pixel & 0xff);

        uint Scaled(uint channel) => (channel * alpha + 127) / 255;
    }
}
