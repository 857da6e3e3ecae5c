using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>A guest draws as fast as its frames are taken: QEMU holds its next command until UpdateDMABUF is answered.</summary>
public sealed class QemuThrottleTests
{
    /// <summary>The fake gives up then.</summary>
    private static readonly TimeSpan s_gaveUp = new QemuSetup().CallTimeout;

    [Fact]
    public void An_update_is_answered_when_the_frame_is_taken_and_not_before()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        var unanswered = 0;
        vm.Head.Flipped += flip =>
        {
            if (flip.Ticket == 0)
                return;
            unanswered += vm.Qemu.Console.Updates[^1].IsAnswered ? 0 : 1;
            vm.Head.Release(flip.Ticket);
        };
        vm.Show(memory);
        for (var i = 1; i <= 5; i++)
        {
            vm.Qemu.Console.UpdateDmabuf(i, 0, 1, 1);
            vm.Turn(() => vm.Last.Damage.X == i);
        }
        vm.Turn(() => !vm.Qemu.Console.IsGlBlocked);
        Assert.Equal(6, unanswered);
        Assert.All(vm.Qemu.Console.Updates, update => Assert.Null(update.Error));
    }

    [Fact]
    public void The_guests_next_command_waits_for_the_answer()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm(new QemuSetup { CallTimeout = TimeSpan.FromSeconds(30), Consoles = [new() { Width = 64, Height = 48 }] });
        vm.Show(memory);
        var ticket = vm.Last.Ticket;
        vm.Qemu.Console.UpdateDmabuf(1, 1, 1, 1);
        vm.Head.Release(ticket);
        vm.Turn(() => vm.Last.Ticket > ticket);
        Assert.Equal(0, vm.Qemu.Console.Waiting);
    }

    [Fact]
    public void Coalesced_updates_are_answered_with_the_one_that_is_taken()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm(QemuVm.Small(console => console.IsThrottled = false));
        vm.Show(memory);
        for (var i = 0; i < 5; i++)
            vm.Qemu.Console.UpdateDmabuf(i, 0, 1, 1);
        vm.Turn(() => vm.Last.Damage.X == 4);
        vm.Head.Release(vm.Last.Ticket);
        vm.Turn(() => vm.Qemu.Console.Updates.All(update => update.IsAnswered));
        Assert.Equal(6, vm.Qemu.Console.Updates.Count);
    }

    [Fact]
    public void An_update_of_a_hidden_window_is_answered_within_a_tenth_of_a_second()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm();
        vm.Show(memory);
        for (var i = 1; i <= 3; i++)
        {
            vm.Qemu.Console.UpdateDmabuf(i, 0, 1, 1);
            vm.Turn(() => vm.Last.Damage.X == i);
        }
        vm.Turn(() => !vm.Qemu.Console.IsGlBlocked);
        Assert.All(vm.Qemu.Console.Updates, update => Assert.InRange(update.Duration, TimeSpan.FromMilliseconds(99), s_gaveUp));
        // The others may have waited for a busy machine.
        Assert.InRange(vm.Qemu.Console.Updates.Min(update => update.Duration), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(0, vm.Qemu.Console.Stalls);
    }

    /// <summary>VFIO's display does not look whether the last was answered.</summary>
    [Fact]
    public void Forty_pending_updates_are_all_answered_in_time()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm(QemuVm.Small(console => console.IsThrottled = false));
        vm.Show(memory);
        vm.Head.Release(vm.Last.Ticket);
        for (var i = 1; i <= 40; i++)
            vm.Qemu.Console.UpdateDmabuf(i, 0, 1, 1);
        vm.Turn(() => vm.Qemu.Console.Updates is { Count: 41 } all && all.All(update => update.IsAnswered));
        // One after the other, each after a tenth of a second, would take four seconds.
        Assert.All(vm.Qemu.Console.Updates, update => Assert.True(update.Duration < TimeSpan.FromSeconds(3) && update.Error is null));
        var tickets = vm.Flips.Select(flip => flip.Ticket).Where(ticket => ticket > 0).ToList();
        Assert.Equal(tickets.Distinct().Order(), tickets);
    }

    [Fact]
    public void An_update_without_an_image_is_answered_at_once()
    {
        using var vm = new QemuVm(QemuVm.Small(console => console.HasSurface = false));
        vm.Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        vm.Turn(() => vm.Qemu.Console.Updates is [{ IsAnswered: true }]);
        Assert.Equal((null, 0), (vm.Qemu.Console.Updates[0].Error, vm.Flips.Count));
    }

    [Fact]
    public void A_late_release_for_a_VM_that_has_gone_answers_no_call_of_the_next()
    {
        using var memory = QemuVm.Memory();
        using var vm = new QemuVm(byQmp: true);
        vm.Show(memory);
        var late = vm.Last.Ticket;
        vm.Qemu.Die();
        vm.Turn(() => vm.Lost.Count == 1);
        vm.Turn(() => vm.Returns == 1 && vm.Qemu.Console.Listeners == 1);
        vm.Show(memory);
        var unanswered = vm.Qemu.Console.Updates[^1];
        vm.Head.Release(late);
        Assert.True(vm.Last.Ticket > late && !unanswered.IsAnswered);
        vm.Turn(() => unanswered.IsAnswered);
        Assert.InRange(unanswered.Duration, TimeSpan.FromMilliseconds(99), s_gaveUp);
    }
}
