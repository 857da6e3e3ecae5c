namespace Guestplane.Tests.Rig;

public sealed class VgpuCdevBoot() : RigBoot("forky", "vgpu-cdev.sh", seconds: 800);

/// <summary>A vGPU by its node and an iommufd, the way of kernels that have them (Debian's have not: the rig builds them).</summary>
public sealed class VgpuCdevTests(VgpuCdevBoot boot) : RigTests<VgpuCdevBoot>(boot)
{
    [Fact]
    public void Six_hundred_flips_are_shown_from_the_guests_own_memory()
    {
        AssertSixHundredFlips("flips");
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("flips.drm"));
    }

    [Fact]
    public void Flipping_allocates_no_managed_memory() => Assert.Equal(0, ManagedBytesPerFlip("flips"));

    [Fact]
    public void The_last_flip_is_on_the_screen()
    {
        AssertTransport("last", "dmabuf");
        Assert.Equal(LastFrame("last.driver"), Boot.Frame("last.png"));
    }

    [Fact]
    public void The_list_names_the_node()
    {
        Assert.Matches(@"^vfio:\S+  mbochs-medium, driver mbochs, group /dev/vfio/\d+, node /dev/vfio/devices/vfio\d+\n", Boot.Text("list.txt"));
        Assert.Contains("serves dma-bufs", Boot.Text("list.txt"));
        Assert.Matches(@"\n  /dev/vfio/\d+ is held by guestplane \(pid \d+\): ", Boot.Text("list-busy.txt"));
    }

    /// <summary>Which of its two files the holder has open does not matter, nor which the second one wants.</summary>
    [Theory]
    [InlineData("busy-node", "/dev/vfio/devices/vfio", "guestplane", @"end guestplane \(pid \1\) first")]
    [InlineData("busy-group", "/dev/vfio/", "guestplane", @"end guestplane \(pid \1\) first")]
    [InlineData("busy-by-group", "/dev/vfio/devices/vfio", "mbochs-driver", @"show its device by pid:\1")]
    public void A_busy_device_is_reported_with_its_holder(string name, string file, string holder, string remedy)
    {
        Assert.Equal(77, Boot.ExitCode(name));
        Assert.Matches($@"^guestplane: {file}\d+ is held by {holder} \(pid (\d+)\): {remedy}\.\n$", Boot.Messages(name));
    }

    [Fact]
    public void A_device_that_a_process_opened_by_node_can_be_borrowed() => AssertZeroCopy("borrowed");

    [Theory]
    [InlineData("denied-node", @"/dev/vfio/devices/vfio\d+ \(owner root, group root, mode 0600\)")]
    [InlineData("denied-iommu", @"/dev/iommu \(owner root, group root, mode 0660\)")]
    public void Without_permission_the_file_and_its_group_are_named(string name, string file)
    {
        Assert.Equal(77, Boot.ExitCode(name));
        Assert.Matches($@"^guestplane: guestplane may not open {file}: .*\n$", Boot.Messages(name));
    }

    /// <summary>The device is opened before a host is looked for, and there is none for that user.</summary>
    [Fact]
    public void Permission_for_the_node_and_iommufd_is_enough()
    {
        Assert.Equal(69, Boot.ExitCode("permitted"));
        Assert.Contains("There is no Wayland compositor", Boot.Messages("permitted"));
    }

    [Fact]
    public void A_vGPU_can_be_removed_while_it_is_shown()
    {
        Assert.Equal(0, Boot.Number("removed.remove-rc"));
        Assert.Equal(74, Boot.ExitCode("removed"));
        Assert.Matches(@"vfio:/dev/vfio/devices/vfio\d+ is gone: it was removed\.\n$", Boot.Messages("removed"));
    }
}
