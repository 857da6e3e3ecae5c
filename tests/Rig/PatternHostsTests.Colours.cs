using System.Text.Json;
using Guestplane.Compositor.Probing;
using Guestplane.Gvt;

namespace Guestplane.Tests.Rig;

/// <summary>YUV images: the colours that compositors draw, and those that the display makes of an image that is scanned out.</summary>
public sealed partial class PatternHostsTests
{
    /// <summary>Two roundings of eight bits, and one of the display's.</summary>
    private const int MostSteps = 3;

    private static readonly uint[] s_bars = [0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x202020];

    /// <summary>weston tells its display what it was told, and so they agree; vkms writes its picture back.</summary>
    [Theory]
    [InlineData("NV12", "bt601")]
    [InlineData("NV12", "bt709")]
    [InlineData("NV12", "bt601-full")]
    [InlineData("NV12", "bt709-full")]
    [InlineData("P010", "bt2020")]
    public void An_image_that_is_scanned_out_has_the_colours_of_one_that_is_drawn(string format, string model)
    {
        var name = $"weston-{format}-{model}";
        Assert.Equal((model, model), (Told(name), Assert.Single(PlanesOf(name), plane => plane.IsImported).Color.ToString()));
        var (drawn, written) = (Bars(name), Bars($"{name}-written"));
        Assert.InRange(Apart(drawn, written), 0, MostSteps);
        Assert.InRange(Apart(s_bars, drawn), 0, MostSteps);
        TestContext.Current.SendDiagnosticMessage("{0}: drawn and scanned out are {1} steps apart", name, Apart(drawn, written));
    }

    /// <summary>vkms cannot scan YUYV out, and mutter has no display here. KWin's headless renderer fails at YUV images at times.</summary>
    [Theory]
    [InlineData("weston-YUYV-bt709")]
    [InlineData("mutter-NV12-bt601-full")]
    public void A_compositor_that_was_told_the_colours_draws_them(string name)
    {
        Assert.Equal(name.Split('-', 3)[2], Told(name));
        Assert.InRange(Apart(s_bars, Bars(name)), 0, MostSteps);
    }

    /// <summary>sway 1.12 draws BT.601 and leaves its display as it is, which on vkms is BT.601 of full range: colours change.</summary>
    [Fact]
    public void Of_one_that_cannot_be_told_the_probe_says_what_its_display_does()
    {
        var kernel = Assert.Single(PlanesOf("sway-NV12-bt601"), plane => plane.IsImported).Color!.Value;
        var color = Boot.Report("sway-NV12").GetProperty("planes")[0].GetProperty("color");
        Assert.Equal((null, false), (Told("sway-NV12-bt601"), color.GetProperty("told").GetBoolean()));
        Assert.Equal(("bt709", kernel.ToString()), (color.GetProperty("meant").GetString(), color.GetProperty("display").GetString()));
        Assert.Equal(new ColorModel(ColorMatrix.Bt709).StepsTo(kernel), color.GetProperty("steps").GetInt32());
    }

    /// <summary>weston that manages colours draws every image on vkms, whether it is told that it is HDR or not.</summary>
    [Theory]
    [InlineData("weston-managed", false, "managed-colors")]
    [InlineData("weston-hdr", true, "hdr")]
    public void Weston_that_manages_colours_is_told_what_is_HDR_and_draws_all(string name, bool isHdr, string rule)
    {
        var (output, plane) = (Boot.Report(name).GetProperty("host").GetProperty("outputs")[0].GetProperty("color"),
            Boot.Report(name).GetProperty("planes")[0]);
        Assert.Equal(("gamma22", "srgb"), (Word(output, "curve"), Word(output, "primaries")));
        Assert.Equal(isHdr, plane.GetProperty("hdr").GetBoolean());
        Assert.Equal(("unknown", rule, "composited"), (Word(plane, "verdict"), Word(plane, "rule"), Word(plane, "witness")));
        Assert.True(Count(plane, "presented") > 0, $"{plane}");
    }

    /// <summary>Where its chroma samples lie aside.</summary>
    private string? Told(string name) => Boot.Head(name).GetProperty("color") is { ValueKind: JsonValueKind.String } word
        ? (ColorModel.Parse(word.GetString()!)!.Value with { Siting = default }).ToString() : null;

    private IEnumerable<HardwarePlane> PlanesOf(string name) => DrmState.Planes(Boot.Text($"{name}.state"));

    /// <summary>The colours in the middle of the pattern's bars.</summary>
    private uint[] Bars(string name)
    {
        const int Frame = 8;
        var picture = Boot.Png($"{name}.png");
        var bar = (picture.Width - 2 * Frame) / s_bars.Length;
        return [.. s_bars.Select((_, i) => picture[Frame + i * bar + bar / 2, picture.Height / 4])];
    }

    private static int Apart(uint[] some, uint[] others) => some.Zip(others).Max(pair =>
        new[] { 16, 8, 0 }.Max(shift => Math.Abs((int)(pair.First >> shift & 0xff) - (int)(pair.Second >> shift & 0xff))));
}
