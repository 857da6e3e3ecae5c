namespace Guestplane.Tests.Rig;

public sealed class QemuForkyBoot() : RigBoot("forky", "qemu-sway.sh", seconds: 1000);

/// <summary>QEMU 11: real dma-bufs by ScanoutDMABUF2.</summary>
public sealed class QemuForkyTests(QemuForkyBoot boot) : QemuTests<QemuForkyBoot>(boot)
{
    // One that is drawn in place, as QEMU's own are, may get a second wl_buffer.
    protected override int MostImports(int buffers) => buffers + 2;

    protected override uint MostBehind(int buffers) => 0;
}

/// <summary>Trixie's own sway cannot be the host: its llvmpipe crashes on QEMU's textures.</summary>
public sealed class QemuTrixieBoot() : RigBoot("forky+trixie", "qemu-sway.sh", seconds: 1000)
{
    /// <summary>Where nothing takes time, the scanouts that this QEMU loses (below) may be all, also the last.</summary>
    protected override string Clock => "real";
}

/// <summary>
/// QEMU 10.0 by ScanoutDMABUF. Of a blob guest's flips it loses three quarters (ui/dbus-listener.c, dbus_filter: it drops the
/// scanout that it has not sent yet when it says that the one before is gone), but not the updates that follow.
/// </summary>
public sealed class QemuTrixieTests(QemuTrixieBoot boot) : QemuTests<QemuTrixieBoot>(boot)
{
    [Fact]
    public void The_QEMU_is_trixies() => Assert.Contains("version 10.0.", Boot.Text("qemu.version"));

    // What seems to be drawn in place while the host holds it has up to three wl_buffers.
    protected override int MostImports(int buffers) => buffers * 3;

    // Each of the guest's buffers keeps the number of the last flip to it.
    protected override uint MostBehind(int buffers) => (uint)buffers - 1;
}

