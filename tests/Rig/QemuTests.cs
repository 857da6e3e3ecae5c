namespace Guestplane.Tests.Rig;

public sealed class QemuForkyBoot() : RigBoot("forky", "qemu-sway.sh", seconds: 900);

/// <summary>QEMU 11's consoles on sway: real dma-bufs by ScanoutDMABUF2, and bytes.</summary>
public sealed class QemuForkyTests(QemuForkyBoot boot) : RigTests<QemuForkyBoot>(boot)
{
    [Fact]
    public void A_thousand_flips_between_two_blobs_are_scanned_out_and_imported_once()
    {
        var head = AssertZeroCopy("blob");
        Assert.True(Count(head, "flips") >= 1000, $"too few flips came\n{head}");
        // The two resources, and what QEMU itself shows before them: a placeholder or two, drawn in place.
        var buffers = Boot.Report("blob").GetProperty("dmaBufs").GetInt32();
        Assert.InRange(buffers, 2, 6);
        Assert.InRange(Count(head, "imports"), 2, buffers + 2);
        Assert.Equal("LINEAR", head.GetProperty("modifier").GetString());
        Assert.Equal(LastFrame("blob.driver"), Boot.Frame("blob.png"));
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("blob.drm"));
    }

    [Theory]
    [InlineData("blob")]
    [InlineData("vfio")]
    [InlineData("vga")]
    public void A_flip_allocates_no_managed_memory(string name) => Assert.Equal(0, ManagedBytesPerFlip(name));

    [Fact]
    public void Updates_in_place_modes_an_output_that_goes_off_and_a_cursor_are_shown()
    {
        AssertTransport("blob-steps", "dmabuf");
        Assert.Equal(LastFrame("blob-steps.driver"), Boot.Frame("blob-steps.png"));
        var cursor = Boot.Head("blob-steps").GetProperty("cursor");
        Assert.Equal("copy", cursor.GetProperty("transport").GetString());
        Assert.True(cursor.GetProperty("committed").GetInt32() > 0, "the cursor was shown");
        // The arrow's image is at 300,200: black where it points, 5,6, and white within its edge.
        var screen = Boot.Png("blob-steps.png");
        Assert.Equal(0u, screen[305, 206] & 0xffffff);
        Assert.True(screen.IsWhite(308, 216), "the cursor is not where the guest put it");
    }

    [Fact]
    public void What_QEMU_draws_itself_comes_as_dmabufs_with_GL()
    {
        AssertZeroCopy("vga");
        Assert.Equal(LastFrame("vga.driver"), Boot.Frame("vga.png"));
    }

    [Fact]
    public void Without_GL_bytes_are_copied_and_only_those_that_changed()
    {
        var head = AssertTransport("vga-bytes", "copy");
        Assert.Equal(LastFrame("vga-bytes.driver"), Boot.Frame("vga-bytes.png"));
        // A whole image for each flip twice over, in from the message and out to the host; an update is a few lines.
        Assert.InRange(Count(head, "copiedBytes"), 1, 2 * 45 * 1024L * 768 * 4);
    }

    [Fact]
    public void A_vGPU_behind_QEMU_is_shown_from_its_own_memory()
    {
        AssertZeroCopy("vfio");
        Assert.Equal(LastFrame("vfio.driver"), Boot.Frame("vfio.png"));
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("vfio.drm"));
    }

    [Fact]
    public void A_VM_that_comes_back_is_shown_again_and_its_last_image_is_dimmed_meanwhile()
    {
        AssertTransport("returns", "dmabuf");
        Assert.Equal(LastFrame("returns.driver"), Boot.Frame("returns.png"));
        // The bar code's first cell is white; under the shade it is grey.
        Assert.InRange((int)(Boot.Png("returns-away.png")[18, 20] & 0xff), 0x40, 0x90);
    }
}
