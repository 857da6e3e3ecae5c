namespace Guestplane.Gvt;

/// <summary>A copy of what a plane shows, as a person sees it.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Pixels">As b, g, r without row padding.</param>
public sealed record StillImage(int Width, int Height, byte[] Pixels)
{
    /// <summary>Copies the pixels of a flip, in the moment of the call.</summary>
    /// <returns>Null if the CPU cannot read them, or if there are none, as after the guest's end.</returns>
    public static StillImage? Of(in Flip flip)
    {
        using var reader = new PixelReader();
        if (flip.Scanout is not { IsRetired: false } scanout || !reader.CanRead(scanout)
            || Unpacker(scanout.Format.Code) is not { } unpack)
            return null;
        var (width, height, bytes) = (flip.Source.Width, flip.Source.Height, scanout.Format.BytesPerPixel[0]);
        var (row, pixels) = (new byte[width * bytes], new byte[width * height * 3]);
        for (var y = 0; y < height; y++)
        {
            reader.Copy(flip, new(0, y, width, 1), row, row.Length);
            for (var x = 0; x < width; x++)
                unpack(row.AsSpan(x * bytes, bytes), pixels.AsSpan((y * width + x) * 3, 3));
        }
        return new(width, height, pixels);
    }

    private delegate void Unpack(ReadOnlySpan<byte> pixel, Span<byte> bgr);

    private static Unpack? Unpacker(Fourcc format) =>
        format == Fourcc.Xrgb8888 || format == Fourcc.Argb8888 ? (pixel, bgr) => pixel[..3].CopyTo(bgr)
        : format == Fourcc.Xbgr8888 || format == Fourcc.Abgr8888
            ? (pixel, bgr) => (bgr[0], bgr[1], bgr[2]) = (pixel[2], pixel[1], pixel[0])
        : format == Fourcc.Rgb565 ? UnpackRgb565
        : format == Fourcc.Xrgb2101010 ? UnpackXrgb2101010
        : null;

    private static void UnpackRgb565(ReadOnlySpan<byte> pixel, Span<byte> bgr)
    {
        var value = pixel[0] | pixel[1] << 8;
        (bgr[0], bgr[1], bgr[2]) = (Eight(value & 31, 31), Eight(value >> 5 & 63, 63), Eight(value >> 11, 31));

        static byte Eight(int part, int most) => (byte)((part * 255 + most / 2) / most);
    }

    private static void UnpackXrgb2101010(ReadOnlySpan<byte> pixel, Span<byte> bgr)
    {
        var value = (uint)(pixel[0] | pixel[1] << 8 | pixel[2] << 16 | pixel[3] << 24);
        (bgr[0], bgr[1], bgr[2]) = ((byte)(value >> 2), (byte)(value >> 12), (byte)(value >> 22));
    }
}
