using CsCheck;
using Guestplane.Compositor;
using Guestplane.Gvt;

namespace Guestplane.Tests.Compositor;

public sealed class PlacementTests
{
    private static readonly Gen<int> s_side = Gen.Int[1, 16384];

    [Fact]
    public void A_fitted_image_lies_inside_touches_two_edges_and_keeps_its_shape() =>
        Gen.Select(s_side, s_side, s_side, s_side).Sample((ww, wh, gw, gh) =>
        {
            var plane = Placement.Of(ww, wh, gw, gh, ScaleMode.Fit).Plane;
            Assert.InRange(plane.X, 0, ww);
            Assert.InRange(plane.Y, 0, wh);
            Assert.True(plane.Width <= ww && plane.Height <= wh);
            Assert.True(plane.Width == ww || plane.Height == wh);
            // One logical pixel of rounding, and never nothing.
            Assert.True(Math.Abs((double)plane.Width * gh - (double)plane.Height * gw) <= Math.Max(gw, gh) || plane.Width == 1 || plane.Height == 1);
        });

    [Fact]
    public void An_exact_fit_is_not_scaled() => Assert.Equal(new Rectangle(0, 0, 1024, 768), Placement.Of(1024, 768, 1024, 768, ScaleMode.Fit).Plane);

    [Fact]
    public void A_point_of_the_guest_is_found_in_the_window()
    {
        var placement = Placement.Of(2048, 1536 + 100, 1024, 768, ScaleMode.Fit);
        Assert.Equal(new PixelPoint(20, 50 + 40), placement.Map(new(10, 20)));
        Assert.Equal(new PixelPoint(-16, 50 - 16), placement.Map(new(-8, -8)));
        Assert.Equal((128, 128), placement.MapSize(64, 64));
    }
}
