using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>--wait: a VM that ends and comes back.</summary>
public sealed class QemuReturnTests
{
    [Fact]
    public void It_is_found_again_and_its_last_image_stays_until_then()
    {
        using var vm = new QemuVm(byQmp: true);
        var last = vm.Last.Scanout!;
        var retired = false;
        last.Retired += _ => retired = true;
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Guest.Return();
        Assert.False(retired);
        vm.Qemu.Console.Scanout(32, 32, 128, QemuByteScanout.X8R8G8B8, new byte[128 * 32]);
        vm.Turn(() => vm.Last.Scanout is { Width: 32 });
        Assert.Equal((1, 1, true), (vm.Returns, vm.Lost.Count, retired));
        Assert.DoesNotContain(vm.Flips, flip => flip.Scanout is null);
        Assert.Equal(2, vm.Qemu.Console.ListenersRegistered);
    }

    [Fact]
    public void It_is_looked_for_until_it_is_there()
    {
        using var vm = new QemuVm(byQmp: true);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Refuse);
        vm.Qemu.Faults.At(QemuStage.GetManagedObjects, QemuFault.Disconnect);
        vm.Guest.Return();
        vm.Turn(() => vm.Returns == 1);
        Assert.Single(vm.Lost);
    }

    [Fact]
    public void Its_input_goes_to_the_new_one()
    {
        using var vm = new QemuVm(byQmp: true);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Input.Key(30, true);
        vm.Guest.Return();
        vm.Turn(() => vm.Returns == 1 && vm.Qemu.Console.Listeners == 1);
        vm.Input.Key(31, true);
        Assert.Equal([new QemuKey(0, 31, true)], vm.Sent(1));
    }

    [Fact]
    public void A_VM_that_dies_again_and_again_is_lost_once_for_each_time()
    {
        using var vm = new QemuVm(byQmp: true);
        for (var i = 1; i <= 3; i++)
        {
            vm.Qemu.Die();
            vm.Turn(() => vm.Lost.Count == i);
            vm.Guest.Return();
            vm.Turn(() => vm.Returns == i && vm.Qemu.Console.Listeners == 1);
        }
        vm.Settle();
        Assert.Equal((3, 3), (vm.Lost.Count, vm.Returns));
    }

    /// <summary>It was never there again, so it cannot be lost.</summary>
    [Fact]
    public void One_that_comes_back_without_a_display_is_waited_for_further()
    {
        using var vm = new QemuVm(byQmp: true);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Qemu.RemoveConsole(vm.Qemu.Console);
        vm.Guest.Return();
        vm.TurnFor(600);
        Assert.Equal((1, 0), (vm.Lost.Count, vm.Returns));
        vm.Qemu.AddConsole(new QemuConsoleSetup { Width = 16, Height = 16 });
        vm.Turn(() => vm.Last.Scanout is { Width: 16 });
        Assert.Equal((1, 1), (vm.Lost.Count, vm.Returns));
    }

    [Fact]
    public void An_inherited_socket_cannot_return()
    {
        using var vm = new QemuVm(start: false);
        Assert.False(vm.Guest.CanReturn);
    }

    [Fact]
    public void It_may_be_waited_for_from_the_start()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
        var path = Path.Combine(folder.FullName, "qmp");
        using var qemu = new FakeQemu();
        using var loop = new Loop();
        FakeQmp? qmp = null;
        var appears = new LoopTimer(_ => qmp = new FakeQmp(qemu, path));
        appears.Set(Clock.Now + 100_000_000);
        loop.Add(appears);
        var said = new List<string>();
        using (var guest = QemuGuest.Open($"qemu:qmp={path}", loop, waiting: said.Add))
            Assert.Single(guest.Heads);
        Assert.EndsWith("Waiting for it.", Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal("add_client", qmp!.Commands[^1]);
        folder.Delete(recursive: true);
    }
}
