using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// What the compositor is told about the colours of what is on one surface. The model changes in the commit that changes the
/// image: compositors end the connection for a Y'CbCr model on an R'G'B' image (color-representation-v1, error pixel_format).
/// </summary>
/// <param name="host">The compositor.</param>
/// <param name="surface">Owned by the caller.</param>
/// <param name="wanted">The user's model; null for the usual one of an image's size, or of HDR images.</param>
internal sealed class SurfaceColor(Host host, WlSurface surface, ColorModel? wanted) : IDisposable
{
    private WlSurface _surface = surface;
    private WpColorManagementSurfaceV1? _hdr;
    private WpColorRepresentationSurfaceV1? _proxy;
    private ColorModel? _told;

    /// <summary>True if the compositor is told that images are HDR.</summary>
    public bool IsHdr => host.Hdr.State == HdrState.Ready;

    /// <summary>What the values of an image mean; null for R'G'B'.</summary>
    public ColorModel? Meant(Scanout scanout)
    {
        if (!scanout.Format.IsYuv)
            return null;
        // HDR10 has the matrix of its primaries.
        var model = wanted
            ?? (host.Hdr.State == HdrState.NotWanted ? ColorModel.Of(scanout.Height) : new ColorModel(ColorMatrix.Bt2020));
        return scanout.Format.Is420 ? model : model with { Siting = ChromaSiting.Unset };
    }

    /// <summary>What the compositor is told about an image while it is on the surface; null if nothing.</summary>
    public ColorModel? Told(Scanout scanout) =>
        Meant(scanout) is { } model && host.Colors.Knows(model, scanout.Layout.Format) ? model : null;

    /// <summary>Tells the compositor about the image that is attached now.</summary>
    public void Set(Scanout scanout)
    {
        if (IsHdr)
            _hdr ??= host.Hdr.Tell(_surface);
        var tellable = Told(scanout);
        if (tellable == _told)
            return;
        // Nothing but destroying the object takes back a siting.
        ClearModel();
        if (tellable is { } model)
            (_told, _proxy) = (model, host.Colors.Tell(_surface, model));
    }

    /// <summary>Nothing is said about what is committed next.</summary>
    public void Clear()
    {
        ClearModel();
        _hdr?.Dispose();
        _hdr = null;
    }

    /// <summary>The plane is on another surface from the next commit on.</summary>
    public void MoveTo(WlSurface other)
    {
        Clear();
        _surface = other;
    }

    public void Dispose() => Clear();

    private void ClearModel()
    {
        _proxy?.Dispose();
        (_proxy, _told) = (null, null);
    }
}
