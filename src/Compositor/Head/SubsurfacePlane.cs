using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Cursor or overlay where the guest puts it: a synchronised subsurface of the root. A move is a position and a commit of the
/// root; a new image is committed on the subsurface first. A desynchronised subsurface would not do: Smithay applies its position
/// only with its own commit. Compositors do not clip subsurfaces, so the image is cropped to the primary plane.
/// </summary>
internal sealed class SubsurfacePlane(ScreenSetup setup, WlSurface root, PlaneKind kind, Func<bool> maySend)
    : FloatingPlane(setup, kind, root, maySend)
{
    protected override Placed Place(Flip flip, Placement placement, bool isNewImage)
    {
        if (flip.Scanout is not { } scanout)
            return default;
        return Layer!.Place(AreaOf(flip, placement), flip.UprightSource, (scanout.Width, scanout.Height), placement.Plane);
    }

    protected override bool IsInImage(Flip flip, Placement placement) =>
        flip.Scanout is null || Layer.IsVisible(AreaOf(flip, placement), placement.Plane);

    /// <summary>Of the part that is shown: the crop of a larger buffer is the whole plane.</summary>
    private static Rectangle AreaOf(Flip flip, Placement placement)
    {
        var (at, source) = (placement.Map(flip.Position), flip.UprightSource);
        var (width, height) = placement.MapSize(source.Width, source.Height);
        return new(at.X, at.Y, width, height);
    }
}
