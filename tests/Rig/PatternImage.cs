using System.Runtime.InteropServices;
using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Rig;

/// <summary>The pattern guest's picture without its cursor, to be found on screenshots: painted by what paints the guest's.</summary>
internal sealed class PatternImage
{
    private const uint White = 0xffffff, Yellow = 0xffff00, Blue = 0x0000ff;

    // PatternPainter's.
    private const int FrameWidth = 8, SweepHeight = 32, Bars = 8;

    // Of 255: GL's rounding, and a pixel at an edge.
    private const int Tolerance = 12;

    private readonly byte[] _pixels;

    /// <param name="width">In pixels.</param>
    /// <param name="height">The same.</param>
    /// <param name="frame">The number in its bar code.</param>
    public PatternImage(int width, int height, uint frame)
    {
        (Width, Height, _pixels) = (width, height, new byte[width * height * 4]);
        var painter = new PatternPainter(width, height, Fourcc.Xrgb8888, width * 4);
        painter.PaintBackground(_pixels);
        painter.PaintFrame(_pixels, frame);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>
    /// Where it lies, scaled or not, by the bars from the yellow one, which is the second, to the blue one, the seventh: nothing that
    /// hosts have around a window is as yellow, or as blue. Null if there are none.
    /// </summary>
    public static Rectangle? Find(Png shot, int width, int height)
    {
        var (left, top, right, bottom) = (int.MaxValue, int.MaxValue, 0, 0);
        for (var y = 0; y < shot.Height; y++)
            for (var x = 0; x < shot.Width; x++)
                if (IsNearly(shot[x, y], Yellow) || IsNearly(shot[x, y], Blue))
                    (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x + 1), Math.Max(bottom, y + 1));
        if (right == 0)
            return null;
        var bar = (width - 2 * FrameWidth) / Bars;
        var (scaleX, scaleY) = ((double)(right - left) / (6 * bar), (double)(bottom - top) / (height - 2 * FrameWidth - SweepHeight));
        return new((int)Math.Round(left - (FrameWidth + bar) * scaleX), (int)Math.Round(top - FrameWidth * scaleY),
            (int)Math.Round(width * scaleX), (int)Math.Round(height * scaleY));
    }

    /// <summary>The number of the frame that lies there, scaled to that size; null if it cannot be read.</summary>
    public static uint? Frame(Png shot, Rectangle place, int width, int height) => BarCode.Read((x, y) =>
        IsNearly(Pixel(shot, place.X + (int)((x + 0.5) * place.Width / width), place.Y + (int)((y + 0.5) * place.Height / height)), White));

    /// <summary>The first bar that has not its colour where it lies, by its number; null if each has.</summary>
    public int? WrongBar(Png shot, Rectangle place)
    {
        for (var bar = 0; bar < Bars; bar++)
        {
            var (x, y) = (FrameWidth + (Width - 2 * FrameWidth) * (2 * bar + 1) / (2 * Bars), Height / 4);
            if (!IsNearly(Pixel(shot, place.X + x * place.Width / Width, place.Y + y * place.Height / Height), this[x, y]))
                return bar;
        }
        return null;
    }

    /// <summary>The share of pixels that have about their colour where it lies, unscaled; cursor, sweep and bar code differ.</summary>
    public double Likeness(Png shot, PixelPoint corner)
    {
        var same = 0;
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
                if (IsNearly(Pixel(shot, corner.X + x, corner.Y + y), this[x, y]))
                    same++;
        return (double)same / (Width * Height);
    }

    /// <summary>The first pixel that is another on the screenshot; null if all are the same. What is outside of it is not the same.</summary>
    public PixelPoint? Difference(Png shot, PixelPoint corner) => Difference(shot, corner, new(0, 0, Width, Height));

    /// <summary>The same of the one-pixel checkerboard, of which blur leaves nothing.</summary>
    public PixelPoint? Blur(Png shot, PixelPoint corner)
    {
        var side = Math.Min(64, Math.Min(Width, Height) / 4);
        return Difference(shot, corner, new(Width / 2, Height / 2, side, side));
    }

    private uint this[int x, int y] => MemoryMarshal.Cast<byte, uint>(_pixels)[y * Width + x] & 0xffffff;

    private PixelPoint? Difference(Png shot, PixelPoint corner, Rectangle part)
    {
        for (var y = part.Y; y < part.Y + part.Height; y++)
            for (var x = part.X; x < part.X + part.Width; x++)
                if (Pixel(shot, corner.X + x, corner.Y + y) != this[x, y])
                    return new(x, y);
        return null;
    }

    /// <summary>No colour outside of the screenshot.</summary>
    private static uint Pixel(Png shot, int x, int y) => x >= 0 && y >= 0 && x < shot.Width && y < shot.Height ? shot[x, y] : uint.MaxValue;

    private static bool IsNearly(uint pixel, uint colour)
    {
        for (var shift = 0; shift <= 24; shift += 8)
            if (Math.Abs((int)(pixel >> shift & 0xff) - (int)(colour >> shift & 0xff)) > Tolerance)
                return false;
        return true;
    }
}
