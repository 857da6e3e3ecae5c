using System.Diagnostics;
using Guestplane.Gvt;
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
    public void QEMU_is_blocked_no_longer_than_necessary()
    {
        using var vm = new QemuVm(new QemuSetup { Consoles = [new(), new() { Head = 1 }] });
        Assert.All(vm.Qemu.Blocks, block => Assert.True(block.Duration < TimeSpan.FromSeconds(5), $"{block}"));
        Assert.Equal(2, vm.Qemu.Blocks.Count(block => block.Why == "RegisterListener"));
        Assert.Equal(
            ["org.qemu.Display1.Listener.Unix.Map", "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2"],
            vm.Qemu.Console.ListenerInterfaces.Order());
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void An_old_QEMU_that_does_not_read_Interfaces_is_served_too()
    {
        using var vm = new QemuVm(new QemuSetup { IsBefore8 = true }, start: false);
        vm.Guest.Start();
        vm.Turn(() => vm.Flips.Count == 1);
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void The_guest_has_the_VMs_name()
    {
        using var vm = new QemuVm(new QemuSetup { Name = "debian" }, start: false);
        Assert.Equal(("debian", "virtio-vga"), (vm.Guest.Title, vm.Head.Name));
    }

    [Theory]
    [MemberData(nameof(EveryEnd))]
    public void A_peer_that_ends_at_any_stage_is_one_sentence_and_leaks_nothing(QemuStage stage, QemuFault fault)
    {
        NoLeak(() =>
        {
            using var qemu = new FakeQemu();
            qemu.Faults.At(stage, fault);
            var sentence = Reach(qemu, null);
            Assert.Matches("^qemu:fd=[^\n]*[.]$", sentence);
            // guestplane share serves the same.
            Assert.DoesNotContain("QEMU", sentence, StringComparison.Ordinal);
            // A refused client that has said all at once has said too much.
            Assert.True(qemu.Violations.Count == 0 || fault == QemuFault.Refuse);
        });
    }

    /// <summary>It can be shown nothing but bytes.</summary>
    [Fact]
    public void A_listener_without_descriptor_passing_gets_bytes()
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
    public void A_hanging_peer_can_be_disposed_and_leaks_nothing(QemuStage stage)
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
    public void A_VM_that_ends_before_Start_is_reported_lost_after_Start()
    {
        using var vm = new QemuVm(start: false);
        vm.Qemu.Die();
        vm.Guest.Start();
        vm.Turn(() => vm.Lost.Count > 0);
        Assert.StartsWith("qemu:fd=", Assert.Single(vm.Lost));
    }

    [Fact]
    public void A_listener_without_descriptors_is_a_VM_that_is_lost()
    {
        using var vm = new QemuVm(start: false);
        Descriptors.WithOnly(0, vm.Guest.Start);
        Assert.EndsWith(" is gone: socketpair: Too many open files.", Assert.Single(vm.Lost), StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_whose_other_end_is_closed_is_no_fault_of_the_program_that_passed_it()
    {
        var (ours, theirs) = UnixSocket.Pair();
        theirs.Dispose();
        using var loop = new Loop();
        var source = $"qemu:fd={ours.Number}";
        ours.GiveAway();
        Assert.Equal($"{source} cannot be shown: the connection to the VM's display was closed (Broken pipe).",
            Assert.Throws<SourceException>(() => QemuVm.Open(source, loop)).Message);
    }

    [Fact]
    public void A_show_ends_with_its_console()
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
            using var guest = QemuVm.Open($"qemu:fd={qemu.Connect()}", loop);
            var lost = new List<string>();
            guest.Changed += () => lost.Add(guest.Problem);
            guest.Start();
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
