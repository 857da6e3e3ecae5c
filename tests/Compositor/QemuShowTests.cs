using System.Diagnostics;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The program shows a VM of the fake QEMU on a strict host.</summary>
public sealed class QemuShowTests
{
    private const int Flipped180 = 6;

    [Fact]
    public void A_guests_dma_bufs_are_on_the_screen()
    {
        using var first = QemuDesktop.Memory(1);
        using var second = QemuDesktop.Memory(2);
        using var desktop = QemuDesktop.Shown();
        desktop.Show(first);
        desktop.Show(second);
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Kind: "dmabuf" } primary && h.ReadPixels(primary).Bytes[0] == 2);
        desktop.WaitQemu(q => !q.Console.IsGlBlocked);
        var run = desktop.End();
        Assert.Equal(("dmabuf", 2), (run.Head.GetProperty("transport").GetString(), run.Report.GetProperty("dmaBufs").GetInt32()));
        desktop.Wait(h => h.LiveBuffers == 0);
    }

    [Fact]
    public void A_thousand_flips_cost_few_imports_and_no_byte()
    {
        using var first = QemuDesktop.Memory(1);
        using var second = QemuDesktop.Memory(2);
        using var desktop = new QemuDesktop("--frames 1000",
            new QemuSetup { Consoles = [new() { Width = 64, Height = 48, HasSurface = false }] }, setup => setup.RefreshMilliHz = 1_000_000);
        desktop.Start();
        // QEMU keeps them until the one before is answered.
        desktop.WaitQemu(q => q.Console.Listeners == 1);
        for (var i = 0; i < 1000; i++)
            desktop.Show(i % 2 == 0 ? first : second);
        var run = desktop.Run!.Wait();
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(0, run.Report.GetProperty("managedBytesPerFlip").GetDouble());
        Assert.Equal(2, run.Report.GetProperty("dmaBufs").GetInt32());
        Assert.InRange(run.Head.GetProperty("imports").GetInt32(), 2, 6);
        Assert.Equal((1000, 0L), (run.Head.GetProperty("flips").GetInt32(), run.Head.GetProperty("copiedBytes").GetInt64()));
        Assert.Equal(0, desktop.Qemu.Console.Stalls);
        Assert.Empty(desktop.Host.Violations);
    }

    [Fact]
    public void Only_the_bytes_that_changed_are_copied()
    {
        const int Updates = 20, Whole = 64 * 48 * 4, Buffers = 3;
        using var desktop = QemuDesktop.Shown();
        for (var i = 1; i <= Updates; i++)
        {
            var value = (byte)i;
            desktop.Qemu.Console.Update(3, 2, 2, 1, 8, QemuDesktop.Xrgb, Enumerable.Repeat(value, 8).ToArray());
            desktop.Wait(h => h.ReadPixels(ShowTests.Primary(h)!).Bytes[2 * 256 + 3 * 4] == value);
        }
        Assert.Contains(desktop.Host.Transcript.Matching($"wl_surface#{desktop.Primary.Id}.damage_buffer"),
            line => line.Contains("(3, 2, 2, 1)", StringComparison.Ordinal));
        var run = desktop.End();
        Assert.Equal("copy", run.Head.GetProperty("transport").GetString());
        Assert.InRange(run.Head.GetProperty("copiedBytes").GetInt64(), Whole * 2 + Updates * 16, Whole * (1 + Buffers) + Updates * 16);
        Assert.Single(run.Messages.Split('\n'), line => line == "guestplane: The VM gives its images as bytes, which are copied. "
            + "For images without a copy, start QEMU with -display dbus,gl=on on a machine with a GPU.");
        Assert.DoesNotContain("warning", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void QEMUs_memory_is_the_compositors_pool()
    {
        using var memory = QemuDesktop.Memory(7);
        using var desktop = QemuDesktop.Shown();
        desktop.Qemu.Console.ScanoutMap(memory, 0, 64, 48, 256, QemuDesktop.Xrgb);
        desktop.Wait(h => h.ReadPixels(ShowTests.Primary(h)!).Bytes[0] == 7);
        memory.WriteAt([9], 0);
        Assert.Equal(("shm", 9), (desktop.Primary.Buffer!.Kind, desktop.Host.ReadPixels(desktop.Primary).Bytes[0]));
        Assert.Equal("shm", desktop.End().Head.GetProperty("transport").GetString());
    }

    [Fact]
    public void A_part_of_a_buffer_is_the_viewports_source()
    {
        using var memory = QemuDesktop.Memory(3);
        using var desktop = QemuDesktop.Shown();
        desktop.Show(new QemuDmabuf
        {
            Fds = [memory],
            X = 8,
            Y = 4,
            Width = 32,
            Height = 16,
            BackingWidth = 64,
            BackingHeight = 48,
            Strides = [256],
            Fourcc = QemuDesktop.Xr24,
            IsTopFirst = false,
        });
        desktop.Wait(h => ShowTests.Primary(h)!.ViewportSource == (8, 4, 32, 16));
        Assert.Equal((32, 16), desktop.Primary.ViewportDestination);
        desktop.Wait(h => ShowTests.Root(h)!.WindowGeometry == new HostRect(0, 0, 32, 16));
        desktop.End();
    }

    [Fact]
    public void An_image_that_is_upside_down_is_turned_by_the_compositor_and_reported()
    {
        using var memory = QemuDesktop.Memory(3);
        using var desktop = QemuDesktop.Shown();
        var image = QemuDesktop.Image(memory);
        desktop.Show(new QemuDmabuf { Fds = image.Fds, Width = 64, Height = 48, Strides = [256], Fourcc = image.Fourcc, IsTopFirst = true });
        desktop.Wait(h => ShowTests.Primary(h) is { Transform: Flipped180, Buffer.Kind: "dmabuf" });
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h) is { Transform: 0 });
        Assert.Contains("upside down in memory (y0_top)", desktop.End().Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void QEMU_gets_its_answer_when_the_compositor_has_taken_the_frame()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = new QemuDesktop(host: setup => setup.ManualVblank = true);
        desktop.Start();
        desktop.WaitQemu(q => q.Console.Listeners == 1);
        desktop.Show(memory);
        for (var i = 1; i <= 10; i++)
        {
            desktop.Wait(h => ShowTests.Primary(h) is { Buffer.Kind: "dmabuf" });
            var commits = desktop.Primary.Commits;
            desktop.Qemu.Console.UpdateDmabuf(i, 0, 1, 1);
            desktop.Wait(h => ShowTests.Primary(h)!.Commits > commits || Refresh(h));
            desktop.Host.Vblank();
        }
        desktop.WaitQemu(q => !q.Console.IsGlBlocked);
        // By itself it would be after 100 ms.
        Assert.True(desktop.Qemu.Console.Updates.Min(update => update.Duration) < TimeSpan.FromMilliseconds(95));
        Assert.Equal(0, desktop.Qemu.Console.Stalls);

        static bool Refresh(FakeHost host)
        {
            host.Vblank();
            return false;
        }
    }

    [Fact]
    public void QEMU_gets_its_answer_a_while_later_when_the_compositor_shows_nothing()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = new QemuDesktop(host: setup => setup.ManualVblank = true);
        desktop.Start();
        desktop.WaitQemu(q => q.Console.Listeners == 1);
        desktop.Show(memory);
        for (var i = 1; i <= 4; i++)
            desktop.Qemu.Console.UpdateDmabuf(i, 0, 1, 1);
        desktop.WaitQemu(q => q.Console.Updates.Count == 5 && !q.Console.IsGlBlocked);
        // By itself each is answered after 100 ms. The median: a busy machine holds up one or the other.
        var median = desktop.Qemu.Console.Updates.Select(update => update.Duration).Order().ElementAt(2);
        Assert.InRange(median, TimeSpan.Zero, TimeSpan.FromMilliseconds(999));
        Assert.Equal(0, desktop.Qemu.Console.Stalls);
    }

    [Fact]
    public void A_hidden_window_commits_rarely_and_shows_the_newest_flip_when_it_is_seen()
    {
        using var memory = QemuDesktop.Memory(1);
        using var desktop = QemuDesktop.Shown();
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer.Kind: "dmabuf" });
        desktop.Host.Faults.NeverFrame = true;
        var commits = desktop.Primary.Commits;
        const int Updates = 30;
        for (var n = 1; n <= Updates; n++)
        {
            desktop.WaitQemu(q => !q.Console.IsGlBlocked);
            desktop.Qemu.Console.UpdateDmabuf(n, 0, 1, 1);
        }
        // One a second, and each of the updates takes the 100 ms of the throttle.
        Assert.InRange(desktop.Primary.Commits - commits, 1, Updates / 2);
        Assert.Equal(0, desktop.Qemu.Console.Stalls);
        // Until one is answered and held: another commit of each second may take it.
        for (var n = Updates + 1; desktop.Primary.Commits != commits; n++)
        {
            desktop.WaitQemu(q => !q.Console.IsGlBlocked);
            commits = desktop.Primary.Commits;
            desktop.Qemu.Console.UpdateDmabuf(n, 0, 1, 1);
            desktop.WaitQemu(q => !q.Console.IsGlBlocked);
        }
        desktop.Host.Faults.NeverFrame = false;
        desktop.Wait(h => ShowTests.Primary(h)!.Commits > commits);
    }

    [Fact]
    public void A_program_that_is_stopped_while_QEMU_waits_for_it_goes_on_and_shows()
    {
        using var desktop = new QemuDesktop();
        desktop.Qemu.Faults.When(QemuStage.ListenerAuth, () =>
        {
            // It may be there before we know its number.
            SpinWait.SpinUntil(() => desktop.Run is not null);
            desktop.Run!.Signal("STOP");
        });
        desktop.Start();
        desktop.WaitQemu(q => q.IsBlocked && desktop.Run!.IsStopped);
        desktop.Run!.Signal("CONT");
        desktop.WaitQemu(q => !q.IsBlocked);
        desktop.Wait(h => ShowTests.Primary(h) is { Parent: not null, Latched: not null });
        desktop.End();
    }

    [Fact]
    public void A_display_that_is_off_leaves_a_black_window()
    {
        using var desktop = QemuDesktop.Shown();
        desktop.Qemu.Console.Disable();
        desktop.Wait(h => h.Surfaces.All(surface => surface.Buffer is null or { Kind: "single-pixel" }));
        Assert.Equal("single-pixel", desktop.Root.Buffer!.Kind);
        desktop.Qemu.Console.Update(0, 0, 1, 1, 4, QemuDesktop.Xrgb, new byte[4]);
        desktop.Wait(h => ShowTests.Primary(h) is { Parent: not null, Buffer: not null });
        desktop.End();
    }

    /// <summary>Guests park their cursor there; hosts draw what a subsurface has outside its window.</summary>
    [Theory]
    [InlineData(330, 100)]
    [InlineData(-64, -64)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(int.MinValue, int.MinValue)]
    public void A_cursor_outside_of_the_image_is_not_drawn(int x, int y)
    {
        using var desktop = QemuDesktop.Shown(vm: new QemuSetup { Consoles = [new() { Width = 320, Height = 240 }] });
        var console = desktop.Qemu.Console;
        console.MouseSet(100, 50, true);
        console.CursorDefine(64, 64, 0, 0, Enumerable.Repeat((byte)255, 64 * 64 * 4).ToArray());
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (100, 50) });
        console.MouseSet(x, y, true);
        desktop.Wait(h => ShowTests.Cursor(h) is null);
        console.MouseSet(310, 230, true);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (310, 230), ViewportDestination: (10, 10) });
        desktop.End();
    }

    [Fact]
    public void A_cursor_at_the_edge_of_the_image_is_cropped_there_although_the_window_is_wider()
    {
        using var desktop = QemuDesktop.Shown("--fixed", new QemuSetup { Consoles = [new() { Width = 2, Height = 2 }] });
        desktop.Host.Configure(770, 768);
        desktop.Wait(h => ShowTests.Primary(h)!.ViewportDestination == (768, 768));
        desktop.Qemu.Console.CursorDefine(64, 64, 0, 0, Enumerable.Repeat((byte)255, 64 * 64 * 4).ToArray());
        desktop.Qemu.Console.MouseSet(1, 0, true);
        desktop.Wait(h => ShowTests.Cursor(h) is { Buffer: not null, Position: (385, 0), ViewportDestination: (384, 768) });
        desktop.Qemu.Console.MouseSet(2, 0, true);
        desktop.Wait(h => h.Surfaces.All(surface => surface.Buffer is null or { Width: not 64 }));
        desktop.End();
    }

    [Fact]
    public void A_commit_that_switches_the_plane_off_does_not_count_as_committed()
    {
        const int Times = 5;
        using var desktop = QemuDesktop.Shown($"--frames {1 + 2 * Times}");
        for (var i = 1; i <= Times; i++)
        {
            desktop.Qemu.Console.Disable();
            desktop.Wait(h => h.Surfaces.All(surface => surface.Buffer is null or { Kind: "single-pixel" }));
            desktop.Qemu.Console.Update(0, 0, 1, 1, 4, QemuDesktop.Xrgb, new byte[4]);
            desktop.Wait(h => i == Times || ShowTests.Primary(h) is { Parent: not null, Buffer: not null });
        }
        // The program ends when the last commit is answered, so none is pending.
        var run = desktop.Run!.Wait();
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1 + Times, run.Number("committed"));
        Assert.Equal(run.Number("committed"), run.Number("presented") + run.Number("discarded"));
    }

    [Fact]
    public void The_guest_is_requested_to_be_as_large_as_its_window()
    {
        using var desktop = QemuDesktop.Shown();
        desktop.Host.Configure(800, 600);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: 800, Height: 600 }));
        desktop.End();
    }

    [Fact]
    public void The_guests_monitor_has_the_pitch_of_the_screen_that_its_window_is_on()
    {
        using var desktop = QemuDesktop.Shown(host: setup => setup.Millimetres = (512, 384));
        desktop.Host.Configure(800, 600);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: 800, WidthMm: 400, HeightMm: 300 }));
        desktop.Host.SetMode(2048, 1536, 60_000);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: 800, WidthMm: 200, HeightMm: 150 }));
        desktop.End();
    }

    [Fact]
    public void The_guests_monitor_refreshes_as_the_screen_does_where_QEMU_takes_that()
    {
        var console = new QemuConsoleSetup { Width = 64, Height = 48, UiInfo = UiInfoAnswer.Taken };
        using var desktop = QemuDesktop.Shown(vm: new QemuSetup { Consoles = [console] });
        desktop.Host.Configure(800, 600);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: 800, RefreshRate: 60_000 }));
        desktop.Host.SetMode(1024, 768, 143_912);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: 800, RefreshRate: 143_912 }));
        desktop.End();
    }

    [Theory]
    [InlineData(160, 90)]
    [InlineData(16, 9)]
    [InlineData(1600, 900)]
    public void A_shape_in_place_of_a_physical_size_is_not_passed_on(int width, int height)
    {
        using var desktop = QemuDesktop.Shown(host: setup => setup.Millimetres = (width, height));
        desktop.Host.Configure(800, 600);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: 800, WidthMm: 0, HeightMm: 0 }));
        desktop.End();
    }

    [Fact]
    public void The_second_output_of_a_card_is_plugged_in_although_nobody_sized_its_window()
    {
        using var desktop = QemuDesktop.Shown(vm: new QemuSetup
        {
            Consoles = [new() { Width = 64, Height = 48 }, new() { Head = 1, Width = 640, Height = 480 }],
        });
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any());
        Assert.All(desktop.Qemu.Input.OfType<QemuUiInfo>(), size => Assert.Equal((1u, 640u, 480u), (size.Console, size.Width, size.Height)));
        desktop.End();
    }

    [Fact]
    public void Unless_it_shall_stay_as_it_is()
    {
        using var desktop = QemuDesktop.Shown("--fixed --fullscreen");
        desktop.Wait(h => ShowTests.Primary(h)!.ViewportDestination == (1024, 768));
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.Key(42, true);
        desktop.Sent(1);
        Assert.Empty(desktop.Qemu.Input.OfType<QemuUiInfo>());
        desktop.End();
    }

    [Fact]
    public void Each_graphic_console_is_a_window()
    {
        using var desktop = new QemuDesktop(vm: new QemuSetup
        {
            Consoles = [new() { Width = 64, Height = 48 }, new() { Head = 1, Width = 32, Height = 32 }, new() { Type = "Text" }],
        });
        desktop.Start();
        desktop.Wait(h => h.Surfaces.Count(surface => surface is { Title: not null, Buffer: not null }) == 2);
        Assert.Equal(["fake virtio-vga.0", "fake virtio-vga.1"], desktop.Host.Surfaces.Select(surface => surface.Title).OfType<string>().Order());
        desktop.End();
    }
}
