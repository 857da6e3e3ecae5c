using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The colour model of what is on one surface. It changes in the commit that changes the image: compositors end the connection
/// for a Y'CbCr model on an R'G'B' image (color-representation-v1, error pixel_format).
/// </summary>
/// <param name="colors">What the compositor knows.</param>
/// <param name="surface">Owned by the caller.</param>
/// <param name="wanted">The user's; null for the usual one of an image's size.</param>
internal sealed class SurfaceColor(HostColors colors, WlSurface surface, ColorModel? wanted) : IDisposable
{
    private WlSurface _surface = surface;
    private WpColorRepresentationSurfaceV1? _proxy;
    private ColorModel? _told;

    /// <summary>What the values of an image mean; null for R'G'B'.</summary>
    public ColorModel? Meant(Scanout scanout)
    {
        if (!scanout.Format.IsYuv)
            return null;
        var model = wanted ?? ColorModel.Of(scanout.Height);
        return scanout.Format.Is420 ? model : model with { Siting = ChromaSiting.Unset };
    }

    /// <summary>What the compositor is told about an image while it is on the surface; null if nothing.</summary>
    public ColorModel? Told(Scanout scanout) =>
        Meant(scanout) is { } model && colors.Knows(model, scanout.Layout.Format) ? model : null;

    /// <summary>Tells the compositor about the image that is attached now.</summary>
    public void Set(Scanout scanout)
    {
        var tellable = Told(scanout);
        if (tellable == _told)
            return;
        // Nothing but destroying the object takes back a siting.
        Clear();
        if (tellable is { } model)
            (_told, _proxy) = (model, colors.Tell(_surface, model));
    }

    /// <summary>Nothing is said about what is committed next.</summary>
    public void Clear()
    {
        _proxy?.Dispose();
        (_proxy, _told) = (null, null);
    }

    /// <summary>The plane is on another surface from the next commit on.</summary>
    public void MoveTo(WlSurface other)
    {
        Clear();
        _surface = other;
    }

    public void Dispose() => Clear();
}
