using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Linux;

/// <summary>Reads and writes a PNG with libpng's simplified interface (png.h). The library is loaded at the first call.</summary>
public static unsafe partial class Png
{
    /// <summary>The library's file.</summary>
    public const string File = "libpng16.so.16";

    private const uint Version = 1, FormatBgr = 0x02 | 0x10, FormatBgra = FormatBgr | 0x01;

    /// <summary>8K is half of it. A small file can be an image of a gigabyte.</summary>
    private const ulong MostPixels = 64 << 20;

    /// <summary>
    /// Width and height in pixels, and the pixels as b, g, r, x without row padding. Transparent pixels are blended over the
    /// background.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="background">0xRRGGBB.</param>
    /// <param name="maxSide">The largest width and height that is accepted, in pixels.</param>
    /// <exception cref="InvalidDataException">The image cannot be read; the message is a full sentence.</exception>
    public static (int Width, int Height, byte[] Pixels) Read(string path, uint background, int maxSide)
    {
        // Opening a FIFO would wait for its writer.
        if (!FileOwner.IsRegular(path))
            throw new InvalidDataException($"{path} is not there, or it is no regular file");
        var image = new Image { Version = Version };
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            if (png_image_begin_read_from_file(&image, name) == 0)
                throw Problem(path, &image);
        if (image.Width > maxSide || image.Height > maxSide || (ulong)image.Width * image.Height > MostPixels)
        {
            png_image_free(&image);
            throw new InvalidDataException($"{path} is {image.Width}x{image.Height} pixels, and more than {maxSide} on a side, "
                + $"or {MostPixels >> 20} million, is too much");
        }
        image.Format = FormatBgra;
        var pixels = new byte[image.Width * image.Height * 4];
        fixed (byte* p = pixels)
            if (png_image_finish_read(&image, null, p, (int)image.Width * 4, null) == 0)
                throw Problem(path, &image);
        Blend(pixels, background);
        return ((int)image.Width, (int)image.Height, pixels);
    }

    /// <summary>Writes an image.</summary>
    /// <param name="path">The file. One that exists is left alone, and no link is followed.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="pixels">As b, g, r without row padding.</param>
    /// <exception cref="InvalidDataException">It cannot be written; the message is a full sentence.</exception>
    public static void Write(string path, int width, int height, ReadOnlySpan<byte> pixels)
    {
        var png = Encode(width, height, pixels);
        var isOurs = false;
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            isOurs = true;
            file.Write(png);
        }
        // The last is .NET's exception for EFBIG.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // A part of an image is of no use.
            if (isOurs)
                System.IO.File.Delete(path);
            var cause = e is ArgumentOutOfRangeException ? Errno.Message(Errno.FileTooLarge) : e.Message.TrimEnd('.');
            throw new InvalidDataException($"{path} is not written: {cause}");
        }
    }

    private static byte[] Encode(int width, int height, ReadOnlySpan<byte> pixels)
    {
        var image = new Image { Version = Version, Width = (uint)width, Height = (uint)height, Format = FormatBgr };
        // PNG_IMAGE_PNG_SIZE_MAX leaves less room for what is not compressed at all.
        nuint size = (nuint)pixels.Length + (nuint)pixels.Length / 64 + (nuint)height + 4096;
        var png = new byte[size];
        fixed (byte* to = png, p = pixels)
            if (png_image_write_to_memory(&image, to, &size, 0, p, width * 3, null) == 0)
                throw new InvalidDataException($"the image is no PNG: {Marshal.PtrToStringUTF8((nint)image.Message)}");
        return png[..(int)size];
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

    [LibraryImport(File)]
    private static partial int png_image_begin_read_from_file(Image* image, byte* path);

    [LibraryImport(File)]
    private static partial int png_image_finish_read(Image* image, void* background, void* buffer, int stride, void* colormap);

    [LibraryImport(File)]
    private static partial int png_image_write_to_memory(
        Image* image, void* memory, nuint* size, int isConverted, void* buffer, int stride, void* colormap);

    [LibraryImport(File)]
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
