using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A half transparent black over the window, by the host and one pixel of ours: it says that what is below is not alive.
/// </summary>
internal sealed class Dimmer : IDisposable
{
    /// <summary>Of uint.MaxValue: dark enough to see at a glance, light enough to read through.</summary>
    private const uint Opacity = 0x9999_9999;

    private readonly WlSurface _surface;
    private readonly Layer _layer;
    private readonly WlBuffer _pixel;

    public Dimmer(Globals globals, WlSurface root)
    {
        _surface = globals.Compositor.CreateSurface();
        _layer = new Layer(globals, _surface, root, sync: true);
        _layer.IgnoreInput();
        _pixel = Pixel.Create(globals, Opacity);
    }

    /// <summary>Takes effect with the root's next commit.</summary>
    public void Cover(Rectangle window)
    {
        _layer.Place(window, new(0, 0, 1, 1), (1, 1), window);
        _surface.Attach(_pixel, 0, 0);
        _surface.DamageBuffer(0, 0, 1, 1);
        _surface.Commit();
    }

    public void Dispose()
    {
        _layer.Dispose();
        _surface.Dispose();
        _pixel.Dispose();
    }
}
