using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Rig;

public sealed class PatternHostsBoot() : RigBoot("forky", "pattern-hosts.sh", seconds: 1000, "-device", "bochs-display", "-device", "virtio-gpu-pci");

/// <summary>The pattern guest, whose memory is what virtio-gpu's blobs are, on every host.</summary>
public sealed class PatternHostsTests(PatternHostsBoot boot) : RigTests<PatternHostsBoot>(boot)
{
    private const int Buffers = 3, Apart = 5;

    // As PatternGuest has it.
    private static readonly PixelPoint s_hotspot = new(8, 8);

    // As PatternOptions has it when nothing else is said.
    private static readonly PatternOptions s_options = new() { Memory = PatternMemory.Memfd };

    [Theory]
    [InlineData("sway-vkms")]
    [InlineData("cage-vkms")]
    [InlineData("labwc-vkms")]
    [InlineData("weston-drm")]
    [InlineData("sway-bochs")]
    [InlineData("weston-bochs")]
    public void Hosts_that_scan_out_show_it_from_its_own_memory(string host) =>
        AssertImportedOnce(AssertZeroCopy(host), Buffers);

    [Theory]
    [InlineData("weston-headless")]
    [InlineData("kwin-drm")]
    [InlineData("kwin-virtual")]
    [InlineData("mutter-headless")]
    public void Hosts_that_composite_import_it(string host) =>
        AssertImportedOnce(AssertTransport(host, "dmabuf"), Buffers);

    [Theory]
    [InlineData("sway-pixman", "zwp_linux_dmabuf_v1")]
    [InlineData("sway-virtio", "refused to import")]
    public void A_host_that_takes_no_dmabufs_gets_it_by_wl_shm(string host, string why) =>
        Assert.Contains(why, AssertTransport(host, "shm").GetProperty("reason").GetString());

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
    public void The_image_of_a_guest_that_stands_still_is_presented(string host)
    {
        var head = Boot.Head($"{host}-still");
        Assert.Equal(1, Count(head, "flips"));
        Assert.True(Count(head, "presented") >= 1, $"{head}");
        Assert.InRange(Count(head, "repeated"), 0, 8);
    }

    /// <summary>weston gives the cursor plane one of vkms's overlay planes, and so need not composite.</summary>
    [Fact]
    public void A_host_with_overlay_planes_needs_no_copy_for_the_cursor_either() => AssertZeroCopy("weston-drm-overlay");

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
    public void The_cursor_is_on_the_screen_where_the_guest_has_it(string host)
    {
        var frame = Boot.Frame($"{host}-cursor.png");
        var shot = Boot.Png($"{host}-cursor.png");
        using var guest = new PatternGuest("pattern", s_options);
        // The two planes are committed each for itself: one may be on the screen a few frames before the other.
        var nearby = Enumerable.Range((int)frame - Apart, 2 * Apart + 1).Where(n => n >= 0);
        Assert.True(nearby.Any(n => Arrow.IsOfPatternAt(shot, Tip((uint)n))),
            $"{host}: frame {frame}, no arrow at {Tip(frame)} nor where it is {Apart} frames before and after");

        PixelPoint Tip(uint n) => new(guest.CursorPosition(n).X + s_hotspot.X, guest.CursorPosition(n).Y + s_hotspot.Y);
    }
}
