using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using static Guestplane.Wayland.Libwayland;

namespace Guestplane.Wayland;

/// <summary>
/// The user's theme of pointer images, by libwayland-cursor, which has images of its own if no theme is installed. The library is
/// loaded at first use.
/// </summary>
public sealed unsafe partial class CursorTheme : IDisposable
{
    /// <summary>The file name of the library.</summary>
    public const string File = "libwayland-cursor.so.0";

    /// <summary>In logical pixels; what desktops use unless the user says otherwise.</summary>
    private const int UsualSize = 24, LargestSize = 512;

    /// <summary>wl_surface.attach (wayland.xml).</summary>
    private const uint AttachOpcode = 1;

    /// <summary>struct wl_cursor (wayland-cursor.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Cursor
    {
        public uint Count;
        public Image** Images;
    }

    /// <summary>The beginning of struct wl_cursor_image.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Image
    {
        public uint Width, Height, HotspotX, HotspotY;
    }

    // CSS's name, and X11's.
    private static readonly string[] s_arrows = ["default", "left_ptr"];
    private nint _handle;

    private CursorTheme(nint handle) => _handle = handle;

    /// <summary>Loads the theme that XCURSOR_THEME and XCURSOR_SIZE name. Null without the library.</summary>
    public static CursorTheme? Open(WlShm shm)
    {
        var isSized = int.TryParse(
            Environment.GetEnvironmentVariable("XCURSOR_SIZE"), NumberStyles.None, CultureInfo.InvariantCulture, out var size);
        try
        {
            fixed (byte* name = ZeroEnded(Environment.GetEnvironmentVariable("XCURSOR_THEME")))
            {
                var theme = wl_cursor_theme_load(name, isSized && size is > 0 and <= LargestSize ? size : UsualSize, shm.Handle);
                return theme == 0 ? null : new CursorTheme(theme);
            }
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Attaches the arrow to a surface, which must be committed then.</summary>
    /// <returns>Its hotspot in logical pixels; null if the theme has no arrow.</returns>
    public (int X, int Y)? AttachArrow(WlSurface surface)
    {
        foreach (var name in s_arrows)
        {
            Cursor* cursor;
            fixed (byte* p = ZeroEnded(name))
                cursor = wl_cursor_theme_get_cursor(_handle, p);
            var buffer = cursor != null && cursor->Count > 0 ? wl_cursor_image_get_buffer(cursor->Images[0]) : 0;
            if (buffer == 0)
                continue;
            var arguments = stackalloc WlArgument[] { new() { Pointer = buffer }, default, default };
            _ = wl_proxy_marshal_array_flags(surface.Handle, AttachOpcode, 0, surface.ProxyVersion, 0, arguments);
            surface.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
            return ((int)cursor->Images[0]->HotspotX, (int)cursor->Images[0]->HotspotY);
        }
        return null;
    }

    /// <summary>Destroys its buffers. Must be called before the display is disposed.</summary>
    public void Dispose()
    {
        if (_handle != 0)
            wl_cursor_theme_destroy(_handle);
        _handle = 0;
    }

    /// <summary>Null for null: the usual theme.</summary>
    private static byte[]? ZeroEnded(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text + '\0');

    [LibraryImport(File)]
    private static partial nint wl_cursor_theme_load(byte* name, int size, nint shm);

    [LibraryImport(File)]
    private static partial void wl_cursor_theme_destroy(nint theme);

    [LibraryImport(File)]
    private static partial Cursor* wl_cursor_theme_get_cursor(nint theme, byte* name);

    /// <summary>The buffer belongs to the theme.</summary>
    [LibraryImport(File)]
    private static partial nint wl_cursor_image_get_buffer(Image* image);
}
