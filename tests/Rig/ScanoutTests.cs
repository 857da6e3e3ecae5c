using System.Xml.Linq;

namespace Guestplane.Tests.Rig;

public sealed class ScanoutBoot() : RigBoot("forky", "scanout-test.sh", seconds: 1000, "-device", "bochs-display", "-device", "virtio-gpu-pci");

/// <summary>What probe and scanout-test say of hosts, against what the kernel has on the hardware planes at that moment.</summary>
public sealed class ScanoutTests(ScanoutBoot boot) : RigTests<ScanoutBoot>(boot)
{
    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("weston-drm")]
    [InlineData("kwin-drm")]
    [InlineData("sway-bochs")]
    [InlineData("sway-virtio")]
    public void No_verdict_is_wrong(string host) => AssertNoVerdictIsWrong(host);

    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("weston-drm")]
    [InlineData("kwin-drm")]
    [InlineData("sway-bochs")]
    public void The_plain_case_is_scanned_out(string host) => Assert.Equal("scanout", Word(Case(host, "base"), "seen"));

    [Theory]
    [InlineData("sway-vkms", "cursor=subsurface", "cursor-surface")]
    [InlineData("sway-vkms", "size=640x480", "scale")]
    [InlineData("kwin-drm", "letterbox", "letterbox-kwin")]
    [InlineData("kwin-drm", "cursor=subsurface", "cursor-surface")]
    [InlineData("sway-virtio", "base", "import-refused")]
    public void The_deciding_rule_is_named(string host, string name, string rule) =>
        Assert.Equal(rule, Word(Case(host, name), "rule"));

    [Theory]
    [InlineData("probe-cursor", "cursor-surface")]
    [InlineData("probe-scale", "scale")]
    [InlineData("probe-plain", null)]
    [InlineData("probe-forced", "forced")]
    [InlineData("probe-refused", "import-refused")]
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

    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("kwin-drm")]
    public void Reports_are_well_formed(string host)
    {
        Assert.NotEmpty(XDocument.Parse(Boot.Text($"{host}.xml")).Root!.Elements("testcase"));
        Assert.Contains("<svg", Boot.Text($"{host}.html"));
    }
}
