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
    private (int X, int Y) _position;
    private Crop? _crop;

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
    /// Places a part of an image on a rectangle of the window, scaled to it and cropped to the window: hosts do not clip a
    /// subsurface to its parent. A position takes effect with the parent's commit, all else with the surface's own.
    /// </summary>
    public Placed Place(Rectangle rectangle, Rectangle source, (int Width, int Height) image, Rectangle window)
    {
        var visible = rectangle.Intersect(window);
        if (visible.IsEmpty)
            visible = rectangle;
        var moved = _subsurface is not null && (visible.X, visible.Y) != _position;
        if (moved)
            _subsurface!.SetPosition(visible.X, visible.Y);
        _position = (visible.X, visible.Y);
        var isWhole = visible == rectangle && source == new Rectangle(0, 0, image.Width, image.Height);
        Crop? crop = isWhole && (rectangle.Width, rectangle.Height) == image ? null
            : new(visible.Offset(-rectangle.X, -rectangle.Y), source, rectangle.Width, rectangle.Height);
        var resized = crop != _crop && _viewport is not null;
        if (resized)
            Set(crop, isWhole);
        _crop = crop;
        return new(moved, resized);
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

    /// <summary>-1 takes a part of a viewport's state back (viewporter.xml).</summary>
    private void Set(Crop? crop, bool whole)
    {
        var none = WlFixed.From(-1);
        if (crop is not { } c)
        {
            _viewport!.SetSource(none, none, none, none);
            _viewport.SetDestination(-1, -1);
            return;
        }
        if (whole)
            _viewport!.SetSource(none, none, none, none);
        else
            _viewport!.SetSource(c.X(c.Part.X, c.Source.X), c.Y(c.Part.Y, c.Source.Y), c.X(c.Part.Width), c.Y(c.Part.Height));
        _viewport.SetDestination(c.Part.Width, c.Part.Height);
    }

    /// <summary>The role goes before the surface.</summary>
    public void Dispose()
    {
        _viewport?.Dispose();
        _subsurface?.Dispose();
    }
}

/// <summary>What a placement still needs: a commit of the parent, of the surface itself, or of both.</summary>
internal readonly record struct Placed(bool Moved, bool Resized);

/// <summary>
/// The visible part of a placed image, in window pixels from its corner; what of the image is placed; and on how many window
/// pixels.
/// </summary>
internal readonly record struct Crop(Rectangle Part, Rectangle Source, int Width, int Height)
{
    /// <summary>Window pixels as the image's, from some of those on.</summary>
    public WlFixed X(int window, int from = 0) => Down(window, Source.Width, Width, from);

    /// <inheritdoc cref="X"/>
    public WlFixed Y(int window, int from = 0) => Down(window, Source.Height, Height, from);

    /// <summary>Rounded down: a source that reaches over the buffer's edge by 1/256 of a pixel is an error. One by one it is exact.</summary>
    private static WlFixed Down(int window, int image, int placed, int from) => new((int)((from + (double)window * image / placed) * 256));
}
