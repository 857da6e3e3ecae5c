using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>VMs that end, come back, or are not there.</summary>
public sealed class QemuWaitTests
{
    private const int Usage = 64, NoSource = 66, GuestLost = 74;

    [Fact]
    public void A_VM_that_ends_is_the_end_and_its_exit_code()
    {
        using var desktop = QemuDesktop.Shown();
        desktop.Qemu.Die();
        Assert.Equal(GuestLost, desktop.Run!.Wait().ExitCode);
        Assert.Contains($"{desktop.Source} is gone: ", desktop.Run.Messages, StringComparison.Ordinal);
        Assert.Empty(desktop.Host.Violations);
    }

    [Fact]
    public void With_wait_its_last_image_stays_dimmed_until_it_is_there_again()
    {
        using var desktop = QemuDesktop.Shown("--wait", host: setup => setup.With("xdg_activation_v1", 1));
        desktop.Qemu.Console.Update(0, 0, 1, 1, 4, QemuDesktop.Xrgb, [1, 2, 3, 4]);
        desktop.Wait(h => h.ReadPixels(ShowTests.Primary(h)!).Bytes[0] == 1);
        // It stays away for a while.
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect);
        desktop.Qemu.Die();
        desktop.Wait(h => Dimmer(h) is not null);
        var dimmer = Dimmer(desktop.Host)!;
        Assert.Equal((64, 48), dimmer.ViewportDestination);
        Assert.Equal(desktop.Root.Stack[^1], dimmer.Id);
        Assert.Equal(1, desktop.Host.ReadPixels(desktop.Primary).Bytes[0]);
        desktop.Wait(h => Dimmer(h) is null);
        desktop.WaitQemu(q => q.Console.ListenersRegistered == 2);
        desktop.Wait(h => h.ReadPixels(ShowTests.Primary(h)!).Bytes[0] == 0);
        // The user may look elsewhere by now.
        desktop.Wait(h => h.Transcript.Matching(".activate(\"host-token\"").Count == 1);
        var messages = desktop.End().Messages;
        Assert.Contains("Waiting for it.", messages, StringComparison.Ordinal);
        Assert.Contains($"{desktop.Source} is there again.", messages, StringComparison.Ordinal);
    }

    [Fact]
    public void It_may_be_interrupted_while_it_waits()
    {
        using var desktop = QemuDesktop.Shown("--wait");
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1000);
        desktop.Qemu.Die();
        desktop.Wait(h => Dimmer(h) is not null);
        desktop.Run!.Terminate();
        Assert.Equal(0, desktop.Run.Wait().ExitCode);
        Assert.Empty(desktop.Host.Violations);
    }

    [Fact]
    public void The_window_can_be_closed_while_it_waits()
    {
        using var desktop = QemuDesktop.Shown("--wait");
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1000);
        desktop.Qemu.Die();
        desktop.Wait(h => Dimmer(h) is not null);
        desktop.Host.CloseWindows();
        Assert.Equal(0, desktop.Run!.Wait().ExitCode);
    }

    [Theory]
    [InlineData("show qemu:qmp=/nonexistent/qmp", NoSource, "/nonexistent/qmp")]
    [InlineData("show qemu:fd=200", NoSource, "200")]
    [InlineData("show qemu:fd=x", Usage, "names no VM")]
    [InlineData("show qemu:nonsense", Usage, "names no VM")]
    [InlineData("show qemu:qmp=", Usage, "names no VM")]
    [InlineData("show qemu:bus=nonsense", NoSource, "nonsense")]
    [InlineData("show libvirt:", Usage, "domain's name")]
    [InlineData("show pattern --console 1", Usage, "--console")]
    [InlineData("show qemu: --edid 640x480", Usage, "--edid")]
    public void Words_that_name_no_VM_are_one_sentence(string arguments, int code, string part)
    {
        using var run = ProgramRun.Alone(arguments);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(part, run.Messages, StringComparison.Ordinal);
        Assert.Single(run.Messages.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_console_that_is_not_there_is_said()
    {
        using var desktop = new QemuDesktop("--console 7");
        desktop.Start();
        Assert.Equal(NoSource, desktop.Run!.Wait().ExitCode);
        Assert.Contains("no console 7 (it has 0: virtio-vga)", desktop.Run.Messages, StringComparison.Ordinal);
    }

    /// <summary>A half transparent pixel over everything.</summary>
    private static HostSurfaceInfo? Dimmer(FakeHost host) =>
        host.Surfaces.FirstOrDefault(surface => surface is { Role: "wl_subsurface", IsMapped: true, Buffer.Kind: "single-pixel" });
}
