using System.Runtime.InteropServices;
using Guestplane.Linux;
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
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        desktop.Qemu.Die();
        desktop.Wait(h => Dimmer(h) is not null);
        var dimmer = Dimmer(desktop.Host)!;
        Assert.Equal((64, 48), dimmer.ViewportDestination);
        // The words may be above it already.
        Assert.Equal([desktop.Root.Id, desktop.Primary.Id, dimmer.Id], desktop.Root.Stack.Take(3));
        Assert.Equal("fake (gone; waiting for it)", desktop.Root.Title);
        Assert.Equal(1, desktop.Host.ReadPixels(desktop.Primary).Bytes[0]);
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.None, times: 0);
        desktop.Wait(h => Dimmer(h) is null);
        desktop.Wait(h => Text(h) is null);
        desktop.WaitQemu(q => q.Console.ListenersRegistered == 2);
        desktop.Wait(h => ShowTests.Root(h)!.Title == "fake");
        desktop.Wait(h => h.ReadPixels(ShowTests.Primary(h)!).Bytes[0] == 0);
        // The user may look elsewhere by now.
        desktop.Wait(h => h.Transcript.Matching(".activate(\"host-token\"").Count == 1);
        var messages = desktop.End().Messages;
        Assert.Contains("Waiting for it.", messages, StringComparison.Ordinal);
        Assert.Contains($"{desktop.Source} is back.", messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cursor_of_the_VM_before_is_not_shown_over_the_next_one()
    {
        // Before 8.1 QEMU does not tell a new listener that there is none.
        using var desktop = QemuDesktop.Shown("--wait --cursor subsurface",
            new QemuSetup { Consoles = [new() { Width = 64, Height = 48, SetsMouseAtStart = false }] });
        desktop.Qemu.Console.CursorDefine(16, 16, 0, 0, [.. Enumerable.Repeat((byte)0xff, 16 * 16 * 4)]);
        desktop.Qemu.Console.MouseSet(10, 10, true);
        desktop.Wait(h => HasCursor(h));
        desktop.Qemu.Die();
        desktop.WaitQemu(q => q.Console.ListenersRegistered == 2);
        desktop.Wait(h => Dimmer(h) is null && ShowTests.Primary(h) is { Buffer: not null });
        desktop.Wait(h => !HasCursor(h));
        desktop.End();

        static bool HasCursor(FakeHost host) => host.Surfaces.Any(surface => surface is { Parent: not null, Buffer: { Width: 16, Height: 16 } });
    }

    [Fact]
    public void While_it_is_away_its_window_says_so()
    {
        Assert.SkipUnless(NativeLibrary.TryLoad(TextImage.File, out _), $"{TextImage.File} is not installed (Debian: libpangocairo-1.0-0)");
        using var desktop = QemuDesktop.Shown("--wait");
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        desktop.Qemu.Die();
        desktop.Wait(h => Text(h) is not null);
        Assert.Equal(Text(desktop.Host)!.Id, desktop.Root.Stack[^1]);
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.None, times: 0);
        desktop.Wait(h => Text(h) is null && Dimmer(h) is null);
        desktop.End();
    }

    /// <summary>Shown when it has not been there for a second.</summary>
    [Fact]
    public void Before_it_is_there_a_window_says_what_is_waited_for()
    {
        Assert.SkipUnless(NativeLibrary.TryLoad(TextImage.File, out _), $"{TextImage.File} is not installed (Debian: libpangocairo-1.0-0)");
        using var desktop = new QemuDesktop("--wait");
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        desktop.Start();
        desktop.Wait(h => Text(h) is not null);
        Assert.Equal($"Waiting for {desktop.Source}", desktop.Root.Title);
        Assert.True(desktop.Root.WindowGeometry is { Width: 640, Height: 480 });
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.None, times: 0);
        desktop.Wait(h => ShowTests.Root(h) is { Title: "fake" } && ShowTests.Primary(h) is { Buffer.Width: 64 });
        Assert.Null(Text(desktop.Host));
        Assert.Single(desktop.Host.Surfaces, surface => surface.Role == "xdg_toplevel");
        desktop.End();
    }

    [Fact]
    public void The_window_that_waits_for_it_can_be_closed()
    {
        using var desktop = new QemuDesktop("--wait");
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        desktop.Start();
        desktop.Wait(h => ShowTests.Root(h)?.Buffer is not null);
        desktop.Host.CloseWindows();
        Assert.Equal(0, desktop.Run!.Wait().ExitCode);
        Assert.Empty(desktop.Host.Violations);
    }

    [Fact]
    public void A_console_that_the_next_VM_does_not_have_keeps_its_dimmed_window()
    {
        using var desktop = QemuDesktop.Shown("--wait", new QemuSetup { Consoles = [new(), new() { Head = 1 }] });
        desktop.Wait(h => h.Surfaces.Count(surface => surface is { Parent: not null, IsSync: false, Buffer: not null }) == 2);
        var second = desktop.Qemu.Consoles[1];
        Die();
        desktop.Qemu.RemoveConsole(second);
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.None, times: 0);
        desktop.Wait(h => Dimmers(h) == 1);
        Die();
        desktop.Qemu.AddConsole(new QemuConsoleSetup { Head = 1 });
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.None, times: 0);
        desktop.Wait(h => Dimmers(h) == 0);
        desktop.End();

        // Until both windows are dimmed, it stays away.
        void Die()
        {
            desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
            desktop.Qemu.Die();
            desktop.Wait(h => Dimmers(h) == 2);
        }

        static int Dimmers(FakeHost host) =>
            host.Surfaces.Count(surface => surface is { Role: "wl_subsurface", IsMapped: true, Buffer.Kind: "single-pixel" });
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

    [Fact]
    public void What_is_required_is_not_met_by_a_VM_that_never_came()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.Start(host, "show qemu:qmp=/nonexistent/qmp --wait --require transport=dmabuf");
        run.WaitFor("Waiting for it.");
        run.Terminate();
        Assert.Equal(1, run.Wait().ExitCode);
        Assert.Contains("Nothing was shown, and --require has conditions.", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_console_that_is_not_there_is_reported()
    {
        using var desktop = new QemuDesktop("--console 7");
        desktop.Start();
        Assert.Equal(NoSource, desktop.Run!.Wait().ExitCode);
        Assert.Contains("no console 7 (it has 0: virtio-vga)", desktop.Run.Messages, StringComparison.Ordinal);
    }

    /// <summary>A half transparent pixel over everything.</summary>
    /// <summary>It is the only image in the program's own memory.</summary>
    private static HostSurfaceInfo? Text(FakeHost host) =>
        host.Surfaces.FirstOrDefault(surface => surface is { Role: "wl_subsurface", IsSync: true, IsMapped: true, Buffer.Kind: "shm" });

    private static HostSurfaceInfo? Dimmer(FakeHost host) =>
        host.Surfaces.FirstOrDefault(surface => surface is { Role: "wl_subsurface", IsMapped: true, Buffer.Kind: "single-pixel" });
}
