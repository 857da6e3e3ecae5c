namespace Guestplane.Gvt;

/// <summary>Images of one memory plane as bytes.</summary>
public static class PixelRows
{
    /// <summary>Copies rows between two images whose strides may differ (all in bytes); returns how many bytes that were.</summary>
    public static long Copy(ReadOnlySpan<byte> from, int fromStride, Span<byte> to, int toStride, int rowBytes, int rows)
    {
        // Rows that follow each other without a gap are one.
        if (rowBytes == fromStride && rowBytes == toStride)
            from[..(rowBytes * rows)].CopyTo(to);
        else
            for (var y = 0; y < rows; y++)
                from.Slice(y * fromStride, rowBytes).CopyTo(to[(y * toStride)..]);
        return (long)rowBytes * rows;
    }
}
