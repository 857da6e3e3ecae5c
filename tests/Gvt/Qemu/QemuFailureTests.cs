using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Failures of ours while a flip is shown: they are not QEMU's, and QEMU is not told of them.</summary>
public sealed class QemuFailureTests
{
    private static readonly Dictionary<string, Action<QemuConsole>> s_messages = new()
    {
        ["UpdateDMABUF"] = console => console.UpdateDmabuf(0, 0, 64, 48),
        ["Update"] = console => console.Update(0, 0, 1, 1, 4, QemuByteScanout.X8R8G8B8, new byte[4]),
        ["Scanout"] = console => console.Scanout(1, 1, 4, QemuByteScanout.X8R8G8B8, new byte[4]),
        ["MouseSet"] = console => console.MouseSet(1, 2, true),
    };

    public static TheoryData<string> Messages => [.. s_messages.Keys];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_failure_while_a_message_is_shown_comes_out_of_the_loop(string name)
    {
        using var vm = new QemuVm();
        using var memory = QemuVm.Memory();
        if (name == "UpdateDMABUF")
            vm.Show(memory);
        vm.Head.Release(long.MaxValue);
        Action<Flip> fail = _ => throw new LinuxException("DRM_IOCTL_SYNCOBJ_CREATE", Errno.NoMemory);
        vm.Head.Flipped += fail;
        s_messages[name](vm.Qemu.Console);
        Assert.Contains("SYNCOBJ", Assert.Throws<LinuxException>(() => vm.Turn(() => false)).Message, StringComparison.Ordinal);
        vm.Head.Flipped -= fail;
        Assert.Empty(vm.Refused);
        vm.Settle();
        Assert.Empty(vm.Lost);
    }

    [Fact]
    public void An_update_whose_flip_failed_is_answered_once_and_without_an_error()
    {
        using var vm = new QemuVm();
        using var memory = QemuVm.Memory();
        vm.Show(memory);
        vm.Head.Release(vm.Last.Ticket);
        vm.Turn(() => vm.Qemu.Console.Updates[^1].IsAnswered);
        var before = vm.Qemu.Console.Updates.Count;
        Action<Flip> fail = _ => throw new LinuxException("DRM_IOCTL_SYNCOBJ_CREATE", Errno.NoMemory);
        vm.Head.Flipped += fail;
        vm.Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        Assert.Throws<LinuxException>(() => vm.Turn(() => false));
        vm.Head.Flipped -= fail;
        // By the throttle, when its time is over.
        vm.Turn(() => vm.Qemu.Console.Updates.Count > before && vm.Qemu.Console.Updates[^1].IsAnswered);
        vm.Settle();
        Assert.Null(vm.Qemu.Console.Updates[^1].Error);
        Assert.Empty(vm.Qemu.Violations);
    }
}
