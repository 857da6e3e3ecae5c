using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Which consoles are shown, and how large a guest is asked to be.</summary>
public sealed class QemuConsoleTests
{
    private static QemuSetup Three() => new()
    {
        Consoles =
        [
            new() { Label = "virtio-vga", Head = 0 },
            new() { Label = "virtio-vga", Head = 1 },
            new() { Label = "compat_monitor0", Type = "Text" },
        ],
    };

    [Fact]
    public void All_graphic_consoles_are_shown_with_unique_names()
    {
        using var vm = new QemuVm(Three(), start: false);
        Assert.Equal(["virtio-vga.0", "virtio-vga.1"], vm.Guest.Heads.Select(head => head.Name));
        vm.Guest.Start();
        vm.Turn(() => vm.Flips.Count == 2);
        Assert.Equal([1, 1, 0], vm.Qemu.Consoles.Select(console => console.ListenersRegistered));
    }

    [Theory]
    [InlineData(1u, "virtio-vga")]
    [InlineData(2u, "compat_monitor0")]
    public void The_selected_console_is_shown_even_if_it_is_a_text_console(uint console, string name)
    {
        using var vm = new QemuVm(Three(), console, start: false);
        Assert.Equal(name, Assert.Single(vm.Guest.Heads).Name);
        vm.Guest.Start();
        vm.Turn(() => vm.Qemu.Consoles[(int)console].Listeners == 1);
    }

    [Fact]
    public void A_missing_console_is_reported_with_the_list_of_consoles()
    {
        var refused = Assert.Throws<SourceException>(() => new QemuVm(Three(), console: 7));
        Assert.Contains("no console 7 (it has 0: virtio-vga, 1: virtio-vga, 2: compat_monitor0)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_VM_without_a_graphic_console_is_reported()
    {
        var refused = Assert.Throws<SourceException>(() => new QemuVm(QemuVm.Small(console => console.Type = "Text")));
        Assert.Contains("no graphic console", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_VM_without_consoles_is_reported()
    {
        var refused = Assert.Throws<SourceException>(() => new QemuVm(new QemuSetup { Consoles = [] }));
        Assert.Contains("no graphic console", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_is_requested_with_its_millimetres()
    {
        using var vm = new QemuVm();
        vm.Head.Resize!(new HeadSize(800, 600, 300, 100_000));
        Assert.Equal([new QemuUiInfo(0, 300, ushort.MaxValue, 0, 0, 800, 600)], vm.Sent(1));
    }

    [Fact]
    public void Where_QEMU_takes_a_refresh_rate_the_outputs_is_requested()
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.UiInfo = UiInfoAnswer.Taken));
        vm.Head.Resize!(new HeadSize(800, 600, 300, 100_000, 143_912));
        Assert.Equal([new QemuUiInfo(0, 300, ushort.MaxValue, 0, 0, 800, 600, 143_912)], vm.Sent(1));
    }

    [Fact]
    public void A_QEMU_that_refuses_the_refresh_rate_still_gets_the_size()
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.UiInfo = UiInfoAnswer.Refused));
        vm.Head.Resize!(new HeadSize(800, 600, 0, 0, 60_000));
        Assert.Equal([new QemuUiInfo(0, 0, 0, 0, 0, 800, 600)], vm.Sent(1));
        vm.Head.Resize!(new HeadSize(1024, 768, 0, 0, 60_000));
        Assert.Equal(new QemuUiInfo(0, 0, 0, 0, 0, 1024, 768), vm.Sent(2)[1]);
        Assert.Equal((0, 0), (vm.Lost.Count, vm.Refused.Count));
    }

    [Fact]
    public void A_refusal_that_comes_late_leaves_the_newest_size()
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.UiInfo = UiInfoAnswer.RefusedLate));
        vm.Head.Resize!(new HeadSize(800, 600, 0, 0, 60_000));
        vm.Head.Resize!(new HeadSize(1024, 768, 0, 0, 60_000));
        Assert.Equal([new QemuUiInfo(0, 0, 0, 0, 0, 1024, 768)], vm.Sent(1));
        vm.Settle();
        Assert.Single(vm.Qemu.Input);
    }

    /// <summary>Linux's virtio_gpu overlooks a size that comes while it reads another.</summary>
    [Fact]
    public void Sizes_of_several_consoles_are_sent_one_after_the_other_and_the_newest_of_each()
    {
        using var vm = new QemuVm(new QemuSetup { Consoles = [new() { Width = 64, Height = 48 }, new() { Width = 64, Height = 48, Head = 1 }] });
        var watch = Stopwatch.StartNew();
        vm.Guest.Heads[0].Resize!(new HeadSize(800, 600, 0, 0));
        vm.Guest.Heads[1].Resize!(new HeadSize(640, 480, 0, 0));
        vm.Guest.Heads[1].Resize!(new HeadSize(1024, 768, 0, 0));
        // The pause between two is over before the second size if this thread has stood still.
        var most = watch.ElapsedMilliseconds < 200 ? 2 : 3;
        vm.Turn(() => vm.Qemu.Input.Contains(new QemuUiInfo(1, 0, 0, 0, 0, 1024, 768)));
        Assert.Equal(new QemuUiInfo(0, 0, 0, 0, 0, 800, 600), vm.Qemu.Input[0]);
        Assert.InRange(vm.Qemu.Input.Count, 2, most);
    }

    [Fact]
    public void A_device_that_takes_no_size_keeps_its_own()
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.TakesUiInfo = false));
        vm.Head.Resize!(new HeadSize(800, 600, 0, 0));
        vm.Settle();
        Assert.Equal((0, 0), (vm.Lost.Count, vm.Refused.Count));
    }

    [Fact]
    public void A_console_that_is_added_later_disturbs_nothing()
    {
        using var vm = new QemuVm();
        var added = vm.Qemu.AddConsole(new QemuConsoleSetup { Head = 1 });
        vm.Settle();
        vm.Qemu.RemoveConsole(added);
        vm.Settle();
        Assert.Empty(vm.Lost);
    }
}