/// <summary>A QEMU's consoles on forky's sway, by dma-bufs, maps and bytes.</summary>
public abstract class QemuTests<TBoot>(TBoot boot) : RigTests<TBoot>(boot)
    where TBoot : RigBoot
{
    [Fact]
    public void A_thousand_flips_between_two_blobs_are_scanned_out_and_imported_once()
    {
        var head = AssertZeroCopy("blob");
        Assert.True(Count(head, "flips") >= 1000, $"too few flips came\n{head}");
        // The two resources, and what QEMU itself shows before them: a placeholder or two, drawn in place.
        var buffers = Boot.Report("blob").GetProperty("dmaBufs").GetInt32();
        Assert.InRange(buffers, 2, 6);
        Assert.InRange(Count(head, "imports"), 2, MostImports(buffers));
        Assert.Equal("LINEAR", head.GetProperty("modifier").GetString());
        AssertLastImage("blob", buffers: 2);
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("blob.drm"));
    }

    [Fact]
    public void Later_screenshots_show_later_frames()
    {
        uint[] frames = [.. Enumerable.Range(1, 5).Select(number => Boot.Frame($"order-{number}.png"))];
        Assert.Equal(frames.Order(), frames);
        Assert.True(frames.Distinct().Count() >= 3, $"the image stands still: {string.Join(' ', frames)}");
    }

    [Theory]
    [InlineData("blob")]
    [InlineData("vfio")]
    [InlineData("vfio-direct")]
    [InlineData("vga")]
    [InlineData("vga-bytes")]
    [InlineData("vga-map")]
    public void A_flip_allocates_no_managed_memory(string name) => Assert.Equal(0, ManagedBytesPerFlip(name));

    [Fact]
    public void Updates_in_place_modes_an_output_that_goes_off_and_a_cursor_are_shown()
    {
        AssertTransport("blob-steps", "dmabuf");
        AssertLastImage("blob-steps", buffers: 3);
        var cursor = Boot.Head("blob-steps").GetProperty("cursor");
        Assert.Equal("copy", cursor.GetProperty("transport").GetString());
        Assert.True(cursor.GetProperty("committed").GetInt32() > 0, "the cursor was shown");
        // The arrow's image is at 300,200: black where it points, 5,6, and white within its edge.
        var screen = Boot.Png("blob-steps.png");
        Assert.Equal(0u, screen[305, 206] & 0xffffff);
        Assert.True(screen.IsWhite(308, 216), "the cursor is not where the guest put it");
    }

    [Fact]
    public void With_GL_images_that_QEMU_draws_itself_arrive_as_dmabufs()
    {
        AssertZeroCopy("vga");
        AssertLastImage("vga");
    }

    [Fact]
    public void Without_GL_bytes_are_copied_and_only_those_that_changed()
    {
        var head = AssertTransport("vga-bytes", "copy");
        AssertLastImage("vga-bytes");
        // A whole image for each flip twice over, in from the message and out to the host; an update is a few lines.
        Assert.InRange(Count(head, "copiedBytes"), 1, 2 * 75 * 1024L * 768 * 4);
    }

    [Fact]
    public void Without_GL_an_image_that_QEMU_draws_itself_is_shown_from_QEMUs_memory()
    {
        var head = AssertTransport("vga-map", "shm");
        Assert.True(Count(head, "flips") >= 20, $"too few flips came\n{head}");
        AssertLastImage("vga-map");
    }

    [Fact]
    public void A_vGPU_behind_QEMU_is_shown_from_its_own_memory()
    {
        var head = AssertZeroCopy("vfio");
        // QEMU looks every 30 ms, and then says that it was drawn into, whether it was or not.
        var buffers = Boot.Report("vfio").GetProperty("dmaBufs").GetInt32();
        Assert.InRange(buffers, 2, 6);
        AssertImportedOnce(head, buffers);
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("vfio.drm"));
    }

    [Fact]
    public void A_vGPU_that_is_asked_directly_is_not_asked_by_QEMU_also_after_a_restart()
    {
        var head = AssertTransport("vfio-direct", "dmabuf");
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("vfio-direct.drm"));
        var report = Boot.Report("vfio-direct");
        Assert.Equal("vfio", report.GetProperty("planes").GetString());
        // Two in each life of the VM, and none of QEMU's own.
        Assert.Equal(4, report.GetProperty("dmaBufs").GetInt32());
        AssertImportedOnce(head, buffers: 4);
        Assert.DoesNotContain("mbochs", Boot.Text("vfio-direct.exporters"));
        AssertLastImage("vfio-direct");
    }

    [Theory]
    [InlineData("blob")]
    [InlineData("blob-steps")]
    [InlineData("vga")]
    [InlineData("vga-bytes")]
    [InlineData("vga-map")]
    [InlineData("vfio")]
    [InlineData("vfio-direct")]
    public void A_late_client_gets_the_last_image(string name) =>
        Assert.Equal(LastFrame($"{name}.driver"), Boot.Frame($"{name}-last.png"));

    [Fact]
    public void A_VM_that_comes_back_is_shown_again_and_its_last_image_is_dimmed_meanwhile()
    {
        AssertTransport("returns", "dmabuf");
        AssertLastImage("returns", buffers: 2);
        // The bar code's first cell is white; under the shade it is grey.
        Assert.InRange((int)(Boot.Png("returns-away.png")[18, 20] & 0xff), 0x40, 0x90);
    }

    /// <summary>For so many of the guest's.</summary>
    protected abstract int MostImports(int buffers);

    /// <summary>How many flips between blobs the image may be behind that is shown last.</summary>
    protected abstract uint MostBehind(int buffers);

    private void AssertLastImage(string name, int buffers = 1)
    {
        var last = LastFrame($"{name}.driver");
        Assert.InRange(Boot.Frame($"{name}.png"), last - MostBehind(buffers), last);
    }
}
