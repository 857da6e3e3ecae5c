using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>--wait: a VM that ends and comes back.</summary>
public sealed class QemuReturnTests
{
    // linux/input-event-codes.h; QEMU's numbers of the keys are the same.
    private const uint LeftCtrl = 29, A = 30, Left = 0x110;

    [Fact]
    public void A_VM_is_found_again_and_its_last_image_stays_until_then()
    {
        using var vm = new QemuVm(byQmp: true);
        var last = vm.Last.Scanout!;
        var retired = false;
        last.Retired += _ => retired = true;
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.False(retired);
        vm.Qemu.Console.Scanout(32, 32, 128, QemuByteScanout.X8R8G8B8, new byte[128 * 32]);
        vm.Turn(() => vm.Last.Scanout is { Width: 32 });
        Assert.Equal((1, 1, true), (vm.Returns, vm.Lost.Count, retired));
        Assert.DoesNotContain(vm.Flips, flip => flip.Scanout is null);
        Assert.Equal(2, vm.Qemu.Console.ListenersRegistered);
    }

    [Fact]
    public void A_missing_VM_is_retried_until_it_is_there()
    {
        using var vm = new QemuVm(byQmp: true);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Refuse);
        vm.Qemu.Faults.At(QemuStage.GetManagedObjects, QemuFault.Disconnect);
        vm.Turn(() => vm.Returns == 1);
        Assert.Single(vm.Lost);
    }

    /// <summary>A VM that restarts every night for years must not cost more each time.</summary>
    [Fact]
    public void Earlier_lives_are_forgotten()
    {
        using var vm = new QemuVm(byQmp: true);
        var lives = new List<WeakReference>();
        for (var i = 1; i <= 4; i++)
        {
            lives.Add(Life(vm));
            vm.Qemu.Die();
            vm.Turn(() => vm.Lost.Count == i);
            vm.Turn(() => vm.Returns == i && vm.Qemu.Console.Listeners == 1);
        }
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        // The last may still be in a register of this method.
        Assert.InRange(lives.Count(life => life.IsAlive), 0, 1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Life(QemuVm vm) =>
        new(typeof(GuestSlot).GetField("_guest", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(vm.Guest));

    [Fact]
    public void Input_is_sent_to_the_new_VM()
    {
        using var vm = new QemuVm(byQmp: true);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Input.Key(30, true);
        vm.Turn(() => vm.Returns == 1 && vm.Qemu.Console.Listeners == 1);
        vm.Input.Key(31, true);
        Assert.Equal([new QemuKey(0, 31, true)], vm.Sent(1));
    }

    /// <summary>QEMU closes the connection when another viewer takes the display, and the VM keeps what is pressed.</summary>
    [Fact]
    public void What_was_held_is_released_when_the_VM_is_back()
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.IsAbsolute = true), byQmp: true);
        vm.Input.Key(LeftCtrl, true);
        vm.Input.Key(A, true);
        vm.Input.Key(A, false);
        vm.Input.Button(Left, true);
        vm.Input.Touch(TouchKind.Begin, 1, 5, 6);
        Assert.Equal(5, vm.Sent(5).Count);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Input.Key(LeftCtrl, false);
        vm.Turn(() => vm.Returns == 1);
        Assert.Equal(
            [new QemuKey(0, LeftCtrl, false), new QemuButton(0, 0, false), new QemuTouch(0, 3, 1, 0, 0)],
            vm.Sent(8).Skip(5).OrderBy(sent => sent is QemuTouch).ThenBy(sent => sent is QemuButton));
    }

    /// <summary>QEMU still reads what its socket has, and not what is in our queue.</summary>
    [Fact]
    public void A_release_that_is_lost_with_the_connection_is_sent_again_when_the_VM_is_back()
    {
        // More than the socket (16 MB, each message a kilobyte) and Bus.MostQueued take, so that the connection ends.
        const int Taps = 20_000;
        using var vm = new QemuVm(byQmp: true);
        vm.Input.Button(Left, true);
        vm.Sent(1);
        vm.Qemu.Pause(true);
        for (var i = 0; i < Taps; i++)
        {
            vm.Input.Key(A, true);
            vm.Input.Key(A, false);
        }
        vm.Input.Button(Left, false);
        vm.Turn(() => vm.Returns == 1);
        vm.Turn(() => vm.Qemu.Input.Contains(new QemuButton(0, 0, false)));
    }

    [Fact]
    public void A_VM_that_dies_repeatedly_is_reported_lost_each_time()
    {
        using var vm = new QemuVm(byQmp: true);
        for (var i = 1; i <= 3; i++)
        {
            vm.Qemu.Die();
            vm.Turn(() => vm.Lost.Count == i);
            vm.Turn(() => vm.Returns == i && vm.Qemu.Console.Listeners == 1);
        }
        vm.Settle();
        Assert.Equal((3, 3), (vm.Lost.Count, vm.Returns));
    }

    /// <summary>It was never there again, so it cannot be lost.</summary>
    [Fact]
    public void A_VM_that_comes_back_without_a_display_is_retried()
    {
        using var vm = new QemuVm(byQmp: true);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Qemu.RemoveConsole(vm.Qemu.Console);
        vm.TurnFor(600);
        Assert.Equal((1, 0), (vm.Lost.Count, vm.Returns));
        vm.Qemu.AddConsole(new QemuConsoleSetup { Width = 16, Height = 16 });
        vm.Turn(() => vm.Last.Scanout is { Width: 16 });
        Assert.Equal((1, 1), (vm.Lost.Count, vm.Returns));
    }

    [Fact]
    public void An_inherited_socket_cannot_be_found_again()
    {
        using var qemu = new FakeQemu();
        using var loop = new Loop();
        using var guest = QemuVm.Open($"qemu:fd={qemu.Connect()}", loop, waits: true);
        qemu.Die();
        while (guest.State == GuestState.Here)
            loop.Turn();
        Assert.Equal(GuestState.Gone, guest.State);
    }

    /// <summary>Its number tells which window it belongs to: a VM may have another graphics card when it is started again.</summary>
    [Fact]
    public void A_console_that_is_missing_is_taken_when_a_later_VM_has_it()
    {
        using var vm = new QemuVm(new QemuSetup { Consoles = [new(), new() { Head = 1 }] }, byQmp: true);
        var heads = vm.Guest.Heads;
        var second = vm.Qemu.Consoles[1];
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Qemu.RemoveConsole(second);
        vm.Turn(() => vm.Returns == 1);
        Assert.Equal((true, false), (vm.Guest.Shows(heads[0]), vm.Guest.Shows(heads[1])));
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 2);
        vm.Qemu.AddConsole(new QemuConsoleSetup { Label = "qxl-vga", Head = 1 });
        vm.Turn(() => vm.Returns == 2);
        Assert.All(heads, head => Assert.True(vm.Guest.Shows(head)));
        Assert.Equal(heads, vm.Guest.Heads);
    }

    /// <summary>Nobody has seen it yet: the compositor is still waited for.</summary>
    [Fact]
    public void One_that_is_lost_before_the_start_is_looked_for_and_started_later()
    {
        using var vm = new QemuVm(byQmp: true, start: false);
        vm.Qemu.Die();
        vm.Turn(() => vm.Returns == 1);
        Assert.Equal((1, 0), (vm.Lost.Count, vm.Qemu.Console.ListenersRegistered));
        vm.Start();
        Assert.Equal(1, vm.Qemu.Console.ListenersRegistered);
    }

    /// <summary>A report counts the dma-bufs of all lives.</summary>
    [Fact]
    public void Its_dma_bufs_are_counted_over_its_lives()
    {
        using var memory = QemuVm.Memory();
        using var other = QemuVm.Memory();
        using var vm = new QemuVm(byQmp: true);
        vm.Show(memory);
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        Assert.Equal(1, vm.Guest.DmaBufs);
        vm.Turn(() => vm.Returns == 1 && vm.Qemu.Console.Listeners == 1);
        vm.Show(other);
        Assert.Equal(2, vm.Guest.DmaBufs);
    }

    [Fact]
    public void A_VM_may_be_missing_at_the_start()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
        var path = Path.Combine(folder.FullName, "qmp");
        using var qemu = new FakeQemu();
        using var loop = new Loop();
        FakeQmp? qmp = null;
        var appears = new LoopTimer(_ => qmp = new FakeQmp(qemu, path));
        appears.Set(Clock.Now + 100_000_000);
        loop.Add(appears);
        using var said = new MemoryStream();
        using (var guest = QemuVm.Open($"qemu:qmp={path}", loop, waits: true, said: said))
            Assert.Single(guest.Heads);
        Assert.Matches("^guestplane: [^\n]* Waiting for it[.]\n$", Encoding.UTF8.GetString(said.ToArray()));
        Assert.Equal("add_client", qmp!.Commands[^1]);
        folder.Delete(recursive: true);
    }
}
