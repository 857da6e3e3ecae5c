using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>
/// The cursor plane as the compositor's pointer image (wl_pointer.set_cursor). The compositor moves it and continues to scan out
/// what is below. Its position is not used: the guest's pointer follows the compositor's.
/// </summary>
internal sealed class PointerCursor(ScreenSetup setup, WindowInput input, Func<bool> maySend)
    : FloatingPlane(setup, PlaneKind.Cursor, parent: null, maySend)
{
    /// <summary>
    /// In logical pixels. The compositor draws a pointer image over everything: scaled like a small image in a large window, it
    /// would cover the desktop.
    /// </summary>
    private const int MostSide = 256;

    private long _images;

    protected override Placed Place(Flip flip, Placement placement, bool isNewImage)
    {
        if (flip.Scanout is not { } scanout)
        {
            input.SetPointerImage(PointerImage.Hidden);
            return default;
        }
        // The crop of a larger buffer is the whole image; the hotspot is in the buffer.
        var source = CanCrop ? flip.UprightSource : new(0, 0, scanout.Width, scanout.Height);
        var (width, height) = placement.MapSize(source.Width, source.Height);
        if (Math.Max(width, height) > MostSide)
            (width, height) = Placement.Fit((MostSide, MostSide), (width, height));
        var whole = new Rectangle(0, 0, width, height);
        var placed = Layer!.Place(whole, source, (scanout.Width, scanout.Height), whole);
        if (isNewImage)
            _images++;
        var (hotspotX, hotspotY) = ((flip.Hotspot.X - source.X) * width / source.Width,
            (flip.Hotspot.Y - source.Y) * height / source.Height);
        input.SetPointerImage(new(Surface, hotspotX, hotspotY, _images));
        return placed;
    }
}
