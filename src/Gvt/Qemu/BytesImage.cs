using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// An image that arrives as bytes in messages: first whole, then the parts that changed. The bytes belong to the message, so
/// they are copied, once.
/// </summary>
internal sealed class BytesImage : IDisposable
{
    /// <summary>
    /// An image may grow to this many bytes without being sent: 4096x4096, more than any text mode has. A message of a few bytes
    /// must not cost gigabytes.
    /// </summary>
    private const long MostUnsent = 64 << 20;

    // The layout's plane for the current message. A new array each time would be the only allocation per flip.
    private readonly MemoryPlane[] _received = new MemoryPlane[1];

    private Scanout? _retired;
    private long _mostSent;

    /// <summary>The image; null before the first one.</summary>
    public Scanout? Scanout { get; private set; }

    /// <summary>The number of bytes that were copied out of messages.</summary>
    public long CopiedBytes { get; private set; }

    /// <summary>
    /// Takes a whole image. If only its pixels changed, the scanout stays the same object. If not, <see cref="DropOld"/> disposes
    /// the old one, to be called after the new one is shown.
    /// </summary>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="stride">The stride of <paramref name="bytes"/>, in bytes.</param>
    /// <param name="format">A format with one memory plane.</param>
    /// <param name="bytes">Row 0 first.</param>
    /// <returns>Null, or what is wrong with the image; then the last one stays.</returns>
    public string? Take(uint width, uint height, uint stride, Fourcc format, ReadOnlySpan<byte> bytes)
    {
        var layout = ReceivedLayout(width, height, stride, format, bytes.Length);
        if (layout.Problem() is { } problem)
            return problem;
        if (Scanout is not { } last || (last.Layout.Width, last.Layout.Height, last.Layout.Format) != (width, height, format))
            Replace(layout);
        Copy(new(0, 0, (int)width, (int)height), (int)stride, bytes);
        _mostSent = Math.Max(_mostSent, Scanout!.Pixels!.Bytes.Length);
        return null;
    }

    /// <summary>Changes the image's size. The part that fits is kept, and the rest is black.</summary>
    public void Resize(int width, int height)
    {
        if (Scanout is not { } last || (last.Width, last.Height) == (width, height))
            return;
        if (!MayGrow(last, width, height))
            return;
        MemoryPlane[] planes = [new(0, (uint)last.Format.RowBytes(0, width), long.MaxValue)];
        var layout = last.Layout with { Width = (uint)width, Height = (uint)height, Planes = planes };
        if (layout.Problem() is not null)
            return;
        Replace(layout);
        var kept = new Rectangle(0, 0, Math.Min(width, last.Width), Math.Min(height, last.Height));
        Copy(kept, (int)last.Layout.Planes[0].Stride, last.Pixels!.Bytes);
    }

    /// <summary>Takes a part of the image. A part that reaches beyond the image means that the image has grown.</summary>
    /// <param name="area">The part's place in the image.</param>
    /// <param name="stride">The stride of <paramref name="bytes"/>, in bytes.</param>
    /// <param name="format">Must be the image's.</param>
    /// <param name="bytes">The part's rows, from the top.</param>
    /// <param name="size">
    /// The console's size as last reported. It arrives on another socket: perhaps late, perhaps before the last image of the old
    /// size.
    /// </param>
    /// <returns>Null, or what is wrong with the part.</returns>
    public string? Update(Rectangle area, uint stride, Fourcc format, ReadOnlySpan<byte> bytes, (int Width, int Height) size)
    {
        if (Scanout is not { } scanout)
            return "a part of an image came before the image";
        if (format != scanout.Layout.Format)
            return $"a part of an image came as {format}, and the image is {scanout.Layout.Format}";
        var needed = (X: (long)area.X + area.Width, Y: (long)area.Y + area.Height);
        if (area.IsEmpty || area.X < 0 || area.Y < 0
            || !MayGrow(scanout, Math.Max(scanout.Width, needed.X), Math.Max(scanout.Height, needed.Y)))
            return $"a part of {area.Width}x{area.Height} at {area.X},{area.Y} is not inside the image " +
                $"of {scanout.Width}x{scanout.Height}";
        var (width, height) = ((uint)area.Width, (uint)area.Height);
        if (ReceivedLayout(width, height, stride, format, bytes.Length).Problem() is { } problem)
            return problem;
        if (!Holds((scanout.Width, scanout.Height), area))
            Grow(scanout, area, size);
        Copy(area, (int)stride, bytes);
        return null;
    }

    private bool MayGrow(Scanout image, long width, long height) => Math.Max(width, height) <= PlaneLayout.MaxSide
        && width * height * image.Format.BytesPerPixel[0] <= Math.Max(_mostSent, MostUnsent);

    private static bool Holds((int Width, int Height) size, Rectangle area) =>
        area.X + area.Width <= size.Width && area.Y + area.Height <= size.Height;

    private void Grow(Scanout last, Rectangle area, (int Width, int Height) size)
    {
        var least = (Math.Max(last.Width, area.X + area.Width), Math.Max(last.Height, area.Y + area.Height));
        var (width, height) = Holds(size, area) && MayGrow(last, size.Width, size.Height) ? size : least;
        Resize(width, height);
    }

    /// <summary>Disposes the scanout that was replaced last.</summary>
    public void DropOld()
    {
        _retired?.Dispose();
        _retired = null;
    }

    public void Dispose()
    {
        DropOld();
        Scanout?.Dispose();
        Scanout = null;
    }

    /// <summary>The layout of a received image. Valid until the next message, whose layout re-uses the plane.</summary>
    private PlaneLayout ReceivedLayout(uint width, uint height, uint stride, Fourcc format, int length)
    {
        _received[0] = new(0, stride, Padded(length, width, height, stride, format));
        return new(width, height, format, Modifier.Linear, _received);
    }

    /// <summary>QEMU sends the last row without padding, while a layout counts the full stride of every row.</summary>
    private static long Padded(int length, uint width, uint height, uint stride, Fourcc format)
    {
        var row = PixelFormat.Find(format)?.RowBytes(0, (int)width) ?? 0;
        return height > 0 && length >= (long)stride * (height - 1) + row ? (long)stride * height : length;
    }

    private void Replace(PlaneLayout layout)
    {
        var stride = (uint)PixelFormat.Find(layout.Format)!.RowBytes(0, (int)layout.Width);
        var bytes = (long)stride * layout.Height;
        using var memory = Memfd.Create("guestplane-image", bytes);
        var pixels = Mapping.Of(memory, bytes, writable: true);
        DropOld();
        _retired = Scanout;
        Scanout = Gvt.Scanout.Create(pixels, layout with { Planes = [new(0, stride, bytes)] }, out _)!;
    }

    private void Copy(Rectangle area, int stride, ReadOnlySpan<byte> bytes)
    {
        var (own, bytesPerPixel) = ((int)Scanout!.Layout.Planes[0].Stride, Scanout.Format.BytesPerPixel[0]);
        var to = Scanout.Pixels!.Bytes[(area.Y * own + area.X * bytesPerPixel)..];
        CopiedBytes += PixelRows.Copy(bytes, stride, to, own, area.Width * bytesPerPixel, area.Height);
    }
}
