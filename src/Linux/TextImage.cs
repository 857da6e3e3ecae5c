using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Linux;

/// <summary>A line of text.</summary>
/// <param name="Text">It is cut with an ellipsis where it does not fit.</param>
/// <param name="Colour">0xRRGGBB.</param>
public sealed record TextLine(string Text, uint Colour = 0xffffff);

/// <summary>How lines are drawn. Lengths are in logical pixels.</summary>
/// <param name="Scale">Device pixels per logical pixel.</param>
/// <param name="Opacity">Of the black background, 0 to 1.</param>
public sealed record TextStyle(double Scale, double Opacity)
{
    /// <summary>The size of the letters (CSS's font-size).</summary>
    public double FontSize { get; init; } = 16;

    /// <summary>Around all lines.</summary>
    public double Margin { get; init; } = 16;

    /// <summary>Of the background's corners.</summary>
    public double Radius { get; init; } = 10;

    /// <summary>No line is wider.</summary>
    public double MostWidth { get; init; } = 640;
}

/// <summary>
/// Lines of text as an image, drawn by Pango and cairo (pangocairo.h, cairo.h), which are loaded at the first one. It takes a
/// moment, and longer while fontconfig has no cache: draw it in another thread.
/// </summary>
/// <param name="Width">In device pixels.</param>
/// <param name="Height">In device pixels.</param>
/// <param name="LineHeight">From one line to the next, in device pixels.</param>
/// <param name="Pixels">As b, g, r, a without row padding, premultiplied: wl_shm's argb8888.</param>
public sealed unsafe partial record TextImage(int Width, int Height, int LineHeight, byte[] Pixels)
{
    /// <summary>Around all lines, in device pixels.</summary>
    public int Margin { get; private init; }

    /// <summary>The file name of the library.</summary>
    public const string File = "libpangocairo-1.0.so.0";

    private const string Pango = "libpango-1.0.so.0", Cairo = "libcairo.so.2", Object = "libgobject-2.0.so.0";
    private const string Fontconfig = "libfontconfig.so.1";

    /// <summary>CAIRO_FORMAT_ARGB32, FcSetSystem, PANGO_ELLIPSIZE_END.</summary>
    private const int Argb32 = 0, SystemFonts = 0, EllipsizeEnd = 3;

    /// <summary>PANGO_SCALE: Pango's units per pixel.</summary>
    private const int Unit = 1024;

    /// <summary>Of a line's height: the space between two lines.</summary>
    private const double Spacing = 0.4;

    /// <summary>The largest side, in device pixels; wl_shm and cairo take more.</summary>
    private const int MostSide = 8192;

    /// <summary>A clause that says why no text can be drawn; null if it can.</summary>
    public static string? Problem => Draw([new TextLine("")], new TextStyle(1, 1), out var problem) is null ? problem : null;

    /// <summary>Null, and a clause that says why, if there is no library for it or no font.</summary>
    public static TextImage? Draw(IReadOnlyList<TextLine> lines, TextStyle style, out string problem)
    {
        problem = "text is not drawn by a program with file capabilities";
        if (ProcessRights.AreElevated)
            return null;
        try
        {
            problem = "no font is installed";
            // Without one, Pango ends the process (pangofc-fontmap.c).
            return HasFonts() ? Draw(lines, style) : null;
        }
        catch (DllNotFoundException)
        {
            problem = $"{File} is not installed (Debian: libpangocairo-1.0-0)";
            return null;
        }
    }

    /// <summary>struct _FcFontSet begins with the number of fonts (fontconfig.h).</summary>
    private static bool HasFonts()
    {
        var fonts = FcConfigGetFonts(0, SystemFonts);
        return fonts != null && *fonts > 0;
    }

    private static TextImage Draw(IReadOnlyList<TextLine> lines, TextStyle style)
    {
        var (measured, lineHeight) = Measure(lines, style);
        var margin = (int)Math.Ceiling(style.Margin * style.Scale);
        var (width, height) = (measured + 2 * margin, (int)(lineHeight * (lines.Count - Spacing / (1 + Spacing))) + 2 * margin);
        (width, height) = (Math.Clamp(width, 1, MostSide), Math.Clamp(height, 1, MostSide));
        var image = new TextImage(width, height, lineHeight, new byte[width * height * 4]) { Margin = margin };
        fixed (byte* pixels = image.Pixels)
            image.Paint(pixels, lines, style);
        return image;
    }

    private static int Device(double logical, TextStyle style) => (int)Math.Round(logical * style.Scale);

    /// <summary>The widest line, and the height of each with the space to the next, in device pixels.</summary>
    private static (int Width, int LineHeight) Measure(IReadOnlyList<TextLine> lines, TextStyle style)
    {
        byte* nothing = stackalloc byte[4];
        var (widest, highest) = (0, 0);
        On(nothing, 1, 1, context =>
        {
            foreach (var line in lines)
                WithLayout(context, line.Text, style, Device(style.MostWidth, style), layout =>
                {
                    int width, height;
                    pango_layout_get_pixel_size(layout, &width, &height);
                    (widest, highest) = (Math.Max(widest, width), Math.Max(highest, height));
                });
        });
        return (widest, (int)Math.Ceiling(highest * (1 + Spacing)));
    }

