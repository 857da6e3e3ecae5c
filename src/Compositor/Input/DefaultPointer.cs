using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The compositor's default pointer image over our windows. Compositors without wp_cursor_shape keep the last image, which may be
/// hidden: there the theme's arrow is set.
/// </summary>
internal sealed class DefaultPointer(WlPointer pointer, Globals globals) : IDisposable
{
    private WpCursorShapeDeviceV1? _shape;
    private CursorTheme? _theme;
    private WlSurface? _arrow;
    private (int X, int Y)? _hotspot;
    private bool _isLoaded;

    /// <param name="enterSerial">Of wl_pointer.enter.</param>
    public void Show(uint enterSerial)
    {
        if ((_shape ??= globals.CursorShape?.GetPointer(pointer)) is { } shape)
            shape.SetShape(enterSerial, WpCursorShapeDeviceV1Shape.Default);
        else
        {
            Load();
            if (_hotspot is { } hotspot)
                pointer.SetCursor(enterSerial, _arrow, hotspot.X, hotspot.Y);
        }
    }

    public void Dispose()
    {
        _shape?.Dispose();
        _arrow?.Dispose();
        _theme?.Dispose();
    }

    private void Load()
    {
        if (_isLoaded)
            return;
        _isLoaded = true;
        _theme = CursorTheme.Open(globals.Shm);
        if (_theme is null)
            return;
        _arrow = globals.Compositor.CreateSurface();
        _hotspot = _theme.AttachArrow(_arrow);
        _arrow.Commit();
    }
}
