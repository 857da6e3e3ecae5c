using System.Runtime.InteropServices;

namespace Guestplane.Gvt.Pattern;

/// <summary>
/// Draws the test pattern into mapped memory, in any of its formats: colour bars, a one-pixel checkerboard (shows blur), a
/// white frame (shows cropping), and the parts that change with each frame: a bar code and a sweeping bar.
/// </summary>
/// <param name="width">In pixels.</param>
/// <param name="height">In pixels.</param>
/// <param name="format">One that is supported.</param>
/// <param name="stride">The bytes of a row of the first memory plane.</param>
/// <param name="model">What the values of a Y'CbCr format mean; null for the usual one of the size.</param>
internal sealed class PatternPainter(int width, int height, Fourcc format, int stride, ColorModel? model = null)
{
    private const int FrameWidth = 8;
    private const int SweepHeight = 32, SweepWidth = 64, SweepStep = 8;
    private const int CheckerSide = 64;

    private static readonly Fourcc[] s_formats =
    [
        Fourcc.Xrgb8888, Fourcc.Argb8888, Fourcc.Xbgr8888, Fourcc.Abgr8888, Fourcc.Rgb565, Fourcc.Xrgb2101010, Fourcc.Nv12,
        Fourcc.P010, Fourcc.Yuyv,
    ];

    private static readonly uint[] s_bars = [0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x202020];

    private readonly ColorModel _model = model ?? ColorModel.Of(height);

    public static bool Supports(Fourcc format) => s_formats.Contains(format);

    /// <summary>Paints the static parts.</summary>
    public void PaintBackground(Span<byte> pixels)
    {
        Fill(pixels, 0, 0, width, height, 0xffffff);
        var bar = (width - 2 * FrameWidth) / s_bars.Length;
        for (var i = 0; i < s_bars.Length; i++)
            Fill(pixels, FrameWidth + i * bar, FrameWidth, i == s_bars.Length - 1 ? width - 2 * FrameWidth - i * bar : bar,
                height - 2 * FrameWidth, s_bars[i]);
        var side = Math.Min(CheckerSide, Math.Min(width, height) / 4);
        for (var y = 0; y < side; y++)
            for (var x = 0; x < side; x++)
                Fill(pixels, width / 2 + x, height / 2 + y, 1, 1, ((x ^ y) & 1) == 0 ? 0xffffffu : 0);
    }

    /// <summary>Paints the parts that change with each frame.</summary>
    public void PaintFrame(Span<byte> pixels, uint frame)
    {
        var top = height - FrameWidth - SweepHeight;
        Fill(pixels, FrameWidth, top, width - 2 * FrameWidth, SweepHeight, 0);
        var room = Math.Max(1, width - 2 * FrameWidth - SweepWidth);
        var sweep = FrameWidth + (int)(frame * SweepStep % room);
        Fill(pixels, sweep, top, Math.Min(SweepWidth, width - 2 * FrameWidth), SweepHeight, 0xff8000);
        if (width < BarCode.MinWidth || height < BarCode.MinHeight)
            return;
        for (var cell = 0; cell < BarCode.Cells; cell++)
            Fill(pixels, BarCode.X + cell * BarCode.CellWidth, BarCode.Y, BarCode.CellWidth, BarCode.CellHeight,
                BarCode.IsWhite(frame, cell) ? 0xffffffu : 0);
    }

    /// <summary>
    /// Paints an arrow of <paramref name="length"/> pixels on a transparent background: premultiplied ARGB, its tip at the
    /// hotspot.
    /// </summary>
    public static void PaintCursor(Span<byte> pixels, int side, int stride, PixelPoint hotspot, int length = 40)
    {
        for (var y = 0; y < side; y++)
        {
            var row = MemoryMarshal.Cast<byte, uint>(pixels.Slice(y * stride, side * 4));
            for (var x = 0; x < side; x++)
            {
                var (dx, dy) = (x - hotspot.X, y - hotspot.Y);
                var inside = dx >= 0 && dy >= 0 && dx + dy < length;
                var edge = dx < 2 || dy < 2 || dx + dy >= length - 3;
                row[x] = !inside ? 0 : edge ? 0xff000000 : 0xffffffff;
            }
        }
    }

    private void Fill(Span<byte> pixels, int x, int y, int w, int h, uint rgb)
    {
        if (format == Fourcc.Nv12)
            FillNv12(pixels, x, y, w, h, rgb);
        else if (format == Fourcc.P010)
            FillP010(pixels, x, y, w, h, rgb);
        else if (format == Fourcc.Yuyv)
            FillYuyv(pixels, x, y, w, h, rgb);
        else if (format == Fourcc.Rgb565)
            FillRows(pixels, x, y, w, h, (ushort)(rgb >> 8 & 0xf800 | rgb >> 5 & 0x07e0 | rgb >> 3 & 0x001f));
        else
            FillRows(pixels, x, y, w, h, Pack(rgb));
    }

    private uint Pack(uint rgb)
    {
        var (r, g, b) = (rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
        if (format == Fourcc.Xrgb2101010)
            return 3u << 30 | Ten(r) << 20 | Ten(g) << 10 | Ten(b);
        var swapped = format == Fourcc.Xbgr8888 || format == Fourcc.Abgr8888;
        return 0xff000000 | (swapped ? b << 16 | g << 8 | r : rgb);
    }

    /// <summary>Scales 8 bits to 10, so that white stays white.</summary>
    private static uint Ten(uint eight) => eight << 2 | eight >> 6;

    private void FillRows<T>(Span<byte> pixels, int x, int y, int w, int h, T value) where T : unmanaged
    {
        for (var row = y; row < y + h; row++)
            MemoryMarshal.Cast<byte, T>(pixels.Slice(row * stride, stride)).Slice(x, w).Fill(value);
    }

    private void FillNv12(Span<byte> pixels, int x, int y, int w, int h, uint rgb)
    {
        var (luma, cb, cr) = _model.Encode(rgb, bits: 8);
        FillRows(pixels, x, y, w, h, (byte)luma);
        FillChroma(pixels, x, y, w, h, (ushort)(cb | cr << 8));
    }

    /// <summary>Ten bits at the upper end of sixteen (drm_fourcc.h).</summary>
    private void FillP010(Span<byte> pixels, int x, int y, int w, int h, uint rgb)
    {
        var (luma, cb, cr) = _model.Encode(rgb, bits: 10);
        FillRows(pixels, x, y, w, h, (ushort)(luma << 6));
        FillChroma(pixels, x, y, w, h, (uint)(cb << 6 | cr << 22));
    }

    /// <summary>Y0, Cb, Y1 and Cr of two pixels.</summary>
    private void FillYuyv(Span<byte> pixels, int x, int y, int w, int h, uint rgb)
    {
        var (luma, cb, cr) = _model.Encode(rgb, bits: 8);
        for (var row = y; row < y + h; row++)
        {
            var line = pixels.Slice(row * stride, stride);
            for (var column = x; column < x + w; column++)
            {
                line[2 * column] = (byte)luma;
                (line[column / 2 * 4 + 1], line[column / 2 * 4 + 3]) = ((byte)cb, (byte)cr);
            }
        }
    }

    /// <summary>Fills the second memory plane, whose pixels are pairs of Cb and Cr for 2x2 of the first one's.</summary>
    private void FillChroma<T>(Span<byte> pixels, int x, int y, int w, int h, T pair) where T : unmanaged
    {
        var (left, top) = (x / 2, y / 2);
        FillRows(pixels[(stride * height)..], left, top, (x + w + 1) / 2 - left, (y + h + 1) / 2 - top, pair);
    }
}
