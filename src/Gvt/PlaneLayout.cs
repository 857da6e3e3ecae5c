namespace Guestplane.Gvt;

/// <summary>One memory plane: offset in its dma-buf, stride, and the dma-buf's size, all in bytes.</summary>
public readonly record struct MemoryPlane(uint Offset, uint Stride, long BufferSize);

/// <summary>
/// The description of a scanout that a guest or VMM sends with the descriptors. It is not trusted: it is checked completely
/// before it is used, by the rules of the strictest compositor, because a layout that breaks one costs the connection
/// (weston libweston/linux-dmabuf.c, wlroots wlr_linux_dmabuf_v1.c, libwayland wayland-shm.c).
/// </summary>
public readonly record struct PlaneLayout(
    uint Width, uint Height, Fourcc Format, Modifier Modifier, IReadOnlyList<MemoryPlane> Planes)
{
    /// <summary>
    /// The largest width and height. No display engine scans out more, and 64-bit arithmetic cannot overflow below it.
    /// </summary>
    public const int MaxSide = 16384;

    /// <summary>Null if the layout is valid, else a clause that says what is wrong with it.</summary>
    public string? Problem()
    {
        if (Width is 0 or > MaxSide || Height is 0 or > MaxSide)
            return $"its size of {Width}x{Height} is outside 1x1 to {MaxSide}x{MaxSide}";
        if (PixelFormat.Find(Format) is not { } format)
            return $"its pixel format {Format} is not one that guestplane knows";
        if (Planes.Count != format.PlaneCount)
            return $"{Format} has {format.PlaneCount} memory planes, and {Planes.Count} came with it";
        for (var i = 0; i < Planes.Count; i++)
            if (Problem(format, i) is { } problem)
                return problem;
        return null;
    }

    private string? Problem(PixelFormat format, int i)
    {
        var plane = Planes[i];
        var row = format.RowBytes(i, (int)Width);
        if (plane.Stride == 0 || (Modifier.StrideHoldsARow && plane.Stride < row))
            return $"the stride of {plane.Stride} bytes is shorter than a row of {row} bytes";
        var end = plane.Offset + (ulong)plane.Stride * (ulong)format.Rows(i, (int)Height);
        if (end > uint.MaxValue)
            return $"offset {plane.Offset} + stride {plane.Stride} × height does not fit 32 bits, which is what Wayland carries";
        if (end > (ulong)Math.Max(0, plane.BufferSize))
            return $"offset {plane.Offset} + stride {plane.Stride} × {format.Rows(i, (int)Height)} rows is {end} bytes, " +
                $"and the dma-buf has {plane.BufferSize}";
        return null;
    }
}