    private void Paint(byte* pixels, IReadOnlyList<TextLine> lines, TextStyle style) =>
        On(pixels, Width, Height, context =>
        {
            Box(context, Width, Height, style.Radius * style.Scale, style.Opacity);
            for (var i = 0; i < lines.Count; i++)
            {
                var (line, top) = (lines[i], Margin + i * LineHeight);
                SetColour(context, line.Colour, 1);
                cairo_move_to(context, Margin, top);
                WithLayout(context, line.Text, style, Math.Max(1, Width - 2 * Margin),
                    layout => pango_cairo_show_layout(context, layout));
            }
        });

    private static void On(byte* pixels, int width, int height, Action<nint> paint)
    {
        var surface = cairo_image_surface_create_for_data(pixels, Argb32, width, height, width * 4);
        var context = cairo_create(surface);
        paint(context);
        cairo_surface_flush(surface);
        cairo_destroy(context);
        cairo_surface_destroy(surface);
    }

    private static void WithLayout(nint context, string text, TextStyle style, int width, Action<nint> use)
    {
        var layout = pango_cairo_create_layout(context);
        nint font;
        fixed (byte* family = "Sans\0"u8)
            font = pango_font_description_from_string(family);
        pango_font_description_set_absolute_size(font, style.FontSize * style.Scale * Unit);
        pango_layout_set_font_description(layout, font);
        pango_font_description_free(font);
        pango_layout_set_single_paragraph_mode(layout, 1);
        pango_layout_set_width(layout, width * Unit);
        pango_layout_set_ellipsize(layout, EllipsizeEnd);
        // Pango takes UTF-8 only; what is none in the text was replaced when it was read.
        var bytes = Encoding.UTF8.GetBytes(text + '\0');
        fixed (byte* utf8 = bytes)
            pango_layout_set_text(layout, utf8, bytes.Length - 1);
        use(layout);
        g_object_unref(layout);
    }

    /// <summary>Fills all with black, with round corners.</summary>
    private static void Box(nint context, double width, double height, double radius, double opacity)
    {
        const double Quarter = Math.PI / 2;
        cairo_new_path(context);
        cairo_arc(context, width - radius, radius, radius, -Quarter, 0);
        cairo_arc(context, width - radius, height - radius, radius, 0, Quarter);
        cairo_arc(context, radius, height - radius, radius, Quarter, 2 * Quarter);
        cairo_arc(context, radius, radius, radius, 2 * Quarter, 3 * Quarter);
        SetColour(context, 0, opacity);
        cairo_fill(context);
    }

    private static void SetColour(nint context, uint colour, double opacity)
    {
        const double Full = 255;
        cairo_set_source_rgba(
            context, (colour >> 16 & 0xff) / Full, (colour >> 8 & 0xff) / Full, (colour & 0xff) / Full, opacity);
    }

    [LibraryImport(Fontconfig)]
    private static partial int* FcConfigGetFonts(nint config, int set);

    [LibraryImport(Cairo)]
    private static partial nint cairo_image_surface_create_for_data(byte* data, int format, int width, int height, int stride);

    [LibraryImport(Cairo)]
    private static partial void cairo_surface_flush(nint surface);

    [LibraryImport(Cairo)]
    private static partial void cairo_surface_destroy(nint surface);

    [LibraryImport(Cairo)]
    private static partial nint cairo_create(nint surface);

    [LibraryImport(Cairo)]
    private static partial void cairo_destroy(nint context);

    [LibraryImport(Cairo)]
    private static partial void cairo_new_path(nint context);

    [LibraryImport(Cairo)]
    private static partial void cairo_arc(nint context, double x, double y, double radius, double from, double to);

    [LibraryImport(Cairo)]
    private static partial void cairo_move_to(nint context, double x, double y);

    [LibraryImport(Cairo)]
    private static partial void cairo_set_source_rgba(nint context, double red, double green, double blue, double alpha);

    [LibraryImport(Cairo)]
    private static partial void cairo_fill(nint context);

    [LibraryImport(File)]
    private static partial nint pango_cairo_create_layout(nint context);

    [LibraryImport(File)]
    private static partial void pango_cairo_show_layout(nint context, nint layout);

    [LibraryImport(Pango)]
    private static partial nint pango_font_description_from_string(byte* text);

    [LibraryImport(Pango)]
    private static partial void pango_font_description_set_absolute_size(nint font, double size);

    [LibraryImport(Pango)]
    private static partial void pango_font_description_free(nint font);

    [LibraryImport(Pango)]
    private static partial void pango_layout_set_font_description(nint layout, nint font);

    [LibraryImport(Pango)]
    private static partial void pango_layout_set_single_paragraph_mode(nint layout, int isSingle);

    [LibraryImport(Pango)]
    private static partial void pango_layout_set_width(nint layout, int width);

    [LibraryImport(Pango)]
    private static partial void pango_layout_set_ellipsize(nint layout, int mode);

    [LibraryImport(Pango)]
    private static partial void pango_layout_set_text(nint layout, byte* text, int length);

    [LibraryImport(Pango)]
    private static partial void pango_layout_get_pixel_size(nint layout, int* width, int* height);

    [LibraryImport(Object)]
    private static partial void g_object_unref(nint instance);
}
