namespace Guestplane.Tests.Rig;

public sealed class VgpuHostsBoot() : RigBoot("forky", "vgpu-hosts.sh", seconds: 1000);

/// <summary>A vGPU on hosts that scan it out, that cannot import it, and that cannot read it.</summary>
public sealed class VgpuHostsTests(VgpuHostsBoot boot) : RigTests<VgpuHostsBoot>(boot)
{
    [Fact]
    public void Weston_shows_it_from_the_guests_own_memory()
    {
        AssertImportedOnce(AssertZeroCopy("weston-drm"), buffers: 2);
        AssertScanout("weston-drm", "vkms");
    }

    /// <summary>KWin never says ZERO_COPY; the kernel knows better.</summary>
    [Fact]
    public void KWin_scans_it_out()
    {
        AssertImportedOnce(AssertTransport("kwin-drm", "dmabuf"), buffers: 2);
        AssertScanout("kwin-drm", "vkms");
    }

    [Fact]
    public void A_compositor_without_dmabufs_gets_wl_shm_and_the_reason_is_reported()
    {
        var head = AssertTransport("sway-pixman", "shm");
        Assert.Equal("the compositor has no zwp_linux_dmabuf_v1 of version 3 or later", head.GetProperty("reason").GetString());
        Assert.Equal(0, Count(head, "imports"));
    }

    /// <summary>Stock mbochs exports dma-bufs that hosts import and then cannot read; nor can anybody map them for wl_shm.</summary>
    [Theory]
    [InlineData("stock-sway")]
    [InlineData("stock-weston")]
    public void A_dmabuf_that_no_compositor_can_read_is_not_shown_and_one_line_says_why(string name)
    {
        Assert.Equal(0, Boot.ExitCode(name));
        var warning = Assert.Single(Boot.Messages(name).Split('\n'), line => line.Contains(": warning: ", StringComparison.Ordinal));
        Assert.Contains("cannot be shown: the compositor took it and then showed none of 32 frames", warning);
        Assert.Contains("its memory cannot be mapped for wl_shm", warning);
        // Not asked of "presented": wlroots answers so, later and all at once, frames whose page flips the kernel had refused.
        Assert.Equal("impossible", Boot.Head(name).GetProperty("transport").GetString());
        Assert.Equal(0, Count(Boot.Head(name), "copiedBytes"));
        Assert.DoesNotContain("imported=yes", Boot.Text($"{name}.drm"));
    }

    private void AssertScanout(string name, string card) =>
        Assert.Matches($@"(?m)^card={card} plane=\S+ fb=1024x768 imported=yes crtc-pos=1024x768\+0\+0$",
            Boot.Text($"{name}.drm"));
}
