using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>What a real QEMU is told of the window's size, read off the bus between the two.</summary>
public sealed class QemuResizeTests
{
    private const int Width = 900, Height = 620;

    /// <summary>Much longer than a window's size must have stood still to be told on.</summary>
    private static readonly TimeSpan s_settled = TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData("virtio")]
    [InlineData("std")]
    public async Task A_guest_is_asked_to_follow_its_window(string vga)
    {
        using var bus = new PrivateBus();
        using var qemu = new RealQemu($"-vga {vga}", $"dbus,addr={bus.Address}", BootSector.Keys);
        using var monitor = new BusMonitor(bus, "type='method_call',interface='org.qemu.Display1.Console'");
        using var host = await HeadlessSway.Start();
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:bus={bus.Address}");
        await QemuScreen.AwaitFocus(host);
        await AwaitAsked(monitor, HeadlessSway.Width, HeadlessSway.Height);
        await Resize(host);
        await AwaitAsked(monitor, Width, Height);
        host.Do("fullscreen enable");
        await AwaitAsked(monitor, HeadlessSway.Width, HeadlessSway.Height);
        // A guest without a driver stays as it is, and that is what is shown.
        await QemuScreen.AwaitPrompt(qemu);
        Assert.Equal((720, 400), (qemu.Screendump().Width, qemu.Screendump().Height));
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    [Fact]
    public async Task A_fixed_guest_is_asked_nothing()
    {
        using var bus = new PrivateBus();
        using var qemu = new RealQemu("-vga virtio", $"dbus,addr={bus.Address}", BootSector.Keys);
        using var monitor = new BusMonitor(bus, "type='method_call',interface='org.qemu.Display1.Console'", "type='method_call',interface='org.qemu.Display1.Keyboard'");
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:bus={bus.Address} --fixed");
        await QemuScreen.AwaitFocus(host);
        await QemuScreen.AwaitPrompt(qemu);
        await Resize(host);
        await Task.Delay(s_settled, TestContext.Current.CancellationToken);
        seat.Tap(VirtualSeat.A);
        await Tools.Until(() => monitor.Calls().Any(call => call.StartsWith("Press", StringComparison.Ordinal)), () => string.Join('\n', monitor.Calls()));
        Assert.DoesNotContain(monitor.Calls(), call => call.StartsWith("SetUIInfo", StringComparison.Ordinal));
        Assert.Contains("RegisterListener", monitor.Calls()[0], StringComparison.Ordinal);
    }

    /// <summary>Said again until it holds: a floating window that is still drawing its last size takes that back on sway.</summary>
    private static async Task Resize(HeadlessSway host)
    {
        host.Do("floating enable");
        await Tools.Until(() =>
        {
            host.Do($"resize set {Width} {Height}");
            return host.Windows() is [{ Width: Width, Height: Height }];
        }, () => string.Join(", ", host.Windows()));
    }

    /// <summary>Until that is the last size that was told: millimetres and place are 0, since this host does not know them.</summary>
    private static Task AwaitAsked(BusMonitor monitor, int width, int height) => Tools.Until(
        () => monitor.Calls().LastOrDefault(call => call.StartsWith("SetUIInfo", StringComparison.Ordinal)) == $"SetUIInfo 0 0 0 0 {width} {height}",
        () => $"{width}x{height} expected, not\n{string.Join('\n', monitor.Calls())}");
}
