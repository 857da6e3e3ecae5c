using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using Guestplane.Gvt.Pattern;

namespace Guestplane.Tests.Rig;

public sealed class TestGpuBoot() : RigBoot("forky", "testgpu.sh", seconds: 900);

/// <summary>A vGPU with GVT-g's rules, and with an overlay: what the program believes of that driver, on a real kernel.</summary>
public sealed class TestGpuTests(TestGpuBoot boot) : RigTests<TestGpuBoot>(boot)
{
    // tests/rig/testgpu/surface.c's: the light squares, the overlay's, the cursor's before and after it is redrawn, its edge.
    private const uint Red = 0xff0000, Green = 0x00ff00, Yellow = 0xffff00, Magenta = 0xff00ff, Cyan = 0x00ffff, White = 0xffffff;

    // YUYV is converted; the others' components are all or nothing.
    private const int Steps = 3;

    private const int OverlayX = 320, OverlayY = 512;

    [Fact]
    public void Ten_thousand_flips_over_three_ids_get_each_dmabuf_once()
    {
        AssertTransport("flips", "dmabuf");
        Assert.Equal((10_000, 3, 3, 3), (State("flips", "frame"), State("flips", "gets"), State("flips", "highest-id"), State("flips", "exports")));
        Assert.Equal(0, ManagedBytesPerFlip("flips"));
        Assert.Matches("card=vkms .* fb=1024x768 imported=yes", Boot.Text("flips.drm"));
        AssertFrame("flips", 10_000);
    }

    [Theory]
    [InlineData("sway")]
    [InlineData("weston")]
    [InlineData("shared")]
    public void Primary_plane_overlay_and_cursor_lie_where_the_driver_says(string host)
    {
        AssertTransport(host, "dmabuf");
        var shot = Boot.Png($"{host}-all.png");
        AssertFrame($"{host}-all", State($"{host}-all", "frame"));
        Assert.Equal((uint)State($"{host}-all", "overlay-frame"), BarCode.Read((x, y) => shot.IsWhite(OverlayX + x, OverlayY + y)));
        AssertCursor(shot, 200, 300, Magenta);
        // Its lower right quarter is transparent.
        Assert.Equal(Red, shot[200 + 55, 300 + 55]);
        Assert.Equal("dmabuf", Boot.Head(host).GetProperty("cursor").GetProperty("transport").GetString());
    }

    /// <summary>The kernel says 700,20 of 700,-20 (doc/gvt-g.md), and nothing of a new image in the same memory.</summary>
    [Fact]
    public void A_cursor_beyond_the_edge_is_mirrored_and_its_new_image_is_seen() => AssertCursor(Boot.Png("sway-edge.png"), 700, 20, Cyan);

    [Fact]
    public void Overlay_and_cursor_go_and_come()
    {
        var (overlay, cursor) = (Boot.Png("weston-overlay.png"), Boot.Png("weston-cursor.png"));
        Assert.Equal((Red, Yellow), (overlay[230, 330], overlay[OverlayX + 2, OverlayY + 2]));
        Assert.NotEqual(Yellow, cursor[OverlayX + 2, OverlayY + 2]);
        AssertCursor(cursor, 30, 300, Cyan);
    }

    /// <summary>
    /// vkms' overlay planes all have one place in the stack, so weston can use one of them at a time: for whichever of overlay and
    /// cursor is on. With both, it draws the primary plane.
    /// </summary>
    [Theory]
    [InlineData("weston-overlay", @"384x128\+320\+512")]
    [InlineData("weston-cursor", @"64x64\+30\+300")]
    public void Weston_scans_out_the_primary_plane_and_the_plane_above_it(string moment, string place)
    {
        Assert.Matches(@"(?m)^card=vkms plane=\S+ fb=1024x768 imported=yes crtc-pos=1024x768\+0\+0$", Boot.Text($"{moment}.drm"));
        Assert.Matches($@"(?m)^card=vkms plane=\S+ fb=\S+ imported=yes crtc-pos={place}$", Boot.Text($"{moment}.drm"));
    }

