namespace Guestplane.Tests.Rig;

public sealed class VgpuSwayBoot() : RigBoot("forky", "vgpu-sway.sh", seconds: 800);

/// <summary>A vGPU on sway: what the project is about.</summary>
public sealed class VgpuSwayTests(VgpuSwayBoot boot) : RigTests<VgpuSwayBoot>(boot)
{
    [Fact]
    public void Six_hundred_flips_are_shown_from_the_guests_own_memory()
    {
        var head = AssertSixHundredFlips("flips");
        Assert.True(head.GetProperty("scanoutFormat").GetBoolean(), "the format is one that the host tells for scanout");
    }

    /// <summary>
    /// sway shows an image a refresh later if one is on its way when it comes, and so the next one. Without a gap p50 is 19 to 31 ms.
    /// </summary>
    [Fact]
    public void A_pushed_guest_of_the_displays_rate_is_not_a_refresh_late()
    {
        var head = AssertZeroCopy("pushed");
        Assert.InRange(head.GetProperty("commitToPresentedNs").GetProperty("p50").GetInt64(), 0, 19_000_000);
        Assert.InRange(Count(head, "coalesced"), 0, 12);
    }

    [Fact]
    public void Flipping_allocates_no_managed_memory() => Assert.Equal(0, ManagedBytesPerFlip("flips"));

    [Fact]
    public void Each_dmabuf_is_got_from_the_kernel_once()
    {
        AssertTransport("gets", "dmabuf");
        Assert.Equal(2, Boot.Number("gets.gets"));
        Assert.True(Boot.Number("gets.queries") >= 120, "each flip was noticed by a query");
    }

    [Fact]
    public void The_last_flip_is_on_the_screen()
    {
        AssertTransport("last", "dmabuf");
        Assert.Equal(LastFrame("last.driver"), Boot.Frame("last.png"));
    }

    [Fact]
    public void Mode_switches_and_a_plane_that_goes_off_and_on_cause_no_second_import()
    {
        var head = AssertTransport("modes", "dmabuf");
        // Two buffers in each of two modes.
        AssertImportedOnce(head, buffers: 4);
        Assert.Equal(Boot.Number("modes.fds-before"), Boot.Number("modes.fds-after"));
        Assert.Equal((1024, 768), (Count(head, "width"), Count(head, "height")));
        Assert.DoesNotContain("warning", Boot.Messages("modes"));
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("modes.drm"));
    }

    [Fact]
    public void A_VMM_that_ends_ends_the_show_and_its_group_is_free()
    {
        Assert.Equal(74, Boot.ExitCode("vmm"));
        Assert.Matches(@"pid:\d+ is gone: the VMM has ended\.\n$", Boot.Messages("vmm"));
        Assert.True(Boot.ExitCode("vmm-after") == 0, Boot.Text("vmm-after.driver"));
    }

    /// <summary>The VMM has not closed it: it ends otherwise, or a device is unplugged.</summary>
    [Fact]
    public void A_vGPU_that_is_removed_under_its_VMM_is_released()
    {
        Assert.Equal(74, Boot.ExitCode("loses"));
        Assert.Matches(@"pid:\d+ is gone: it was removed\.\n$", Boot.Messages("loses"));
    }

    /// <summary>QEMU's device_del.</summary>
    [Fact]
    public void A_vGPU_that_its_VMM_has_closed_is_released()
    {
        Assert.Equal(74, Boot.ExitCode("closes"));
        Assert.Matches(@"pid:\d+ is gone: its VMM has closed it\.\n$", Boot.Messages("closes"));
    }

    [Fact]
    public void A_vGPU_can_be_removed_while_it_is_shown()
    {
        Assert.Equal(0, Boot.Number("removed.remove-rc"));
        Assert.Equal(74, Boot.ExitCode("removed"));
        Assert.Matches(@"vfio:\S+ is gone: it was removed\.\n$", Boot.Messages("removed"));
    }

    [Fact]
    public void A_busy_group_is_reported_with_the_name_and_the_pid_of_its_holder()
    {
        Assert.Equal(77, Boot.ExitCode("busy"));
        Assert.Matches(@"^guestplane: /dev/vfio/\d+ is held by mbochs-driver \(pid (\d+)\): show its device by pid:\1\.\n$",
            Boot.Messages("busy"));
    }

    [Fact]
    public void Without_permission_the_file_and_its_group_are_named()
    {
        Assert.Equal(77, Boot.ExitCode("denied"));
        Assert.Matches(@"^guestplane: guestplane may not open /dev/vfio/\d+ \(owner root, group root, mode 0600\): .*\n$",
            Boot.Messages("denied"));
    }

    [Fact]
    public void A_monitor_is_plugged_into_the_vGPU_unless_it_is_too_large()
    {
        AssertZeroCopy("edid");
        Assert.Equal(64, Boot.ExitCode("edid-large"));
        Assert.Matches(@"^guestplane: This vGPU's monitor is at most \d+x\d+; --edid 3840x2160 is larger\.\n$",
            Boot.Messages("edid-large"));
    }

    [Fact]
    public void The_vGPUs_monitor_and_image_have_the_size_of_its_window()
    {
        Assert.StartsWith("monitor=800x640\n", Boot.Text("follows.driver"));
        var head = Boot.Head("follows");
        Assert.Equal((800, 640), (Count(head, "width"), Count(head, "height")));
    }

    [Fact]
    public void The_list_describes_the_vGPU_and_its_planes()
    {
        Assert.Matches(@"^vfio:\S+  mbochs-medium, driver mbochs, group /dev/vfio/\d+, node none\n", Boot.Text("list.txt"));
        Assert.Contains("serves dma-bufs; takes an EDID", Boot.Text("list.txt"));
    }

    [Fact]
    public void A_vGPU_with_only_a_region_is_copied_and_the_reason_is_reported()
    {
        var head = AssertTransport("mdpy", "copy");
        Assert.Contains("gives bytes, not a dma-buf", head.GetProperty("reason").GetString());
        // It stands still: the image is copied at first, and not at each refresh.
        Assert.InRange(Count(head, "copiedBytes"), 1, 8 * 1024 * 768 * 4);
        Assert.Contains("warning: head 0: the primary plane (XR24 LINEAR 1024x768) goes by copy: ", Boot.Messages("mdpy"));
    }

    [Fact]
    public void A_copied_region_is_on_the_screen()
    {
        var shot = Boot.Png("mdpy.png");
        var last = 0u;
        for (var y = 0; y < shot.Height; y += 8)
        {
            var grey = shot[0, y] & 0xff;
            Assert.Equal(grey * 0x010101, shot[0, y]);
            Assert.Equal(shot[0, y], shot[shot.Width - 1, y]);
            Assert.True(grey >= last, $"row {y} is darker than those above it");
            last = grey;
        }
        Assert.True(last > 0xf0, "the gradient ends at white");
    }
}
