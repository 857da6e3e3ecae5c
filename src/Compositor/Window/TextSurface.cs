using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A <see cref="TextImage"/> on a subsurface on top of a window. It takes no input.</summary>
internal sealed class TextSurface : IDisposable
{
    private readonly WlSurface _surface;
    private readonly Layer _layer;
    private readonly WlBuffer _buffer;
    private readonly TextImage _text;
    private readonly int _scale120;
    private Rectangle _place;

    /// <param name="globals">The compositor's globals, with a subcompositor.</param>
    /// <param name="root">The window's root.</param>
    /// <param name="text">Drawn at the window's scale.</param>
    /// <param name="scale120">That scale.</param>
    public TextSurface(Globals globals, WlSurface root, TextImage text, int scale120)
    {
        (_text, _scale120) = (text, scale120);
        _surface = globals.Compositor.CreateSurface();
        _layer = new Layer(globals, _surface, root, sync: true);
        _layer.IgnoreInput();
        _buffer = BufferOf(globals, text);
    }

    public static WlBuffer BufferOf(Globals globals, TextImage text)
    {
        using var memory = Memfd.Create("guestplane-text", text.Pixels.Length);
        memory.WriteAt(text.Pixels, 0);
        using var pool = globals.Shm.CreatePool(memory, text.Pixels.Length);
        return pool.CreateBuffer(0, text.Width, text.Height, text.Width * sizeof(uint), WlShmFormat.Argb8888);
    }

    /// <summary>Puts it in the middle of the window's width, from the root's next commit on.</summary>
    /// <param name="window">In logical pixels.</param>
    /// <param name="middle">Of the text, in parts of the window's height.</param>
    public void Place(Rectangle window, double middle)
    {
        var (width, height) = (WindowScale.ToLogical(_text.Width, _scale120), WindowScale.ToLogical(_text.Height, _scale120));
        _place = new Rectangle((window.Width - width) / 2, (int)(window.Height * middle) - height / 2, width, height);
        var isVisible = _layer.Place(_place, new(0, 0, _text.Width, _text.Height), (_text.Width, _text.Height), window).IsVisible;
        _surface.Attach(isVisible ? _buffer : null, 0, 0);
        _surface.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
        _surface.Commit();
    }

    /// <summary>The number of the line at a place of the window, in logical pixels; -1 for none.</summary>
    public int LineAt(double x, double y)
    {
        if (x < _place.X || x >= _place.X + _place.Width)
            return -1;
        var down = (y - _place.Y) * _scale120 / WindowScale.One - _text.Margin;
        return down >= 0 && down < _text.Height - 2 * _text.Margin ? (int)(down / _text.LineHeight) : -1;
    }

    public void Dispose()
    {
        _layer.Dispose();
        _surface.Dispose();
        _buffer.Dispose();
    }
}
