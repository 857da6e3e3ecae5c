using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A surface's place in its head's window: its subsurface, its viewport, and its opaque region.</summary>
internal sealed class Layer : IDisposable
{
    private readonly Globals _globals;
    private readonly WlSurface _surface;
    private readonly WlSubsurface? _subsurface;
    private readonly WpViewport? _viewport;
    private Rectangle _rectangle;
    private bool _isScaled;

    /// <param name="globals">What the host has.</param>
    /// <param name="surface">The surface to place.</param>
    /// <param name="parent">Null for a surface that is the window itself.</param>
    /// <param name="sync">Its commits wait for the parent's (a cursor), or do not (a plane with its own pace).</param>
    public Layer(Globals globals, WlSurface surface, WlSurface? parent, bool sync)
    {
        (_globals, _surface) = (globals, surface);
        _viewport = globals.Viewporter?.GetViewport(surface);
        if (parent is null)
            return;
        _subsurface = globals.Subcompositor!.GetSubsurface(surface, parent);
        if (!sync)
            _subsurface.SetDesync();
    }

    /// <summary>
    /// Places and scales it. Takes effect with the surface's commit, its position with the parent's: true when the parent
    /// must be committed for it.
    /// </summary>
    public bool Place(Rectangle rectangle, bool scaled)
    {
        var moved = _subsurface is not null && (rectangle.X, rectangle.Y) != (_rectangle.X, _rectangle.Y);
        if (moved)
            _subsurface!.SetPosition(rectangle.X, rectangle.Y);
        var resized = scaled != _isScaled || (rectangle.Width, rectangle.Height) != (_rectangle.Width, _rectangle.Height);
        if (resized && (scaled || _isScaled))
            _viewport?.SetDestination(scaled ? rectangle.Width : -1, scaled ? rectangle.Height : -1);
        (_rectangle, _isScaled) = (rectangle, scaled);
        return moved;
    }

    /// <summary>Says that all of it hides what is below; hosts ask that of a surface that they scan out.</summary>
    public void SetOpaque(int width, int height)
    {
        using var region = _globals.Compositor.CreateRegion();
        region.Add(0, 0, width, height);
        _surface.SetOpaqueRegion(region);
    }

    /// <summary>Lets the pointer through to what is below.</summary>
    public void IgnoreInput()
    {
        using var region = _globals.Compositor.CreateRegion();
        _surface.SetInputRegion(region);
    }

    /// <summary>The role goes before the surface.</summary>
    public void Dispose()
    {
        _viewport?.Dispose();
        _subsurface?.Dispose();
    }
}
