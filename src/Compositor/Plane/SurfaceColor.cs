using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The colour model of what is on one surface. It changes in the commit that changes the image: compositors end the connection
/// for one on R'G'B' (color-representation-v1, error pixel_format).
/// </summary>
/// <param name="colors">What the compositor knows.</param>
/// <param name="surface">Owned by the caller.</param>
/// <param name="wanted">The user's; null for the usual one of an image's size.</param>
internal sealed class SurfaceColor(HostColors colors, WlSurface surface, ColorModel? wanted) : IDisposable
{
    private WlSurface _surface = surface;
    private WpColorRepresentationSurfaceV1? _proxy;
    private ColorModel? _set;

    /// <summary>What the compositor was told about the last image; null if nothing.</summary>
    public ColorModel? Told { get; private set; }

    /// <summary>What the values of an image mean; null for R'G'B'.</summary>
    public ColorModel? Meant(Scanout scanout)
    {
        if (!scanout.Format.IsYuv)
            return null;
        var model = wanted ?? ColorModel.Of(scanout.Height);
        return scanout.Format.Is420 ? model : model with { Siting = ChromaSiting.Unset };
    }

    /// <summary>Tells the compositor about the image that is attached now.</summary>
    public void Set(Scanout scanout)
    {
        var meant = Meant(scanout);
        Told = meant is { } model && colors.Knows(model) ? meant : null;
        if (Told == _set)
            return;
        // Nothing but destroying the object takes back a siting.
        Clear();
        if (Told is { } told)
            (_set, _proxy) = (told, colors.Tell(_surface, told));
    }

    /// <summary>Nothing is said about what is committed next.</summary>
    public void Clear()
    {
        _proxy?.Dispose();
        (_proxy, _set) = (null, null);
    }

    /// <summary>The plane is on another surface from the next commit on.</summary>
    public void MoveTo(WlSurface other)
    {
        Clear();
        _surface = other;
    }

    public void Dispose() => Clear();
}