    [Fact]
    public void Mode_changes_with_EFAULT_in_between_reuse_ids_and_cost_no_descriptor_and_no_word()
    {
        Assert.Equal(80, State("modes-storm", "modes") - State("flips", "modes"));
        Assert.True(State("modes-storm", "errors") > 0, "no query met a mode change");
        // 24 images of eight sizes, of which 16 are held, and one more that was queried and not got yet.
        Assert.InRange(State("modes-storm", "highest-id"), 3, 20);
        Assert.InRange(Math.Abs(Boot.Number("modes.fds-after") - Boot.Number("modes.fds-before")), 0, 2);
        Assert.InRange(Boot.Number("modes.fds-after"), 0, 40);
        AssertFrame("modes-stale", State("modes-stale", "frame"));
    }

    [Fact]
    public void A_mode_that_cannot_be_told_for_long_is_reported_once_and_then_shown_again()
    {
        AssertTransport("modes", "dmabuf");
        var warning = Assert.Single(Lines("modes"), IsWarning);
        Assert.Contains("The VM's primary plane cannot be shown: VFIO_DEVICE_QUERY_GFX_PLANE: Bad address; the last image stays.", warning);
        AssertFrame("modes", State("modes", "frame"));
    }

    [Theory]
    [InlineData("AR24")]
    [InlineData("XR30")]
    [InlineData("RG16")]
    [InlineData("YUYV")]
    public void Formats_of_one_memory_plane_have_their_colours(string format)
    {
        AssertTransport("formats", "dmabuf");
        AssertFrame($"format-{format}", State($"format-{format}", "frame"));
        Assert.True(IsNearly(Boot.Png($"format-{format}.png")[700, 40], Red), $"{Boot.Png($"format-{format}.png")[700, 40]:x6}");
    }

    [Fact]
    public void Formats_that_cannot_be_described_are_refused_in_one_sentence_each()
    {
        Assert.Equal(
            [
                "its pixel format C8 is not one that guestplane knows.",
                "NV12 has 2 memory planes, and 1 came with it.",
                "P010 has 2 memory planes, and 1 came with it.",
            ],
            Lines("formats").Where(IsWarning).Select(line => line[(line.IndexOf("cannot be shown: ", StringComparison.Ordinal) + 17)..]));
    }

    [Fact]
    public void Memory_that_nobody_can_map_is_not_a_black_window_without_a_word()
    {
        var warning = Assert.Single(Lines("memory"), IsWarning);
        Assert.Contains("the compositor took it and then showed none of ", warning);
        Assert.Contains("its memory cannot be mapped for wl_shm", warning);
    }

    /// <summary>
    /// Intel's tiles of 4 KiB (drm_fourcc.h): X has 8 rows of 512 bytes, Y has 8 columns, each of 32 rows of 16 bytes.
    /// </summary>
    [Theory]
    [InlineData("x", 1, 512, 8, 512)]
    [InlineData("y", 2, 128, 32, 16)]
    public void Tiled_images_are_tiled(string tiling, ulong modifier, int width, int height, int column)
    {
        var bytes = Boot.Bytes($"tiles-{tiling}.bytes");
        var line = Array.IndexOf(bytes, (byte)'\n');
        var stride = (336 * 4 + width - 1) / width * width;
        Assert.Equal($"336 240 {stride} {1ul << 56 | modifier}", Encoding.ASCII.GetString(bytes, 0, line));
        var image = bytes.AsMemory(line + 1);
        Assert.Equal(stride * ((240 + height - 1) / height * height), image.Length);
        Assert.NotNull(BarCode.Read((x, y) => Pixel(x, y) == White));
        Assert.Equal((Red, 0u, Red), (Pixel(0, 0), Pixel(0, 64), Pixel(335, 239)));

        uint Pixel(int x, int y)
        {
            var (tile, at) = (y / height * (stride / width) + x * 4 / width, x * 4 % width);
            var offset = tile * 4096 + at / column * (column * height) + y % height * column + at % column;
            return BinaryPrimitives.ReadUInt32LittleEndian(image.Span[offset..]) & 0xffffff;
        }
    }

