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
            var plane = Placement.Of((ww, wh), (gw, gh), ScaleMode.Fit).Plane;
            Assert.InRange(plane.X, 0, ww);
            Assert.InRange(plane.Y, 0, wh);
            Assert.True(plane.Width <= ww && plane.Height <= wh);
            Assert.True(plane.Width == ww || plane.Height == wh);
            // One logical pixel of rounding, and never nothing.
            Assert.True(Math.Abs((double)plane.Width * gh - (double)plane.Height * gw) <= Math.Max(gw, gh) || plane.Width == 1 || plane.Height == 1);
        });

    [Fact]
    public void An_exact_fit_is_not_scaled() => Assert.Equal(new Rectangle(0, 0, 1024, 768), Placement.Of((1024, 768), (1024, 768), ScaleMode.Fit).Plane);

    /// <summary>Hosts round the two edges of a surface, and sample between guest pixels where that is not as many as it shows.</summary>
    [Fact]
    public void Unscaled_maps_one_guest_pixel_to_one_device_pixel_at_any_scale() =>
        Gen.Select(s_side, s_side, Gen.Int[WindowScale.One, 4 * WindowScale.One]).Sample((window, guest, scale) =>
        {
            var placement = Placement.Of((window, window), (guest, guest), ScaleMode.Unscaled, scale);
            var (from, to) = (placement.Plane.X * (long)scale, (placement.Plane.X + placement.Plane.Width) * (long)scale);
            Assert.InRange(placement.Source.X, 0, guest - placement.Source.Width);
            Assert.True(placement.Plane.X >= 0 && placement.Plane.X + placement.Plane.Width <= window, $"{placement}");
            if (guest * WindowScale.One < scale)
                return; // less than one logical pixel
            Assert.Equal(0, from % WindowScale.One);
            Assert.Equal(placement.Source.Width, (to + WindowScale.One / 2) / WindowScale.One - from / WindowScale.One);
            // No more is lost than a logical pixel has, unless the window is too small.
            Assert.True(guest - placement.Source.Width <= scale / WindowScale.One + 1 || placement.Plane.Width == window, $"{placement}");
        });

    [Fact]
    public void Integer_counts_the_screens_pixels()
    {
        Assert.Equal(new(128, 96, 1024, 768), Placement.Of((1280, 960), (1024, 768), ScaleMode.Integer).Plane);
        Assert.Equal(new(0, 0, 1024, 768), Placement.Of((1024, 768), (1024, 768), ScaleMode.Integer, 2 * WindowScale.One).Plane);
        // 1920x1080 at 1.5: three device pixels to each of the guest's.
        Assert.Equal(new(0, 40, 1280, 640), Placement.Of((1280, 720), (640, 320), ScaleMode.Integer, 180).Plane);
        // 800x600 at 1.25 has no room for one by one.
        Assert.Equal(Placement.Of((800, 600), (1024, 768), ScaleMode.Fit, 150), Placement.Of((800, 600), (1024, 768), ScaleMode.Integer, 150));
    }

    [Fact]
    public void A_point_of_the_guest_is_found_in_the_window()
    {
        var placement = Placement.Of((2048, 1536 + 100), (1024, 768), ScaleMode.Fit);
        Assert.Equal(new PixelPoint(20, 50 + 40), placement.Map(new(10, 20)));
        Assert.Equal(new PixelPoint(-16, 50 - 16), placement.Map(new(-8, -8)));
        Assert.Equal((128, 128), placement.MapSize(64, 64));
    }
}
