using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>dma-bufs (gl=on), their parts and planes, and the display that is switched off.</summary>
public sealed class QemuDmaBufTests
{
    private const uint Nv12 = 0x3231564e;

    [Fact]
    public void The_message_of_older_versions_is_understood()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Qemu.Console.ScanoutDmabuf(memory, 64, 48, 256, QemuVm.Xr24, modifier: 0, isTopFirst: false);
        vm.Qemu.Console.UpdateDmabuf(1, 2, 3, 4);
        vm.Turn(() => vm.Last.Ticket > 0);
        Assert.Equal((MemoryKind.DmaBuf, Modifier.Linear, new MemoryPlane(0, 256, 64 * 48 * 4)),
            (vm.Last.Scanout!.Kind, vm.Last.Scanout.Layout.Modifier, vm.Last.Scanout.Layout.Planes[0]));
        // Of a new image all is damaged, whatever the update says.
        Assert.Equal((new Rectangle(0, 0, 64, 48), false), (vm.Last.DamagedSource, vm.Last.IsBottomUp));
    }

    [Fact]
    public void An_update_has_damage_and_a_ticket()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Show(memory);
        var first = vm.Last;
        vm.Head.Release(first.Ticket);
        vm.Qemu.Console.UpdateDmabuf(1, 2, 3, 4);
        vm.Turn(() => vm.Last.Ticket > first.Ticket);
        Assert.Same(first.Scanout, vm.Last.Scanout);
        Assert.Equal(new Rectangle(1, 2, 3, 4), vm.Last.DamagedSource);
        Assert.Equal(1, vm.Guest.DmaBufs);
    }

    [Fact]
    public void A_scanout_without_an_update_is_shown_a_moment_later()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Qemu.Console.ScanoutDmabuf(memory, 64, 48, 256, QemuVm.Xr24);
        vm.Turn(() => vm.Last.Scanout!.Kind == MemoryKind.DmaBuf);
        Assert.Equal(0, vm.Last.Ticket);
    }

    [Fact]
    public void A_bottom_up_image_is_marked_and_its_damage_is_flipped()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Show(memory, image => new QemuDmabuf
        {
            Fds = image.Fds,
            Width = 64,
            Height = 48,
            Strides = [256],
            Fourcc = QemuVm.Xr24,
            IsTopFirst = true,
        });
        Assert.True(vm.Last.IsBottomUp);
        vm.Head.Release(vm.Last.Ticket);
        vm.Qemu.Console.UpdateDmabuf(0, 0, 64, 8);
        vm.Turn(() => !vm.Last.Damage.IsEmpty);
        Assert.Equal(new Rectangle(0, 40, 64, 8), vm.Last.DamagedSource);
    }

    [Fact]
    public void Several_planes_share_one_descriptor()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Show(memory, image => new QemuDmabuf
        {
            Fds = [memory],
            Width = 64,
            Height = 48,
            Strides = [64, 64],
            Offsets = [128, 128 + 64 * 48],
            Fourcc = Nv12,
            IsTopFirst = false,
        });
        Assert.Equal([new(128, 64, 64 * 48 * 4), new(128 + 64 * 48, 64, 64 * 48 * 4)], vm.Last.Scanout!.Layout.Planes);
        Assert.Same(vm.Last.Scanout.Memory(0), vm.Last.Scanout.Memory(1));
    }

    [Fact]
    public void Several_planes_have_a_descriptor_each()
    {
        using var first = QemuVm.Memory();
        using var second = Memfd.Create("chroma", 64 * 24);
        using var vm = new QemuVm();
        vm.Show(first, image => new QemuDmabuf
        {
            Fds = [first, second],
            Width = 64,
            Height = 48,
            Strides = [64, 64],
            Offsets = [0, 0],
            Fourcc = Nv12,
            IsTopFirst = false,
        });
        Assert.Equal(DmaBuf.Identity(second.Borrow()), DmaBuf.Identity(vm.Last.Scanout!.Memory(1).Borrow()));
        Assert.Equal(64 * 24, vm.Last.Scanout.Layout.Planes[1].BufferSize);
    }

    [Fact]
    public void A_scanout_of_a_part_of_a_buffer_has_a_crop()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Show(memory, image => new QemuDmabuf
        {
            Fds = [memory],
            X = 8,
            Y = 4,
            Width = 32,
            Height = 16,
            BackingWidth = 64,
            BackingHeight = 48,
            Strides = [256],
            Fourcc = QemuVm.Xr24,
            IsTopFirst = false,
        });
        Assert.Equal((64, 48), (vm.Last.Scanout!.Width, vm.Last.Scanout.Height));
        Assert.Equal(new Rectangle(8, 4, 32, 16), vm.Last.Crop);
        vm.Head.Release(vm.Last.Ticket);
        vm.Qemu.Console.UpdateDmabuf(1, 1, 2, 2);
        vm.Turn(() => !vm.Last.Damage.IsEmpty);
        Assert.Equal(new Rectangle(9, 5, 2, 2), vm.Last.DamagedSource);
    }

    [Fact]
    public void Disabling_a_replaced_buffer_does_not_switch_the_display_off()
    {
        using var first = QemuVm.Memory();
        using var second = QemuVm.Memory();
        using var vm = new QemuVm(QemuVm.Small(console => console.IsThrottled = false));
        vm.Show(first);
        for (var i = 0; i < 10; i++)
        {
            vm.Qemu.Console.ScanoutDmabuf(i % 2 == 0 ? second : first, 64, 48, 256, QemuVm.Xr24);
            // QEMU's order: it lets go of the old one when the new one is there (dbus_release_dmabuf).
            vm.Qemu.Console.Disable();
            vm.Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        }
        vm.TurnFor(250);
        Assert.DoesNotContain(vm.Flips, flip => flip.Scanout is null);
    }

    [Fact]
    public void A_display_is_switched_off_after_a_delay_and_on_by_an_update()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Show(memory);
        var (shown, since) = (vm.Last, Clock.Now);
        vm.Head.Release(shown.Ticket);
        vm.Qemu.Console.Disable();
        vm.Turn(() => vm.Last.Scanout is null);
        Assert.True(Clock.Now - since >= 150_000_000);
        vm.Qemu.Console.UpdateDmabuf(0, 0, 1, 1);
        vm.Turn(() => vm.Last.Scanout is not null);
        Assert.Same(shown.Scanout, vm.Last.Scanout);
        Assert.Equal(new Rectangle(0, 0, 64, 48), vm.Last.DamagedSource);
    }

    [Fact]
    public void A_display_is_switched_off_only_once()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.Disable();
        vm.Qemu.Console.Disable();
        vm.Turn(() => vm.Last.Scanout is null);
        vm.Qemu.Console.Disable();
        vm.TurnFor(250);
        Assert.Single(vm.Flips, flip => flip.Scanout is null);
    }

    [Fact]
    public void A_buffer_that_is_no_longer_shown_is_released()
    {
        using var vm = new QemuVm();
        var retired = 0;
        for (var i = 0; i < 20; i++)
        {
            using var memory = QemuVm.Memory();
            vm.Show(memory);
            vm.Last.Scanout!.Retired += _ => retired++;
            vm.Head.Release(vm.Last.Ticket);
        }
        // 16 are kept, since a guest may come back to them.
        Assert.Equal((20, 4), (vm.Guest.DmaBufs, retired));
    }
}
