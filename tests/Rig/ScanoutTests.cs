using System.Text.Json;
using System.Xml.Linq;

namespace Guestplane.Tests.Rig;

public sealed class ScanoutBoot() : RigBoot("forky", "scanout-test.sh", seconds: 1200);

/// <summary>What probe and scanout-test say of hosts, against what the kernel has on the hardware planes at that moment.</summary>
public sealed class ScanoutTests(ScanoutBoot boot) : RigTests<ScanoutBoot>(boot)
{
    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("weston-drm")]
    [InlineData("kwin-drm")]
    [InlineData("sway-primary")]
    [InlineData("sway-cursor")]
    [InlineData("weston-primary")]
    [InlineData("weston-cursor")]
    public void No_verdict_is_wrong(string host) => AssertNoVerdictIsWrong(host);

    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("weston-drm")]
    [InlineData("kwin-drm")]
    [InlineData("sway-primary")]
    [InlineData("sway-cursor")]
    [InlineData("weston-primary")]
    [InlineData("weston-cursor")]
    public void The_plain_case_is_scanned_out(string host) => Assert.Equal("scanout", Word(Case(host, "base"), "seen"));

    [Theory]
    [InlineData("sway-vkms", "cursor=subsurface", "cursor-surface")]
    [InlineData("sway-vkms", "size=640x480", "scale")]
    [InlineData("weston-drm", "cursor=subsurface", null)]
    [InlineData("weston-primary", "cursor=subsurface", "cursor-surface")]
    [InlineData("weston-cursor", "cursor=subsurface", "cursor-surface")]
    [InlineData("weston-primary", "letterbox", null)]
    [InlineData("sway-primary", "letterbox", null)]
    [InlineData("sway-primary", "size=640x480", "scale")]
    [InlineData("kwin-drm", "letterbox", "letterbox-kwin")]
    [InlineData("kwin-drm", "cursor=subsurface", "cursor-surface")]
    public void The_deciding_rule_is_named(string host, string name, string? rule) =>
        Assert.Equal(rule, Word(Case(host, name), "rule"));

    [Theory]
    [InlineData("probe-cursor", "cursor-surface")]
    [InlineData("probe-scale", "scale")]
    [InlineData("probe-plain", null)]
    [InlineData("probe-forced", "forced")]
    [InlineData("probe-pixman", "host-without-dma-buf")]
    [InlineData("probe-fractional", "output-scale")]
    public void The_probe_explains_the_verdict(string name, string? rule)
    {
        Assert.Equal(0, Boot.ExitCode(name));
        var plane = Boot.Report(name).GetProperty("planes")[0];
        Assert.Equal(rule, Word(plane, "rule"));
        Assert.True(Word(plane, "seen") == Word(plane, "verdict"), $"{plane}");
    }

    [Fact]
    public void The_probe_describes_the_compositor()
    {
        var host = Boot.Report("probe-host").GetProperty("host");
        Assert.Equal("wlroots", Word(host, "family"));
        Assert.Equal("vkms", Word(host, "driver"));
        Assert.All(Boot.Text("probe.txt").Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void KWin_sets_its_display_to_the_colours_that_it_was_told()
    {
        var plane = Boot.Report("kwin-yuv").GetProperty("planes")[0];
        Assert.Equal(("scanout", "scanout"), (Word(plane, "verdict"), Word(plane, "witness")));
        Assert.Equal(("bt709-full", 0), (Word(plane.GetProperty("color"), "display"), Count(plane.GetProperty("color"), "steps")));
    }

    /// <summary>Of the vGPU's planes, on cards with few; against the kernel's state of that moment.</summary>
    [Theory]
    [InlineData("primary-both", 0, "")]
    [InlineData("cursor-both", 0, "")]
    [InlineData("cursor-overlay", 0, "")]
    [InlineData("cursor-cursor", 0, "")]
    [InlineData("one-overlay-both", 1, "cursor")]
    [InlineData("one-overlay-overlay", 1, "overlay primary")]
    [InlineData("one-overlay-cursor", 1, "cursor primary")]
    public void Each_plane_is_where_the_probe_says(string name, int overlays, string scannedOut)
    {
        Assert.Equal(overlays, Planes(name).GetProperty("overlay").GetInt32());
        var planes = Boot.Report(name).GetProperty("planes").EnumerateArray().ToList();
        var above = name.Split('-')[^1] is var kind and not "both" ? [kind] : new[] { "cursor", "overlay" };
        Assert.Equal([.. above, "primary"], planes.Select(plane => Word(plane, "plane")!).Order());
        foreach (var plane in planes)
        {
            var isPredicted = Word(plane, "verdict") == "scanout";
            Assert.True(isPredicted == scannedOut.Split(' ').Contains(Word(plane, "plane")), $"{plane}");
            var image = $"fb={Count(plane, "width")}x{Count(plane, "height")} imported=yes";
            Assert.True(isPredicted == Boot.Text($"{name}.drm").Contains(image, StringComparison.Ordinal), $"{plane}\n{Boot.Text($"{name}.drm")}");
        }
    }

    [Theory]
    [InlineData("sway-two")]
    [InlineData("kwin-two")]
    public void Two_heads_fill_two_outputs_and_are_scanned_out(string name) => AssertTwoHeadsAreScannedOut(name);

    /// <summary>Where the compositor puts both on one output, nothing is said of the one that is not seen.</summary>
    [Fact]
    public void The_kernels_word_on_one_head_is_not_the_others() => AssertNothingIsSaidOfTheUnseen("sway-two-anywhere");

    /// <summary>Yama forbids to borrow the compositor's descriptor, and the card is opened.</summary>
    [Fact]
    public void A_card_that_cannot_be_borrowed_is_asked_all_the_same_and_the_compositor_shows_on()
    {
        Assert.Equal(Planes("sway-two").ToString(), Planes("opened").ToString());
        Assert.Equal("scanout", Word(Boot.Report("opened").GetProperty("planes")[0], "witness"));
    }

    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("kwin-drm")]
    public void Reports_are_well_formed(string host)
    {
        Assert.NotEmpty(XDocument.Parse(Boot.Text($"{host}.xml")).Root!.Elements("testcase"));
        Assert.Contains("<svg", Boot.Text($"{host}.html"));
    }
}
