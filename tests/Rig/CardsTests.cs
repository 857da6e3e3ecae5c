namespace Guestplane.Tests.Rig;

public sealed class CardsBoot() : RigBoot("forky", "cards.sh", seconds: 800, "-device", "bochs-display", "-device", "virtio-gpu-pci");

/// <summary>Compositors on cards that only an emulated machine has.</summary>
public sealed class CardsTests(CardsBoot boot) : RigTests<CardsBoot>(boot)
{
    [Theory]
    [InlineData("sway-bochs")]
    [InlineData("weston-bochs")]
    public void Compositors_that_scan_out_show_the_pattern_from_its_own_memory(string host) =>
        AssertImportedOnce(AssertZeroCopy(host), buffers: 3);

    [Fact]
    public void A_card_with_one_plane_shows_six_hundred_flips_of_a_vGPU_from_its_own_memory()
    {
        AssertSixHundredFlips("sway-bochs-vgpu");
        Assert.Equal(0, ManagedBytesPerFlip("sway-bochs-vgpu"));
        Assert.Matches(@"(?m)^card=bochs-drm plane=\S+ fb=1024x768 imported=yes crtc-pos=1024x768\+0\+0$", Boot.Text("sway-bochs-vgpu.drm"));
    }

    [Fact]
    public void The_last_flip_is_on_the_screen()
    {
        AssertTransport("sway-bochs-last", "dmabuf");
        Assert.Equal(LastFrame("sway-bochs-last.driver"), Boot.Frame("sway-bochs-last.png"));
    }

    [Theory]
    [InlineData("sway-virtio")]
    [InlineData("sway-virtio-vgpu")]
    public void What_the_compositor_rejects_goes_by_wl_shm_and_the_reason_is_reported(string name)
    {
        Assert.Equal("the compositor refused to import XR24 LINEAR 1024x768 (zwp_linux_buffer_params_v1.failed)",
            AssertTransport(name, "shm").GetProperty("reason").GetString());
        Assert.Contains("goes by shm: the compositor refused to import", Boot.Messages(name));
    }

    [Theory]
    [InlineData("sway-bochs-cases")]
    [InlineData("sway-virtio-cases")]
    public void No_verdict_is_wrong(string host) => AssertNoVerdictIsWrong(host);

    [Fact]
    public void The_plain_case_is_scanned_out() => Assert.Equal("scanout", Word(Case("sway-bochs-cases", "base"), "seen"));

    [Fact]
    public void Weston_fills_two_outputs_with_two_heads_and_scans_them_out() => AssertTwoHeadsAreScannedOut("weston-two");

    [Fact]
    public void The_kernels_word_on_one_head_is_not_the_others() => AssertNothingIsSaidOfTheUnseen("weston-two-anywhere");

    [Fact]
    public void A_rejected_import_is_the_deciding_rule()
    {
        Assert.Equal("import-refused", Word(Case("sway-virtio-cases", "base"), "rule"));
        Assert.Equal(0, Boot.ExitCode("probe-refused"));
        var plane = Boot.Report("probe-refused").GetProperty("planes")[0];
        Assert.Equal("import-refused", Word(plane, "rule"));
        Assert.True(Word(plane, "seen") == Word(plane, "verdict"), $"{plane}");
    }
}
