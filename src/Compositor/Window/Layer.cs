using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>Places a surface in a window, by subsurface, viewport and regions.</summary>
internal sealed class Layer : IDisposable
{
    private readonly Globals _globals;
    private readonly WlSurface _surface;
    private readonly WlSubsurface? _subsurface;
    private readonly WpViewport? _viewport;
    private (int X, int Y) _position;
    private Crop? _crop;

    /// <param name="globals">The compositor's globals.</param>
    /// <param name="surface">The surface to place.</param>
    /// <param name="parent">Null if the surface is the window itself.</param>
    /// <param name="sync">True if commits take effect with the parent's (cursor), not at once (primary plane).</param>
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

    /// <summary>Whether any part of a rectangle lies in the window.</summary>
    public static bool IsVisible(Rectangle rectangle, Rectangle window) => !rectangle.Intersect(window).IsEmpty;

    /// <summary>
    /// Places a part of an image on a rectangle of the window, scaled to it and cropped to the window: compositors do not clip
    /// subsurfaces. The position takes effect with the parent's commit, the rest with the surface's own. For a rectangle outside
    /// the window nothing is sent: the surface must not have an image then.
    /// </summary>
    public Placed Place(Rectangle rectangle, Rectangle source, (int Width, int Height) image, Rectangle window)
    {
        var visible = rectangle.Intersect(window);
        if (visible.IsEmpty)
            return default;
        // Without a viewport the whole image is there, pixel for pixel.
        var position = _viewport is null ? (rectangle.X - source.X, rectangle.Y - source.Y) : (visible.X, visible.Y);
        var moved = _subsurface is not null && position != _position;
        if (moved)
            _subsurface!.SetPosition(position.Item1, position.Item2);
        _position = position;
        var isWhole = visible == rectangle && source == new Rectangle(0, 0, image.Width, image.Height);
        Crop? crop = isWhole && (rectangle.Width, rectangle.Height) == image ? null
            : new(visible.Offset(-rectangle.X, -rectangle.Y), source, rectangle.Width, rectangle.Height);
        var resized = crop != _crop && _viewport is not null;
        if (resized)
            Set(crop, isWhole);
        _crop = crop;
        return new(moved, resized, IsVisible: true);
    }

    /// <summary>Puts the surface directly above another of its window, with the parent's commit. A new one is on top.</summary>
    public void PlaceAbove(WlSurface sibling) => _subsurface?.PlaceAbove(sibling);

    /// <summary>Declares the surface opaque. Compositors scan out only opaque surfaces.</summary>
    public void SetOpaque(int width, int height)
    {
        using var region = _globals.Compositor.CreateRegion();
        region.Add(0, 0, width, height);
        _surface.SetOpaqueRegion(region);
    }

    /// <summary>Passes the pointer through to the surface below.</summary>
    public void IgnoreInput()
    {
        using var region = _globals.Compositor.CreateRegion();
        _surface.SetInputRegion(region);
    }

    /// <summary>-1 unsets the viewport's source or destination (viewporter.xml).</summary>
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
        {
            var (x, y, width, height) = c.ViewportSource;
            _viewport!.SetSource(x, y, width, height);
        }
        _viewport.SetDestination(c.Part.Width, c.Part.Height);
    }

    /// <summary>Must be called before the surface is destroyed.</summary>
    public void Dispose()
    {
        _viewport?.Dispose();
        _subsurface?.Dispose();
    }
}

/// <summary>The result of a placement.</summary>
/// <param name="Moved">True if the parent must be committed.</param>
/// <param name="Resized">True if the surface itself must be committed.</param>
/// <param name="IsVisible">False if all of it lies outside the window; nothing was placed.</param>
internal readonly record struct Placed(bool Moved, bool Resized, bool IsVisible);

/// <summary>The visible part of an image that is scaled to a rectangle.</summary>
/// <param name="Part">The visible part, in window pixels from the rectangle's corner.</param>
/// <param name="Source">The part of the image that the whole rectangle shows, in image pixels.</param>
/// <param name="Width">The rectangle's width in window pixels.</param>
/// <param name="Height">Its height.</param>
internal readonly record struct Crop(Rectangle Part, Rectangle Source, int Width, int Height)
{
    /// <summary>The visible part in image pixels, for wp_viewport.set_source.</summary>
    public (WlFixed X, WlFixed Y, WlFixed Width, WlFixed Height) ViewportSource
    {
        get
        {
            var (x, width) = Scale(Part.X, Part.Width, Width, Source.X, Source.Width);
            var (y, height) = Scale(Part.Y, Part.Height, Height, Source.Y, Source.Height);
            return (x, y, width, height);
        }
    }

    /// <summary>
    /// One direction of <see cref="ViewportSource"/>. A source beyond the buffer is a protocol error, so both numbers are rounded
    /// down. An empty source is one too, so the length is at least 1/256 pixel, which always fits: the start, rounded down, is
    /// at least 1/256 pixel before the end. Exact at scale 1.
    /// </summary>
    private static (WlFixed Start, WlFixed Length) Scale(int start, int length, int placed, int from, int image)
    {
        const int One = 256;
        var scale = (double)image / placed * One;
        return (new(from * One + (int)(start * scale)), new(Math.Max(1, (int)(length * scale))));
    }
}
