using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>The way to a VM's images, and peers that die, refuse and hang on every step of it.</summary>
[Collection(Descriptors.Name)]
public sealed class QemuHandshakeTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    public static TheoryData<QemuStage, QemuFault> EveryEnd()
    {
        var all = new TheoryData<QemuStage, QemuFault>();
        foreach (var stage in Enum.GetValues<QemuStage>())
        {
            all.Add(stage, QemuFault.Die);
            all.Add(stage, QemuFault.Disconnect);
        }
        foreach (var stage in new[] { QemuStage.ControlAuth, QemuStage.ControlNegotiate, QemuStage.GetManagedObjects,
            QemuStage.RegisterListener, QemuStage.ListenerAuth })
            all.Add(stage, QemuFault.Refuse);
        return all;
    }

    [Fact]
    public void QEMU_waits_for_us_no_longer_than_it_must()
    {
        using var vm = new QemuVm(new QemuSetup { Consoles = [new(), new() { Head = 1 }] });
        Assert.All(vm.Qemu.Blocks, block => Assert.True(block.Duration < TimeSpan.FromSeconds(1), $"{block}"));
        Assert.Equal(2, vm.Qemu.Blocks.Count(block => block.Why == "RegisterListener"));
        Assert.Equal(
            ["org.qemu.Display1.Listener.Unix.Map", "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2"],
            vm.Qemu.Console.ListenerInterfaces.Order());
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void An_old_QEMU_that_asks_for_no_interfaces_is_served_too()
    {
        using var vm = new QemuVm(new QemuSetup { IsBefore8 = true }, start: false);
        vm.Guest.Start(vm.Loop);
        vm.Turn(() => vm.Flips.Count == 1);
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void The_name_is_the_VMs()
    {
        using var vm = new QemuVm(new QemuSetup { Name = "debian" }, start: false);
        Assert.Equal(("debian", "virtio-vga"), (vm.Guest.Title, vm.Head.Name));
    }

    [Theory]
    [MemberData(nameof(EveryEnd))]
    public void A_peer_that_ends_anywhere_is_one_sentence_and_leaks_nothing(QemuStage stage, QemuFault fault)
    {
        NoLeak(() =>
        {
            using var qemu = new FakeQemu();
            qemu.Faults.At(stage, fault);
            Assert.Matches("^qemu:fd=[^\n]*[.]$", Reach(qemu, null));
            // A refused client that has said all at once has said too much.
            Assert.True(qemu.Violations.Count == 0 || fault == QemuFault.Refuse);
        });
    }

    /// <summary>It can be shown nothing but bytes.</summary>
    [Fact]
    public void A_listener_that_may_have_no_descriptors_is_shown_bytes()
    {
        using var vm = new QemuVm(start: false);
        vm.Qemu.Faults.At(QemuStage.ListenerNegotiate, QemuFault.Refuse);
        vm.Start();
        Assert.Equal(MemoryKind.Bytes, vm.Last.Scanout!.Kind);
    }

    [Theory]
    [InlineData(QemuStage.ControlAuth)]
    [InlineData(QemuStage.ControlNegotiate)]
    [InlineData(QemuStage.ControlBegin)]
    [InlineData(QemuStage.GetManagedObjects)]
    [InlineData(QemuStage.RegisterListener)]
    [InlineData(QemuStage.ListenerRegistered)]
    [InlineData(QemuStage.ListenerAuth)]
    [InlineData(QemuStage.ListenerNegotiate)]
    [InlineData(QemuStage.ListenerBegin)]
    [InlineData(QemuStage.ListenerReplay)]
    public void A_peer_that_hangs_can_be_left_and_leaks_nothing(QemuStage stage)
    {
        NoLeak(() =>
        {
            using var qemu = new FakeQemu();
            qemu.Faults.At(stage, QemuFault.Hang);
            Assert.Null(Reach(qemu, TimeSpan.FromMilliseconds(50)));
        });
    }

    /// <summary>It is seen only when something is sent: nobody has turned the loop since.</summary>
    [Fact]
    public void A_VM_that_ends_before_the_show_begins_is_lost_then()
    {
        using var vm = new QemuVm(start: false);
        vm.Qemu.Die();
        vm.Guest.Start(vm.Loop);
        vm.Turn(() => vm.Lost.Count > 0);
        Assert.StartsWith("qemu:fd=", Assert.Single(vm.Lost));
    }

    [Fact]
    public void The_end_of_a_console_is_the_end_of_the_show()
    {
        using var vm = new QemuVm();
        vm.Qemu.Console.CloseListeners();
        vm.Turn(() => vm.Lost.Count > 0);
        Assert.Contains("its console is gone", Assert.Single(vm.Lost), StringComparison.Ordinal);
        Assert.DoesNotContain(vm.Flips, flip => flip.Scanout is null);
    }

    /// <summary>The first time the runtime opens files of its own.</summary>
    private static void NoLeak(Action act)
    {
        act();
        var (live, open) = (Fd.Live, Descriptors.Open);
        act();
        Assert.Equal((live, open), (Fd.Live, Descriptors.Open));
    }

    /// <summary>As far as it gets: the sentence by which it ends, or null when it was left.</summary>
    private static string? Reach(FakeQemu qemu, TimeSpan? leaveAfter)
    {
        using var loop = new Loop();
        var leave = new LoopTimer(_ => loop.Stop());
        if (leaveAfter is { } after)
            leave.Set(Clock.Now + (long)after.TotalNanoseconds);
        loop.Add(leave);
        try
        {
            using var guest = QemuGuest.Open($"qemu:fd={qemu.Connect()}", loop);
            var lost = new List<string>();
            guest.Lost += lost.Add;
            guest.Start(loop);
            var since = Stopwatch.StartNew();
            while (lost.Count == 0 && !loop.Stopped && since.Elapsed < s_soon)
                loop.Turn(5_000_000);
            return leaveAfter is null ? Assert.Single(lost) : lost.FirstOrDefault();
        }
        catch (SourceException e)
        {
            Assert.Equal(SourceFault.NotThere, e.Fault);
            return e.Message;
        }
    }
}
