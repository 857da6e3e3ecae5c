using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A translucent black sheet over the window while its image is not live.</summary>
internal sealed class Dimmer : IDisposable
{
    /// <summary>60 % of uint.MaxValue: noticeable, but the image stays readable.</summary>
    private const uint Opacity = 0x9999_9999;

    private readonly WlSurface _surface;
    private readonly Layer _layer;
    private readonly Sheet _shade;

    public Dimmer(Globals globals, WlSurface root)
    {
        _surface = globals.Compositor.CreateSurface();
        _layer = new Layer(globals, _surface, root, sync: true);
        _layer.IgnoreInput();
        _shade = new Sheet(globals, Opacity);
    }

    /// <summary>Covers the window from the root's next commit on.</summary>
    public void Cover(Rectangle window)
    {
        _layer.Place(window, new(0, 0, 1, 1), (1, 1), window);
        _shade.Paint(_surface, window.Width, window.Height);
        _surface.Commit();
    }

    public void Dispose()
    {
        _layer.Dispose();
        _surface.Dispose();
        _shade.Dispose();
    }
}
