namespace Guestplane.Gvt;

/// <summary>Copies images of one memory plane.</summary>
public static class PixelRows
{
    /// <summary>
    /// Copies rows between two images with different strides (all in bytes). Returns the number of bytes copied.
    /// </summary>
    public static long Copy(ReadOnlySpan<byte> from, int fromStride, Span<byte> to, int toStride, int rowBytes, int rows)
    {
        // Rows without padding are copied in one piece.
        if (rowBytes == fromStride && rowBytes == toStride)
            from[..(rowBytes * rows)].CopyTo(to);
        else
            for (var y = 0; y < rows; y++)
                from.Slice(y * fromStride, rowBytes).CopyTo(to[(y * toStride)..]);
        return (long)rowBytes * rows;
    }
}
