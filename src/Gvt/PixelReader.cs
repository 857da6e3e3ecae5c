using Guestplane.Linux;

namespace Guestplane.Gvt;

/// <summary>
/// Reads images by CPU: for screenshots, for clients that take no dma-bufs, and cursors, which Display1 only has as bytes. A
/// dma-buf is mapped once, until its scanout is retired. Shared memory is never mapped: the VM can make it smaller at any time,
/// and whoever then touches a mapping of it ends by SIGBUS.
/// </summary>
internal sealed class PixelReader : IDisposable
{
    private readonly Dictionary<Scanout, Mapping?> _mapped = [];

    /// <summary>
    /// True if the scanout's pixels can be read now: one linear memory plane that can be mapped, or shared memory that has not
    /// become smaller. GVT-g's cannot.
    /// </summary>
    public bool CanRead(Scanout scanout) => scanout.Format.PlaneCount == 1
        && (scanout.Layout.Modifier == Modifier.Linear || scanout.Layout.Modifier == Modifier.Invalid)
        && (scanout.Kind == MemoryKind.Shared ? HasLastByte(scanout) : (scanout.Pixels ?? Map(scanout)) is not null);

    /// <summary>
    /// Copies a part of what a flip shows, which <see cref="CanRead"/>. Pixels that the guest's GPU still writes are copied as
    /// they are: nothing here waits for a GPU. Rows that the VM has taken away meanwhile are 0.
    /// </summary>
    /// <param name="flip">A flip with a scanout.</param>
    /// <param name="part">In pixels of the upright visible image, and inside it.</param>
    /// <param name="to">Where the part's first row goes.</param>
    /// <param name="toStride">In bytes.</param>
    public void Copy(in Flip flip, Rectangle part, Span<byte> to, int toStride)
    {
        var scanout = flip.Scanout!;
        var isFenced = scanout.Kind == MemoryKind.DmaBuf && DmaBuf.IsWritten(scanout.Memory(0)) && BeginRead(scanout.Memory(0));
        var (pixel, source) = (scanout.Format.BytesPerPixel[0], flip.Source);
        for (var row = 0; row < part.Height; row++)
        {
            var y = flip.IsBottomUp ? source.Height - 1 - part.Y - row : part.Y + row;
            var at = scanout.Layout.Planes[0].Offset + (source.Y + y) * (long)scanout.Layout.Planes[0].Stride
                + (source.X + part.X) * pixel;
            Read(scanout, at, to.Slice(row * toStride, part.Width * pixel));
        }
        if (isFenced)
            DmaBuf.EndRead(scanout.Memory(0));
    }

    public void Dispose()
    {
        foreach (var (scanout, pixels) in _mapped)
        {
            scanout.Retired -= Forget;
            pixels?.Dispose();
        }
        _mapped.Clear();
    }

    private static bool HasLastByte(Scanout scanout) =>
        scanout.Memory(0).TryReadAt(stackalloc byte[1], Length(scanout) - 1);

    /// <summary>The bytes until the end of the last row.</summary>
    private static long Length(Scanout scanout) =>
        scanout.Layout.Planes[0].Offset + (long)scanout.Layout.Planes[0].Stride * scanout.Height;

    private void Read(Scanout scanout, long at, Span<byte> to)
    {
        if (scanout.Kind != MemoryKind.Shared)
            (scanout.Pixels ?? _mapped[scanout]!).Bytes.Slice((int)at, to.Length).CopyTo(to);
        else if (!scanout.Memory(0).TryReadAt(to, at))
            to.Clear();
    }

    /// <summary>False if the driver fails to: then the pixels are copied as the CPU sees them.</summary>
    private static bool BeginRead(Fd memory)
    {
        try
        {
            DmaBuf.BeginRead(memory);
            return true;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    private Mapping? Map(Scanout scanout)
    {
        if (_mapped.TryGetValue(scanout, out var pixels))
            return pixels;
        var length = Length(scanout);
        pixels = length <= int.MaxValue ? Mapping.Try(scanout.Memory(0), length, writable: false, out _) : null;
        _mapped.Add(scanout, pixels);
        scanout.Retired += Forget;
        return pixels;
    }

    private void Forget(Scanout scanout)
    {
        scanout.Retired -= Forget;
        if (_mapped.Remove(scanout, out var pixels))
            pixels?.Dispose();
    }
}
