using Guestplane.Gvt;

namespace Guestplane.Tests.Rig;

public sealed class FractionalBoot() : RigBoot("forky", "fractional.sh", seconds: 1000);

/// <summary>
/// One guest pixel on one device pixel of an output whose scale is no whole number: nothing that the pattern has is lost on
/// the way to the host's screenshot.
/// </summary>
public sealed class FractionalTests(FractionalBoot boot) : RigTests<FractionalBoot>(boot)
{
    private const int OutputWidth = 1680, OutputHeight = 1050, Width = 840, Height = 630, OddWidth = 652, OddHeight = 517;

    // A logical pixel on which a device pixel begins is every fourth by 1.25 and 1.75: seven device pixels.
    private const int Grid = 7;

    // Of the odd pattern on each side: less than two logical pixels of the largest of the scales.
    private const int MostLost = 3;

    private static readonly string[] s_hosts = ["sway", "kwin"];
    private static readonly string[] s_scales = ["1.25", "1.5", "1.75"];

    public static TheoryData<string> Outputs() => [.. s_hosts.SelectMany(host => s_scales.Select(scale => $"{host}-{scale}"))];

    [Theory]
    [MemberData(nameof(Outputs))]
    public void A_guest_as_large_as_the_output_is_on_it_byte_for_byte(string output) =>
        Assert.Equal(new PixelPoint(0, 0), AssertExact($"{output}-fit", OutputWidth, OutputHeight));

    [Theory]
    [MemberData(nameof(Outputs))]
    public void One_to_one_is_exact_in_device_pixels(string output) => AssertCentred(AssertExact($"{output}-1:1", Width, Height));

    [Theory]
    [MemberData(nameof(Outputs))]
    public void The_integer_scale_of_one_is_exact_in_device_pixels(string output) =>
        AssertCentred(AssertExact($"{output}-integer", Width, Height));

    [Theory]
    [MemberData(nameof(Outputs))]
    public void A_window_is_exact_in_device_pixels(string output) => AssertExact($"{output}-window", Width, Height);

    /// <summary>Neither side is a number of logical pixels by any of the scales: an edge may be lost, not the sharpness.</summary>
    [Theory]
    [MemberData(nameof(Outputs))]
    public void A_size_that_is_not_a_whole_number_of_logical_pixels_is_cut_and_not_blurred(string output)
    {
        var shot = Shot($"{output}-odd");
        var pattern = new PatternImage(OddWidth, OddHeight, 0);
        var place = PatternImage.Find(shot, OddWidth, OddHeight);
        Assert.True(place is not null, $"{output}: no test pattern on the screen");
        var near = from y in Enumerable.Range(-MostLost, 2 * MostLost + 1)
                   from x in Enumerable.Range(-MostLost, 2 * MostLost + 1)
                   select new PixelPoint(place.Value.X + x, place.Value.Y + y);
        Assert.True(near.Any(at => pattern.Blur(shot, at) is null), $"{output}: the pattern on {place} has no checkerboard");
    }

    /// <summary>1080 are 617.14 logical pixels by 1.75: of what the host calls 617 it scans all of the guest's 1080 out.</summary>
    [Fact]
    public void A_screen_that_is_not_a_whole_number_of_logical_pixels_is_scanned_out_whole() =>
        Assert.Contains("fb=1920x1080 imported=yes crtc-pos=1920x1080+0+0", Boot.Text("sway-hd.drm"));

    private PixelPoint AssertExact(string name, int width, int height)
    {
        var shot = Shot(name);
        var place = PatternImage.Find(shot, width, height);
        Assert.True(place is not null, $"{name}: no test pattern on the screen");
        var frame = PatternImage.Frame(shot, place.Value, width, height);
        Assert.True(frame is not null, $"{name}: the pattern on {place} has no bar code");
        var corner = new PixelPoint(place.Value.X, place.Value.Y);
        var difference = new PatternImage(width, height, frame.Value).Difference(shot, corner);
        Assert.True(difference is null, $"{name}: the pattern on {place}, frame {frame}, is another at {difference}");
        return corner;
    }

    private Png Shot(string name)
    {
        Assert.True(Boot.ExitCode(name) == 0, $"{name}: exit {Boot.ExitCode(name)}\n{Boot.Messages(name)}");
        var shot = Boot.Png($"{name}.png");
        Assert.Equal((OutputWidth, OutputHeight), (shot.Width, shot.Height));
        return shot;
    }

    private static void AssertCentred(PixelPoint corner)
    {
        Assert.InRange(corner.X, (OutputWidth - Width) / 2 - Grid, (OutputWidth - Width) / 2 + Grid);
        Assert.InRange(corner.Y, (OutputHeight - Height) / 2 - Grid, (OutputHeight - Height) / 2 + Grid);
    }
}
