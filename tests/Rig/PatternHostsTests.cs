namespace Guestplane.Tests.Rig;

public sealed class PatternHostsBoot() : RigBoot("forky", "pattern-hosts.sh", seconds: 1200);

/// <summary>The pattern guest, whose memory is what virtio-gpu's blobs are, on every host.</summary>
public sealed partial class PatternHostsTests(PatternHostsBoot boot) : RigTests<PatternHostsBoot>(boot)
{
    private const int Buffers = 3;

    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("cage-vkms")]
    [InlineData("labwc-vkms")]
    [InlineData("weston-drm")]
    public void Compositors_that_scan_out_show_it_from_its_own_memory(string host) =>
        AssertImportedOnce(AssertZeroCopy(host), Buffers);

    [Theory]
    [InlineData("weston-headless")]
    [InlineData("kwin-drm")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter-headless")]
    public void Compositors_that_composite_import_it(string host) =>
        AssertImportedOnce(AssertTransport(host, "dmabuf"), Buffers);

    [Fact]
    public void A_compositor_that_accepts_no_dmabufs_gets_wl_shm() =>
        Assert.Contains("zwp_linux_dmabuf_v1", AssertTransport("sway-pixman", "shm").GetProperty("reason").GetString());

    [Theory]
    [InlineData("sway-vkms", "dmabuf")]
    [InlineData("cage-vkms", "dmabuf")]
    [InlineData("labwc-vkms", "dmabuf")]
    [InlineData("weston-drm", "dmabuf")]
    [InlineData("weston-headless", "dmabuf")]
    [InlineData("kwin-drm", "dmabuf")]
    [InlineData("kwin-virtual", "dmabuf")]
    [InlineData("mutter-headless", "dmabuf")]
    [InlineData("sway-pixman", "shm")]
    public void The_cursor_plane_is_imported_once_and_then_only_moved(string host, string transport)
    {
        var cursor = AssertTransport($"{host}-cursor", transport).GetProperty("cursor");
        Assert.Equal(transport, cursor.GetProperty("transport").GetString());
        Assert.Equal(transport == "dmabuf" ? 1 : 0, Count(cursor, "imports"));
        Assert.Equal(1, Count(cursor, "committed"));
        Assert.True(Count(cursor, "moves") >= 3, $"{cursor}");
    }

    /// <summary>--ready-fd hears of it only so.</summary>
    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("cage-vkms")]
    [InlineData("labwc-vkms")]
    [InlineData("kwin-drm")]
    [InlineData("kwin-virtual")]
    [InlineData("sway-pixman")]
    public void The_image_of_a_guest_that_does_not_flip_is_presented(string host)
    {
        var head = Boot.Head($"{host}-still");
        Assert.Equal(1, Count(head, "flips"));
        Assert.True(Count(head, "presented") >= 1, $"{head}");
        Assert.InRange(Count(head, "repeated"), 0, 8);
    }

    /// <summary>weston gives the cursor plane one of vkms's overlay planes, and so need not composite.</summary>
    [Fact]
    public void With_overlay_planes_the_cursor_needs_no_copy_either() => AssertZeroCopy("weston-drm-overlay");

    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("cage-vkms")]
    [InlineData("labwc-vkms")]
    [InlineData("weston-drm")]
    [InlineData("weston-headless")]
    [InlineData("kwin-drm")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter-headless")]
    [InlineData("sway-pixman")]
    public void The_cursor_is_on_screen_at_the_guests_position(string host) => AssertCursorAtItsPlace(host);

    /// <summary>A compositor without a GPU reads the images by CPU, and memory that has gone would end it with all its clients.</summary>
    [Theory]
    [InlineData("labwc-vkms")]
    [InlineData("kwin-virtual")]
    [InlineData("weston-headless")]
    public void A_VM_that_takes_its_memory_away_does_not_end_the_compositor(string host)
    {
        Assert.Contains("images lose their memory", Boot.Text($"{host}-share.err"), StringComparison.Ordinal);
        Assert.Contains("its memory is no dma-buf", Boot.Messages($"{host}-attacked"), StringComparison.Ordinal);
        // A compositor that has gone ends a client with another code, or takes no image of it. KWin discards the first hundred.
        Assert.Equal(0, Boot.ExitCode($"{host}-after"));
        Assert.True(Count(Boot.Head($"{host}-after"), "committed") > 3, $"{Boot.Head($"{host}-after")}");
    }
}
