using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// An image that comes as bytes in messages: whole at first, then what has changed of it. The bytes are the message's and go
/// with it, so they are copied, once.
/// </summary>
internal sealed class BytesImage : IDisposable
{
    /// <summary>Far more than a text mode has; a part that is a few bytes must not cost gigabytes.</summary>
    private const int MostGrown = 4096;

    // Of the message that is looked at. A new one each time would be the only allocation on the way of a flip.
    private readonly MemoryPlane[] _told = new MemoryPlane[1];

    private Scanout? _retired;

    /// <summary>The image; null before the first.</summary>
    public Scanout? Scanout { get; private set; }

    /// <summary>Bytes that were copied out of messages.</summary>
    public long CopiedBytes { get; private set; }

    /// <summary>
    /// Takes a whole image. It is the same scanout as before if only its pixels are others; if not, the old one goes with
    /// <see cref="DropOld"/>, when the new one is up.
    /// </summary>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Rows.</param>
    /// <param name="stride">Bytes from row to row of <paramref name="bytes"/>.</param>
    /// <param name="format">Of one memory plane.</param>
    /// <param name="bytes">Row 0 first.</param>
    /// <returns>Null, or what is wrong with it; then the last image stays.</returns>
    public string? Take(uint width, uint height, uint stride, Fourcc format, ReadOnlySpan<byte> bytes)
    {
        var told = Told(width, height, stride, format, bytes.Length);
        if (told.Problem() is { } problem)
            return problem;
        if (Scanout is not { } last || (last.Layout.Width, last.Layout.Height, last.Layout.Format) != (width, height, format))
            Renew(told);
        Copy(new(0, 0, (int)width, (int)height), (int)stride, bytes);
        return null;
    }

    /// <summary>Gives the image another size; what of it fits stays, and the rest is black.</summary>
    public void Resize(int width, int height)
    {
        if (Scanout is not { } last || (last.Width, last.Height) == (width, height) || width > Math.Max(last.Width, MostGrown) || height > Math.Max(last.Height, MostGrown))
            return;
        var told = last.Layout with { Width = (uint)width, Height = (uint)height, Planes = [new(0, (uint)last.Format.RowBytes(0, width), long.MaxValue)] };
        if (told.Problem() is not null)
            return;
        Renew(told);
        Copy(new(0, 0, Math.Min(width, last.Width), Math.Min(height, last.Height)), (int)last.Layout.Planes[0].Stride, last.Pixels!.Bytes);
    }

    /// <summary>Takes a part of the image; one that goes beyond it says that the image has grown.</summary>
    /// <param name="area">Where it belongs.</param>
    /// <param name="stride">Bytes from row to row of <paramref name="bytes"/>.</param>
    /// <param name="format">As the image's.</param>
    /// <param name="bytes">The area's first row first.</param>
    /// <param name="size">What the console says of its size, by another socket: perhaps late, perhaps before the last image of the old size.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public string? Update(Rectangle area, uint stride, Fourcc format, ReadOnlySpan<byte> bytes, (int Width, int Height) size)
    {
        if (Scanout is not { } scanout)
            return "a part of an image came before the image";
        if (format != scanout.Layout.Format)
            return $"a part of an image came as {format}, and the image is {scanout.Layout.Format}";
        if (area.IsEmpty || area.X < 0 || area.Y < 0
            || (long)area.X + area.Width > Math.Max(scanout.Width, MostGrown) || (long)area.Y + area.Height > Math.Max(scanout.Height, MostGrown))
            return $"a part of {area.Width}x{area.Height} at {area.X},{area.Y} is not inside the image of {scanout.Width}x{scanout.Height}";
        var (width, height) = ((uint)area.Width, (uint)area.Height);
        if (Told(width, height, stride, format, bytes.Length).Problem() is { } problem)
            return problem;
        if (!Holds((scanout.Width, scanout.Height), area))
            Grow(scanout, area, size);
        Copy(area, (int)stride, bytes);
        return null;
    }

    private static bool Holds((int Width, int Height) size, Rectangle area) => area.X + area.Width <= size.Width && area.Y + area.Height <= size.Height;

    private void Grow(Scanout last, Rectangle area, (int Width, int Height) size)
    {
        var (width, height) = Holds(size, area) ? size : (Math.Max(last.Width, area.X + area.Width), Math.Max(last.Height, area.Y + area.Height));
        Resize(width, height);
    }

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

    /// <summary>Until the next message.</summary>
    private PlaneLayout Told(uint width, uint height, uint stride, Fourcc format, int length)
    {
        _told[0] = new(0, stride, Padded(length, width, height, stride, format));
        return new(width, height, format, Modifier.Linear, _told);
    }

    /// <summary>QEMU ends the last row with its pixels; a layout counts the stride of every row.</summary>
    private static long Padded(int length, uint width, uint height, uint stride, Fourcc format)
    {
        var row = PixelFormat.Find(format)?.RowBytes(0, (int)width) ?? 0;
        return height > 0 && length >= (long)stride * (height - 1) + row ? (long)stride * height : length;
    }

    private void Renew(PlaneLayout told)
    {
        var stride = (uint)PixelFormat.Find(told.Format)!.RowBytes(0, (int)told.Width);
        var bytes = (long)stride * told.Height;
        using var memory = Memfd.Create("guestplane-image", bytes);
        var pixels = Mapping.Of(memory, bytes, writable: true);
        DropOld();
        _retired = Scanout;
        Scanout = Gvt.Scanout.Create(pixels, told with { Planes = [new(0, stride, bytes)] }, out _)!;
    }

    private void Copy(Rectangle area, int stride, ReadOnlySpan<byte> bytes)
    {
        var (own, bytesPerPixel) = ((int)Scanout!.Layout.Planes[0].Stride, Scanout.Format.BytesPerPixel[0]);
        var to = Scanout.Pixels!.Bytes[(area.Y * own + area.X * bytesPerPixel)..];
        CopiedBytes += PixelRows.Copy(bytes, stride, to, own, area.Width * bytesPerPixel, area.Height);
    }
}
