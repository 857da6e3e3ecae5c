using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Images that come as bytes in messages, or as QEMU's own memory (gl=off).</summary>
public sealed class QemuBytesTests
{
    private const uint Xrgb = QemuByteScanout.X8R8G8B8;

    [Fact]
    public void The_first_image_is_replayed_whole()
    {
        using var vm = new QemuVm();
        var flip = Assert.Single(vm.Flips);
        var scanout = flip.Scanout!;
        Assert.Equal((MemoryKind.Bytes, 64, 48, Fourcc.Xrgb8888), (scanout.Kind, scanout.Width, scanout.Height, scanout.Layout.Format));
        Assert.Equal((true, true, false, 0L), (flip.Damage.IsEmpty, flip.Crop.IsEmpty, flip.IsBottomUp, flip.Ticket));
        Assert.Equal(new Rectangle(0, 0, 64, 48), flip.DamagedSource);
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void Rows_are_copied_without_their_padding()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.Scanout(2, 2, 12, Xrgb, [1, 1, 1, 1, 2, 2, 2, 2, 9, 9, 9, 9, 3, 3, 3, 3, 4, 4, 4, 4, 9, 9, 9, 9]);
        vm.Settle();
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4], vm.Last.Scanout!.Pixels!.Bytes.ToArray());
    }

    /// <summary>pixman's images may end with the last pixel.</summary>
    [Fact]
    public void The_last_row_may_come_without_its_padding()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.Scanout(1, 2, 8, Xrgb, [1, 1, 1, 1, 9, 9, 9, 9, 2, 2, 2, 2]);
        vm.Settle();
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2], vm.Last.Scanout!.Pixels!.Bytes.ToArray());
        Assert.Empty(vm.Refused);
    }

    [Theory]
    [InlineData(0x2002_0888u, 4, "XR24")]
    [InlineData(0x2002_8888u, 4, "AR24")]
    [InlineData(0x2003_0888u, 4, "XB24")]
    [InlineData(0x2009_0888u, 4, "RX24")]
    [InlineData(0x2002_0aaau, 4, "XR30")]
    [InlineData(0x1802_0888u, 3, "RG24")]
    [InlineData(0x1002_0565u, 2, "RG16")]
    [InlineData(0x1002_0555u, 2, "XR15")]
    public void A_pixman_format_is_mapped_to_the_DRM_format_of_the_same_layout(uint pixman, int bytes, string drm)
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.Scanout(4, 4, 16, pixman, new byte[64]);
        vm.Settle();
        Assert.Equal((drm, (uint)(4 * bytes)), (vm.Last.Scanout!.Layout.Format.ToString(), vm.Last.Scanout.Layout.Planes[0].Stride));
    }

    [Fact]
    public void Only_the_updated_part_is_copied_and_damaged()
    {
        using var vm = new QemuVm();
        var (first, copied) = (vm.Last.Scanout, vm.Head.CopiedBytes);
        vm.Qemu.Console.Update(3, 2, 2, 1, 8, Xrgb, [1, 2, 3, 4, 5, 6, 7, 8]);
        vm.Settle();
        Assert.Same(first, vm.Last.Scanout);
        Assert.Equal(new Rectangle(3, 2, 2, 1), vm.Last.DamagedSource);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 0], first!.Pixels!.Bytes.Slice(2 * 256 + 3 * 4 - 1, 10).ToArray());
        Assert.Equal(8, vm.Head.CopiedBytes - copied);
    }

    [Fact]
    public void A_new_image_of_the_same_size_keeps_the_scanout()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.Scanout(64, 48, 256, Xrgb, new byte[256 * 48]);
        vm.Settle();
        Assert.Equal(2, vm.Flips.Count);
        Assert.Same(vm.Flips[0].Scanout, vm.Flips[1].Scanout);
        Assert.True(vm.Last.Damage.IsEmpty);
    }

    [Fact]
    public void A_new_size_retires_the_old_image_after_the_new_one_is_shown()
    {
        using var vm = new QemuVm();
        var order = new List<string>();
        vm.Last.Scanout!.Retired += _ => order.Add("retired");
        vm.Head.Flipped += flip => order.Add(flip.Plane == PlaneKind.Primary ? "flipped" : "mark");
        vm.Qemu.Console.Scanout(32, 32, 128, Xrgb, new byte[128 * 32]);
        vm.Settle();
        Assert.Equal(["flipped", "retired"], order[..2]);
    }

    /// <summary>QEMU 7.2 changes to a text mode without sending the image (ui/dbus-listener.c, dbus_gfx_update).</summary>
    [Fact]
    public void An_old_QEMU_reports_a_text_modes_size_only_by_properties()
    {
        using var vm = new QemuVm(new QemuSetup { IsBefore8 = true, Consoles = [new() { Width = 4, Height = 2 }] }, start: false);
        vm.Guest.Start();
        vm.Turn(() => vm.Flips.Count == 1);
        vm.Qemu.Console.Update(0, 0, 1, 1, 4, Xrgb, [1, 2, 3, 4]);
        vm.Turn(() => vm.Flips.Count == 2);
        vm.Qemu.Console.SetSize(6, 3);
        vm.Turn(() => vm.Last.Scanout is { Width: 6, Height: 3 });
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0], vm.Last.Scanout!.Pixels!.Bytes[..8].ToArray());
        vm.Qemu.Console.Update(5, 2, 1, 1, 4, Xrgb, [5, 6, 7, 8]);
        vm.Turn(() => !vm.Last.Damage.IsEmpty);
        Assert.Equal([5, 6, 7, 8], vm.Last.Scanout!.Pixels!.Bytes[^4..].ToArray());
        Assert.Empty(vm.Refused);
    }

    [Fact]
    public void A_part_beyond_the_image_grows_it()
    {
        using var vm = new QemuVm(QemuVm.Small(console => (console.Width, console.Height) = (4, 2)));
        vm.Qemu.Console.Update(4, 2, 1, 1, 4, Xrgb, [5, 6, 7, 8]);
        vm.Settle();
        Assert.Equal((5, 3), (vm.Last.Scanout!.Width, vm.Last.Scanout.Height));
        Assert.Equal([5, 6, 7, 8], vm.Last.Scanout.Pixels!.Bytes[^4..].ToArray());
        Assert.Empty(vm.Refused);
    }

    [Fact]
    public void QEMUs_shared_memory_is_shown_without_a_copy()
    {
        using var memory = Memfd.Create("map", 8192);
        using var vm = new QemuVm();
        var copied = vm.Head.CopiedBytes;
        vm.Qemu.Console.ScanoutMap(memory, 1024, 16, 16, 128, Xrgb);
        vm.Qemu.Console.UpdateMap(1, 2, 3, 4);
        vm.Settle();
        Assert.Equal((MemoryKind.Shared, new MemoryPlane(1024, 128, 8192)), (vm.Last.Scanout!.Kind, vm.Last.Scanout.Layout.Planes[0]));
        Assert.Equal(DmaBuf.Identity(memory.Borrow()), DmaBuf.Identity(vm.Last.Scanout.Memory(0).Borrow()));
        Assert.Equal(new Rectangle(1, 2, 3, 4), vm.Last.DamagedSource);
        Assert.Equal((null, copied), (Assert.Single(vm.Qemu.Console.Maps).Error, vm.Head.CopiedBytes));
        Assert.Empty(vm.Qemu.Violations);
    }

    /// <summary>For a surface without a handle QEMU to 11.1 passes its descriptor 0: it must be told, and sends bytes then.</summary>
    [Fact]
    public void An_unusable_descriptor_is_answered_with_an_error_and_bytes_follow()
    {
        using var memory = Memfd.Create("map", 4000);
        using var vm = new QemuVm();
        vm.Qemu.Console.ScanoutMap(memory, 0, 32, 32, 128, Xrgb);
        vm.Turn(() => vm.Last.Scanout is { Width: 32, Kind: MemoryKind.Bytes });
        Assert.NotNull(Assert.Single(vm.Qemu.Console.Maps).Error);
        Assert.Equal((0, false), (vm.Refused.Count, vm.Qemu.IsBlocked));
    }

    [Fact]
    public void The_cursor_has_an_image_a_hotspot_and_a_position()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.MouseSet(5, 6, true);
        vm.Qemu.Console.CursorDefine(2, 1, 1, 0, [0, 0, 0, 0, 1, 2, 3, 255]);
        vm.Turn(() => vm.Cursor[^1].Scanout is not null);
        var cursor = vm.Cursor[^1];
        Assert.Equal((new PixelPoint(5, 6), new PixelPoint(1, 0), true), (cursor.Position, cursor.Hotspot, cursor.Changed));
        Assert.Equal((2, 1, Fourcc.Argb8888), (cursor.Scanout!.Width, cursor.Scanout.Height, cursor.Scanout.Layout.Format));
        vm.Qemu.Console.MouseSet(7, 8, true);
        vm.Turn(() => vm.Cursor[^1].Position == new PixelPoint(7, 8));
        Assert.False(vm.Cursor[^1].Changed);
        Assert.Same(cursor.Scanout, vm.Cursor[^1].Scanout);
        vm.Settle();
        Assert.Null(vm.Cursor[^1].Scanout);
    }

    [Fact]
    public void Straight_alpha_is_premultiplied_and_premultiplied_alpha_is_kept()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.MouseSet(1, 1, true);
        vm.Qemu.Console.CursorDefine(2, 1, 0, 0, [255, 128, 0, 128, 255, 255, 255, 255]);
        vm.Turn(() => vm.Cursor[^1].Scanout is not null);
        Assert.Equal([128, 64, 0, 128, 255, 255, 255, 255], vm.Cursor[^1].Scanout!.Pixels!.Bytes.ToArray());
        vm.Qemu.Console.CursorDefine(2, 1, 0, 0, [128, 64, 0, 128, 255, 255, 255, 255]);
        vm.Qemu.Console.MouseSet(2, 2, true);
        vm.Turn(() => vm.Cursor[^1].Position.X == 2);
        Assert.Equal([128, 64, 0, 128, 255, 255, 255, 255], vm.Cursor[^1].Scanout!.Pixels!.Bytes.ToArray());
    }

    [Fact]
    public void A_hotspot_outside_of_the_cursor_is_ignored()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.MouseSet(1, 1, true);
        vm.Qemu.Console.CursorDefine(2, 2, 2, -1, new byte[16]);
        vm.Turn(() => vm.Cursor[^1].Scanout is not null);
        Assert.Equal(default, vm.Cursor[^1].Hotspot);
    }
}