    [Fact]
    public void An_image_in_tiles_that_the_compositor_does_not_read_is_refused_in_one_sentence()
    {
        var warning = Assert.Single(Lines("tiles"), IsWarning);
        Assert.Contains("the compositor does not accept XR24 with modifier I915_Y_TILED (it accepts: LINEAR", warning);
        AssertTransport("tiles", "dmabuf");
        AssertFrame("tiles", State("tiles", "frame"));
    }

    /// <summary>It is copied; what the guest draws in place is found by reading it.</summary>
    [Fact]
    public void A_console_in_a_region_is_shown_also_after_a_mode_change_and_goes()
    {
        AssertTransport("region", "copy");
        AssertFrame("region", State("region", "frame"));
        Assert.Equal(Green, Boot.Png("region.png")[700, 40]);
        Assert.Equal(0, State("region", "objects"));
        AssertFrame("region-format", State("region-format", "frame"));
        Assert.Equal(0u, Boot.Png("region-off.png")[700, 40]);
    }

    [Fact]
    public void The_guest_gets_the_monitor_although_its_region_is_said_to_be_shorter()
    {
        Assert.Equal("1280x720\n", Boot.Text("modes.monitor"));
        Assert.Equal("1024x768\n", Boot.Text("flips.monitor"));
    }

    [Theory]
    [InlineData("removed-shown", "it was removed")]
    [InlineData("removed-query", "VFIO_DEVICE_QUERY_GFX_PLANE reports that the device is gone")]
    [InlineData("removed-get", @"VFIO_DEVICE_GET_GFX_DMABUF of id \d+ reports that the device is gone")]
    public void A_vGPU_can_be_removed_in_the_middle_of_everything(string name, string why)
    {
        Assert.Equal(0, Boot.Number($"{name}.remove-rc"));
        Assert.Equal(74, Boot.ExitCode(name));
        Assert.Matches($@"vfio:\S+ is gone: {why}\.\n$", Boot.Messages(name));
    }

    /// <summary>The first query of each mode fails, ids are ever new ones, and nothing may be given back.</summary>
    [Fact]
    public void With_mbochs_rules_all_planes_are_shown_and_every_id_is_kept()
    {
        AssertTransport("mbochs", "dmabuf");
        var gets = State("mbochs", "gets");
        Assert.InRange(gets, 4, 7);
        Assert.Equal(gets, State("mbochs", "exports"));
        AssertFrame("mbochs", State("mbochs", "frame"));
        // With its sign.
        var shot = Boot.Png("mbochs.png");
        Assert.Equal((Magenta, Yellow), (shot[510, 5], shot[OverlayX + 2, OverlayY + 2]));
    }

    /// <summary>The number at the top and at the bottom: a torn image has two.</summary>
    private void AssertFrame(string name, int frame)
    {
        Assert.Equal((uint)frame, Boot.Frame($"{name}.png"));
        var shot = Boot.Png($"{name}.png");
        var lower = shot.Height - 2 * BarCode.Y - BarCode.CellHeight;
        Assert.Equal((uint)frame, BarCode.Read((x, y) => shot.IsWhite(x, lower + y)));
    }

    private static void AssertCursor(Png shot, int x, int y, uint colour)
    {
        Assert.Equal((White, White), (shot[x, y], shot[x + 63, y]));
        Assert.Equal(colour, shot[x + 20, y + 20]);
    }

    private static bool IsNearly(uint pixel, uint colour) => Enumerable.Range(0, 3)
        .All(i => Math.Abs((int)(pixel >> 8 * i & 0xff) - (int)(colour >> 8 * i & 0xff)) <= Steps);

    private static bool IsWarning(string line) => line.Contains(": warning: ", StringComparison.Ordinal);

    private string[] Lines(string name) => Boot.Messages(name).Split('\n');

    private int State(string name, string counter) =>
        int.Parse(Regex.Match(Boot.Text($"{name}.state"), $@"(?:^|\s){counter}=(\d+)").Groups[1].Value);
}
