using CsCheck;
using Guestplane.Compositor;
using Guestplane.Gvt;

namespace Guestplane.Tests.Compositor;

public sealed class LayerTests
{
    private static readonly Gen<int> s_side = Gen.Int[1, PlaneLayout.MaxSide];
    private static readonly Gen<int> s_place = Gen.Int[-PixelPoint.Farthest, PixelPoint.Farthest];

    /// <summary>wp_viewport: an empty source is bad_value, and one that reaches beyond the buffer is out_of_buffer.</summary>
    [Fact]
    public void A_viewports_source_is_never_empty_and_never_beyond_the_image() =>
        Gen.Select(s_side, s_side, s_side, s_place, Gen.Select(s_side, s_side)).Sample((window, guest, image, at, stretch) =>
        {
            var placement = Placement.Of((window, stretch.Item1), (guest, stretch.Item2), ScaleMode.Stretch);
            var from = placement.Map(new(at, at));
            var (width, height) = placement.MapSize(image, image);
            var rectangle = new Rectangle(from.X, from.Y, width, height);
            if (!Layer.IsVisible(rectangle, placement.Window))
                return;
            var part = rectangle.Intersect(placement.Window).Offset(-rectangle.X, -rectangle.Y);
            var (x, y, w, h) = new Crop(part, new(0, 0, image, image), width, height).ViewportSource;
            Assert.True(x.Raw >= 0 && y.Raw >= 0 && w.Raw > 0 && h.Raw > 0, $"{x} {y} {w} {h}");
            Assert.True(x.Raw + w.Raw <= image * 256 && y.Raw + h.Raw <= image * 256, $"{x} {y} {w} {h}");
        });

    /// <summary>A window whose image is nowhere in it would get no frame callbacks.</summary>
    [Fact]
    public void The_primary_plane_is_always_in_the_window() =>
        Gen.Select(s_side, s_side, s_side, s_side, Gen.Int[WindowScale.One / 2, 4 * WindowScale.One]).Sample((ww, wh, gw, gh, scale) =>
        {
            foreach (var mode in Enum.GetValues<ScaleMode>())
            {
                var placement = Placement.Of((ww, wh), (gw, gh), mode, scale);
                Assert.True(Layer.IsVisible(placement.Plane, placement.Window), $"{mode}: {placement}");
            }
        });
}
