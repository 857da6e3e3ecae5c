using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The name of this process, by which the program knows its compositor: nothing else may run beside these tests.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessName
{
    public const string Name = "process name";
}

/// <summary>
/// The program on a compositor that scans out only windows of a single surface. The fake one looks like phoc: its process, which
/// is this one, has that name meanwhile. Its output has 1024x768 pixels, and the VM's images of 64x48 fill it.
/// </summary>
[Collection(ProcessName.Name)]
public sealed class OneSurfaceShowTests : IDisposable
{
    private const string Name = "/proc/self/comm";
    private const int Side = 8;
    private static readonly byte[] s_cursor = [.. Enumerable.Repeat((byte)255, Side * Side * 4)];

    private readonly string _name = File.ReadAllText(Name);

    public OneSurfaceShowTests() => File.WriteAllText(Name, "phoc");

    public void Dispose() => File.WriteAllText(Name, _name);

    [Fact]
    public void A_full_screen_image_is_the_window()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory);
        Assert.Equal((1, (1024, 768)), (desktop.Root.Stack.Count, desktop.Root.ViewportDestination!.Value));
        Assert.Equal([new HostRect(0, 0, 1024, 768)], desktop.Root.OpaqueRegion);
        for (var flip = 0; flip < 10; flip++)
        {
            var commits = desktop.Root.Commits;
            desktop.Qemu.Console.UpdateDmabuf(flip, 0, 1, 1);
            desktop.Wait(h => ShowTests.Root(h)!.Commits > commits);
        }
        Assert.True(IsAlone(desktop.Host));
        Assert.Equal(0, desktop.Qemu.Console.Stalls);
        desktop.End();
    }

    /// <summary>phoc does not always report full screen.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void In_a_window_that_does_not_fill_the_screen_the_plane_has_a_surface_of_its_own(bool isReported)
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = QemuDesktop.Shown();
        desktop.Show(memory);
        desktop.Wait(IsAbove);
        desktop.Host.Configure(1024, 768, fullscreen: isReported);
        desktop.Wait(IsAlone);
        desktop.Host.Configure(800, 600);
        desktop.Wait(h => IsAbove(h) && ShowTests.Primary(h)!.ViewportDestination == (800, 600));
        Assert.Equal((800, 600), desktop.Root.ViewportDestination);
        desktop.End();
    }

    /// <summary>What the compositor draws around a small window is not always black.</summary>
    [Fact]
    public void An_image_of_another_shape_lies_on_a_backdrop()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory);
        for (var round = 0; round < 3; round++)
        {
            desktop.Host.Configure(1024, 700, fullscreen: true);
            desktop.Wait(h => IsAbove(h) && ShowTests.Primary(h)!.ViewportDestination == (933, 700));
            desktop.Host.Configure(1024, 768, fullscreen: true);
            desktop.Wait(IsAlone);
        }
        desktop.End();
    }

    /// <summary>What lies behind on the root is a black pixel, which must have no colours of YUV.</summary>
    [Fact]
    public void The_colours_of_a_YUV_image_move_with_it()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory);
        desktop.Show(ColorShowTests.Nv12(memory));
        desktop.Wait(h => IsAlone(h) && ShowTests.Root(h)!.Color != default);
        for (var round = 0; round < 3; round++)
        {
            desktop.Host.Configure(800, 600);
            desktop.Wait(h => IsAbove(h) && ShowTests.Primary(h)!.Color != default && ShowTests.Root(h)!.Color == default);
            desktop.Host.Configure(1024, 768, fullscreen: true);
            desktop.Wait(h => IsAlone(h) && ShowTests.Root(h)!.Color != default);
        }
        desktop.End();
    }

    [Fact]
    public void A_cursor_lies_above_a_plane_of_its_own_and_when_it_is_gone_the_image_is_the_window_again()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory, "--cursor subsurface");
        var console = desktop.Qemu.Console;
        for (var round = 0; round < 3; round++)
        {
            console.MouseSet(10, 10, true);
            console.CursorDefine(Side, Side, 0, 0, s_cursor);
            desktop.Wait(h => ShowTests.Cursor(h) is not null);
            console.UpdateDmabuf(0, 0, 64, 48);
            desktop.Wait(h => IsAbove(h) && ShowTests.Cursor(h) is { Position: (160, 160) });
            Assert.Equal(3, desktop.Root.Stack.Count);
            Assert.Equal(ShowTests.Cursor(desktop.Host)!.Id, desktop.Root.Stack[^1]);
            console.MouseSet(10, 10, false);
            desktop.Wait(h => ShowTests.Cursor(h) is null);
            console.UpdateDmabuf(0, 0, 64, 48);
            desktop.Wait(IsAlone);
        }
        desktop.End();
    }

    /// <summary>
    /// A cursor that comes into the image commits the root, on which the old image still is: what the new one shows lies beyond it.
    /// </summary>
    [Fact]
    public void An_image_that_grows_brings_a_cursor_in_and_breaks_no_rule()
    {
        using var small = QemuDesktop.Memory(1);
        using var large = QemuDesktop.Memory(2, 256, 192);
        using var desktop = Shown(small, "--cursor subsurface");
        desktop.Qemu.Console.CursorDefine(Side, Side, 0, 0, s_cursor);
        desktop.Qemu.Console.MouseSet(100, 90, true);
        for (var round = 0; round < 3; round++)
        {
            desktop.Show(new QemuDmabuf
            {
                Fds = [large],
                Width = 128,
                Height = 96,
                X = 64,
                Y = 48,
                BackingWidth = 256,
                BackingHeight = 192,
                Strides = [1024],
                Fourcc = QemuDesktop.Xr24,
                IsTopFirst = false,
            });
            desktop.Wait(h => ShowTests.Cursor(h) is not null);
            desktop.Show(small);
            desktop.Wait(h => ShowTests.Cursor(h) is null);
        }
        desktop.End();
    }

    /// <summary>A window whose root loses its buffer is no window any more (xdg-shell.xml).</summary>
    [Fact]
    public void A_display_that_is_off_leaves_the_window()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory);
        for (var round = 0; round < 3; round++)
        {
            desktop.Qemu.Console.Disable();
            desktop.Wait(h => h.Surfaces.All(surface => surface.Buffer is null or { Kind: "single-pixel" }));
            Assert.True(desktop.Root is { IsMapped: true, Buffer.Kind: "single-pixel" });
            desktop.Show(memory);
            desktop.Wait(IsAlone);
        }
        desktop.End();
    }

    [Fact]
    public void An_image_that_is_upside_down_is_turned_and_the_backdrop_is_not()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory);
        desktop.Show(new QemuDmabuf { Fds = [memory], Width = 64, Height = 48, Strides = [256], Fourcc = QemuDesktop.Xr24, IsTopFirst = true });
        desktop.Wait(h => IsAlone(h) && ShowTests.Root(h)!.Transform != 0);
        var turned = desktop.Root.Transform;
        desktop.Host.Configure(1024, 700, fullscreen: true);
        desktop.Wait(h => IsAbove(h) && ShowTests.Primary(h)!.Transform == turned);
        Assert.Equal(0, desktop.Root.Transform);
        desktop.End();
    }

    [Theory]
    [InlineData(UnreadableDmabufs.Discarded)]
    [InlineData(UnreadableDmabufs.Unanswered)]
    public void A_dma_buf_that_the_compositor_cannot_read_is_sent_another_way(UnreadableDmabufs how)
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory);
        desktop.Host.Faults.Unreadable = how;
        using var other = QemuDesktop.Memory(2);
        // Another format, which has to be proven by itself.
        desktop.Show(new QemuDmabuf { Fds = [other], Width = 64, Height = 48, Strides = [256], Fourcc = 0x34324258, IsTopFirst = false });
        desktop.Run!.WaitFor("showed none");
        Assert.True(desktop.Root.IsMapped);
        desktop.End();
    }

    [Fact]
    public void A_VM_that_is_gone_is_dimmed_and_comes_back()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory, "--wait");
        for (var round = 0; round < 3; round++)
        {
            // The dimmer is a surface above the window.
            desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
            desktop.Qemu.Die();
            desktop.Wait(h => ShowTests.Root(h)!.Stack.Count > 1);
            desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.None, times: 0);
            desktop.WaitQemu(q => q.Console.Listeners == 1);
            desktop.Show(memory);
            desktop.Wait(IsAlone);
        }
        desktop.End();
    }

    /// <summary>A root that is larger than the screen breaks xdg-shell's rules, and only wp_viewporter can crop it.</summary>
    [Fact]
    public void Where_the_compositor_cannot_crop_the_plane_has_a_surface_of_its_own()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = QemuDesktop.Shown("--fullscreen", host: setup => (setup.Without("wp_viewporter").Width, setup.Height) = (48, 40));
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h) is { Parent: not null, Buffer.Kind: "dmabuf", Position: (-8, -4) });
        desktop.End();
    }

    [Fact]
    public void A_window_that_closes_breaks_no_rule()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = Shown(memory);
        desktop.Host.Faults.CloseAfterCommits = 1;
        desktop.Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        Assert.Equal(0, desktop.Run!.Wait().ExitCode);
        Assert.Empty(desktop.Host.Violations);
    }

    private static QemuDesktop Shown(Fd memory, string arguments = "")
    {
        var desktop = new QemuDesktop($"--fullscreen {arguments}".TrimEnd());
        desktop.Start();
        desktop.WaitQemu(q => q.Console.Listeners == 1);
        desktop.Show(memory);
        desktop.Wait(IsAlone);
        return desktop;
    }

    /// <summary>The image is on the toplevel, and no other surface has one.</summary>
    private static bool IsAlone(FakeHost host) => ShowTests.Root(host) is { Buffer.Kind: "dmabuf", Stack.Count: 1 };

    /// <summary>The image is on a surface of its own, above the backdrop.</summary>
    private static bool IsAbove(FakeHost host) => ShowTests.Root(host) is { Buffer.Kind: "single-pixel" }
        && ShowTests.Primary(host) is { Parent: not null, Buffer.Kind: "dmabuf" };
}
