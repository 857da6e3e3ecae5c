using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes.Qemu;

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
    public async Task A_guest_is_asked_for_its_windows_size(string vga)
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
    public async Task With_fixed_the_guest_is_asked_for_no_size()
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

    /// <summary>A VM that is started together with the viewer: sway answers each of our sizes with that size.</summary>
    [Fact]
    public async Task A_floating_window_follows_the_guests_modes_until_the_user_sizes_it()
    {
        const uint Xrgb = QemuByteScanout.X8R8G8B8;
        using var host = await HeadlessSway.Start();
        host.Do("for_window [app_id=guestplane] floating enable");
        using var qemu = new FakeQemu(new QemuSetup { Consoles = [new() { Width = 720, Height = 400 }] });
        var qmp = new FakeQmp(qemu, Path.Combine(host.RuntimeDir, "qmp"));
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qmp.SocketPath}");
        foreach (var (width, height) in new[] { (720, 400), (640, 480), (1024, 640) })
        {
            Assert.True(qemu.WaitUntil(q => q.Console.Listeners > 0, Tools.Patience));
            qemu.Console.Scanout((uint)width, (uint)height, (uint)width * 4, Xrgb, new byte[width * height * 4]);
            await AwaitWindow(width, height);
        }
        Assert.Empty(qemu.Input.OfType<QemuUiInfo>());
        await Resize(host);
        Assert.True(qemu.WaitUntil(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: Width, Height: Height }), Tools.Patience));
        qemu.Console.Scanout(640, 480, 640 * 4, Xrgb, [.. Enumerable.Repeat((byte)0xff, 640 * 480 * 4)]);
        await Tools.Until(() => host.Screenshot().IsWhite(HeadlessSway.Width / 2, HeadlessSway.Height / 2), () => "the image is not shown");
        await AwaitWindow(Width, Height);
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);

        Task AwaitWindow(int width, int height) =>
            Tools.Until(() => host.Windows() is [var window] && (window.Width, window.Height) == (width, height), () => string.Join(", ", host.Windows()));
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
