using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Linux;

/// <summary>Reads a PNG by libpng's simplified interface (png.h); the library is loaded at the first call.</summary>
public static unsafe partial class Png
{
    private const string Library = "libpng16.so.16";
    private const uint Version = 1, FormatBgra = 0x01 | 0x02 | 0x10;

    /// <summary>Width and height in pixels, and rows of b, g, r, x, without gaps: what is transparent is over the background.</summary>
    /// <param name="path">The file.</param>
    /// <param name="background">0xRRGGBB.</param>
    /// <param name="maxSide">Larger ones are refused.</param>
    /// <exception cref="InvalidDataException">It cannot be read, with a sentence.</exception>
    public static (int Width, int Height, byte[] Pixels) Read(string path, uint background, int maxSide)
    {
        var image = new Image { Version = Version };
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            if (png_image_begin_read_from_file(&image, name) == 0)
                throw Problem(path, &image);
        if (image.Width > maxSide || image.Height > maxSide)
        {
            png_image_free(&image);
            throw new InvalidDataException($"{path} is {image.Width}x{image.Height} pixels, and more than {maxSide} on a side is too much");
        }
        image.Format = FormatBgra;
        var pixels = new byte[image.Width * image.Height * 4];
        fixed (byte* p = pixels)
            if (png_image_finish_read(&image, null, p, (int)image.Width * 4, null) == 0)
                throw Problem(path, &image);
        Blend(pixels, background);
        return ((int)image.Width, (int)image.Height, pixels);
    }

    private static InvalidDataException Problem(string path, Image* image) =>
        new($"{path} is not read: {Marshal.PtrToStringUTF8((nint)image->Message)}");

    private static void Blend(Span<byte> pixels, uint background)
    {
        Span<byte> below = [(byte)background, (byte)(background >> 8), (byte)(background >> 16)];
        for (var i = 0; i < pixels.Length; i += 4)
            for (var c = 0; c < 3; c++)
                pixels[i + c] = (byte)((pixels[i + c] * pixels[i + 3] + below[c] * (255 - pixels[i + 3]) + 127) / 255);
    }

    [LibraryImport(Library)]
    private static partial int png_image_begin_read_from_file(Image* image, byte* path);

    [LibraryImport(Library)]
    private static partial int png_image_finish_read(Image* image, void* background, void* buffer, int stride, void* colormap);

    [LibraryImport(Library)]
    private static partial void png_image_free(Image* image);

    /// <summary>png_image.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Image
    {
        public nint Opaque;
        public uint Version, Width, Height, Format, Flags, ColormapEntries, WarningOrError;
        public fixed byte Message[64];
    }
}
