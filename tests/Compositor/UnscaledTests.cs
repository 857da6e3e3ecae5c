using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>A kiosk on a compositor that cannot scale, as cage 0.1 of Debian 12 (no wp_viewporter): buffers of full size, and positions.</summary>
public sealed class UnscaledTests
{
    private const int Width = 1024, Height = 768;

    [Theory]
    [InlineData(640, 480, 192, 144)]
    [InlineData(1024, 768, 0, 0)]
    [InlineData(1280, 1024, -128, -128)]
    public void The_image_is_in_the_middle_pixel_for_pixel(int width, int height, int x, int y)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols).Without("wp_viewporter"));
        using var run = ProgramRun.Start(host, $"kiosk pattern:memory=memfd,no-cursor,size={width}x{height} --background 204060");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Parent: not null, Buffer: not null }, QemuDesktop.Soon));
        var primary = ShowTests.Primary(host)!;
        // Not the splash's, which may still be there.
        var root = host.Surface(primary.Parent!.Value)!;
        Assert.Equal((x, y), primary.Position);
        Assert.Equal((width, height), (primary.Buffer!.Width, primary.Buffer.Height));
        AssertWhole(host, root, [0x60, 0x40, 0x20, 0xff]);
        run.WaitFor("The compositor cannot scale");
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void The_splash_is_as_large_as_the_screen()
    {
        using var desktop = new QemuDesktop("--background 204060", host: setup => setup.Without("wp_viewporter"), command: "kiosk");
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        desktop.Start();
        desktop.Wait(h => ShowTests.Root(h)?.Buffer is not null);
        AssertWhole(desktop.Host, desktop.Root, [0x60, 0x40, 0x20, 0xff]);
        desktop.End();
    }

    [Fact]
    public void The_whole_screen_is_dimmed_while_the_VM_is_away()
    {
        using var desktop = QemuDesktop.Shown(host: setup => setup.Without("wp_viewporter"), command: "kiosk");
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        desktop.Qemu.Die();
        desktop.Wait(h => Dimmer(h) is not null);
        AssertWhole(desktop.Host, Dimmer(desktop.Host)!, [0, 0, 0, 0x99]);
        desktop.End();

        static HostSurfaceInfo? Dimmer(FakeHost host) => ShowTests.Cursor(host) is { Buffer.Width: Width } shade ? shade : null;
    }

    private static void AssertWhole(FakeHost host, HostSurfaceInfo surface, byte[] pixel)
    {
        Assert.Equal((Width, Height), (surface.Buffer!.Width, surface.Buffer.Height));
        var bytes = host.ReadPixels(surface).Bytes;
        Assert.Equal(Width * Height * pixel.Length, bytes.Length);
        Assert.Equal(pixel, bytes[..pixel.Length]);
        Assert.Equal(pixel, bytes[^pixel.Length..]);
    }
}
