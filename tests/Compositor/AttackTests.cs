using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Hosts;
using Microsoft.Win32.SafeHandles;

namespace Guestplane.Tests.Compositor;

/// <summary>What strangers send costs no more than their own frame: not the compositor, not the desktop, not the program.</summary>
public sealed class AttackTests
{
    /// <summary>Memory that its owner can shrink kills a compositor that draws it by CPU.</summary>
    [Fact]
    public void Memory_that_can_shrink_is_not_passed_on_as_a_dma_buf()
    {
        using var desktop = QemuDesktop.Shown();
        var imports = desktop.Host.Imports;
        // A file of tmpfs is shared memory without seals.
        using var memory = SparseFile("/dev/shm", 64 * 48 * 4);
        desktop.Show(new QemuDmabuf { Fds = [memory], Width = 64, Height = 48, Strides = [256], Fourcc = QemuDesktop.Xr24 });
        desktop.Run!.WaitFor("its memory is no dma-buf");
        using var good = QemuDesktop.Memory(1);
        desktop.Show(good);
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer.Kind: "dmabuf" });
        Assert.Equal(imports + 1, desktop.Host.Imports);
        desktop.End();
    }

    [Fact]
    public void A_descriptor_that_may_block_is_not_mapped_and_its_image_comes_as_bytes()
    {
        using var desktop = QemuDesktop.Shown();
        using var file = SparseFile(AppContext.BaseDirectory, 64 * 48 * 4);
        Assert.SkipWhen(Memfd.IsShared(new BorrowedFd((int)file.DangerousGetHandle())), "this folder is on a tmpfs");
        var commits = desktop.Host.Commits(desktop.Primary.Id);
        desktop.Qemu.Console.ScanoutMap(file, 0, 64, 48, 256, QemuDesktop.Xrgb);
        desktop.Wait(h => h.Commits(desktop.Primary.Id) > commits);
        Assert.Equal("copy", desktop.End().Head.GetProperty("transport").GetString());
    }

    [Fact]
    public void A_storm_of_images_that_are_never_drawn_holds_few_descriptors()
    {
        using var desktop = QemuDesktop.Shown();
        using var memory = Memfd.Create("storm", 1 << 22);
        for (uint i = 0; i < 2000; i++)
            desktop.Qemu.Console.ScanoutDmabuf2(
                new QemuDmabuf { Fds = [memory], Width = 64, Height = 48, Strides = [256 + 4 * i], Fourcc = QemuDesktop.Xr24 });
        desktop.Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer.Kind: "dmabuf" });
        desktop.End();
        Assert.InRange(desktop.Run!.Report.GetProperty("fds").GetProperty("peak").GetInt32(), 1, 80);
    }

    /// <summary>virtio-gpu takes modes of a few pixels, in which a cursor image is as large as the screen.</summary>
    [Fact]
    public void A_pointer_image_covers_no_more_than_a_pointer_may()
    {
        var vm = new QemuSetup { Consoles = [new() { Width = 4, Height = 3, IsAbsolute = true }] };
        using var desktop = QemuDesktop.Shown("--fixed --fullscreen", vm);
        desktop.Wait(h => ShowTests.Primary(h)!.ViewportDestination == (1024, 768));
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Qemu.Console.CursorDefine(64, 32, 32, 16, Enumerable.Repeat((byte)255, 64 * 32 * 4).ToArray());
        desktop.Qemu.Console.MouseSet(0, 0, true);
        desktop.Wait(h => h.Cursor is (_, 128, 64));
        Assert.Equal((256, 128), desktop.Host.Surface(desktop.Host.Cursor!.Value.Surface)!.ViewportDestination);
        desktop.End();
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u << 20)]
    [InlineData(3u << 30)]
    public void A_format_table_of_another_size_than_its_memory_is_no_table(uint claimed)
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { TableSize = claimed });
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480 --frames 10");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("shm", run.Head.GetProperty("transport").GetString());
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void An_output_without_sense_is_an_output_of_unknown_size()
    {
        var setup = new HostSetup(Repository.Protocols) { Scale = 0, Width = int.MinValue, Height = int.MinValue, RefreshMilliHz = int.MinValue };
        using var host = new FakeHost(setup.With("xdg_wm_base", 3));
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480 --frames 10");
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void Times_of_a_clock_that_does_not_exist_end_nothing()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { ClockId = 99 });
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480 --frames 10");
        Assert.Equal(0, run.ExitCode);
        Assert.InRange(run.Number("presented"), 1, 10);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_window_of_absurd_size_is_a_large_window()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { ConfigureSize = (int.MaxValue, int.MaxValue) });
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480 --scale 1:1 --frames 10");
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void A_scale_at_which_an_image_has_no_size_leaves_it_a_pixel()
    {
        using var desktop = QemuDesktop.Shown(host: setup => setup.With("wp_fractional_scale_manager_v1", 1));
        desktop.Host.SendEvent("wp_fractional_scale_v1", "preferred_scale", 120_000u);
        desktop.Wait(h => ShowTests.Root(h) is { WindowGeometry: { Width: 1, Height: 1 } });
        desktop.End();
    }

    [Fact]
    public void Console_paths_that_QEMU_does_not_write_are_no_consoles()
    {
        Assert.True(ConsoleInfo.IsConsole("/org/qemu/Display1/Console_0"));
        Assert.True(ConsoleInfo.IsConsole("/org/qemu/Display1/Console_12"));
        foreach (var name in new[] { "00", "x", "99999999999", "-1", "+1", " 1", "" })
            Assert.False(ConsoleInfo.IsConsole($"/org/qemu/Display1/Console_{name}"), name);
    }

    /// <summary>A pipe that is full, as a terminal that the user has stopped.</summary>
    [Fact]
    public void A_standard_error_that_nobody_reads_stops_nothing()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var fifo = Path.Combine(host.RuntimeDir, "stderr");
        Tools.Run(new("mkfifo", [fifo]));
        using var reader = Fd.Open(fifo);
        Pipe.NeverWait(reader);
        while (reader.Write(new byte[4096]))
        {
        }
        using var run = ProgramRun.Shell(host.RuntimeDir, host.DisplayName, $"show pattern:memory=memfd --frames 30 2>{fifo}");
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>A terminal whose program has stopped has room for a few letters, and keeps a writer of more waiting.</summary>
    [Fact]
    public void A_terminal_that_nobody_reads_stops_nothing()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var terminal = new PseudoTerminal();
        terminal.Fill();
        using var run = ProgramRun.Shell(host.RuntimeDir, host.DisplayName, $"show pattern:memory=memfd --frames 30 2>{terminal.Path}");
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>QEMU's memory cannot be sealed; a compositor that reads beyond its end gives our connection up.</summary>
    [Fact]
    public void Memory_of_the_VM_that_shrinks_is_the_VMs_fault()
    {
        using var desktop = QemuDesktop.Shown("--reconnect");
        using var memory = SparseFile("/dev/shm", 64 * 48 * 4);
        var commits = desktop.Host.Commits(desktop.Primary.Id);
        desktop.Qemu.Console.ScanoutMap(memory, 0, 64, 48, 256, QemuDesktop.Xrgb);
        desktop.Wait(h => h.Commits(desktop.Primary.Id) > commits);
        RandomAccess.SetLength(memory, 0);
        desktop.Qemu.Console.UpdateMap(0, 0, 64, 48);
        desktop.Run!.WaitFor("its memory has become smaller");
        // The next connection does not show it either.
        desktop.Host.DropClients();
        desktop.Wait(h => h.Connections >= 2 && ShowTests.Root(h)?.Buffer is not null);
        desktop.Qemu.Console.Scanout(64, 48, 256, QemuDesktop.Xrgb, new byte[256 * 48]);
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer.Kind: "shm" });
        desktop.Run.Terminate();
        Assert.Equal(0, desktop.Run.Wait().ExitCode);
        // It may have been shown once more before the VM's next word.
        Assert.All(desktop.Host.Violations, violation => Assert.Contains("wl_shm buffer ends at", violation.Text, StringComparison.Ordinal));
    }

    /// <summary>
    /// Whoever maps such memory ends by SIGBUS. The compositor may end the connection, if the image is shown once more.
    /// </summary>
    [Fact]
    public void A_screenshot_of_memory_that_has_shrunk_ends_nothing()
    {
        const uint F12 = 88;
        var folder = Directory.CreateTempSubdirectory("guestplane-shots-");
        using var desktop = QemuDesktop.Shown($"--reconnect --keys screenshot=F12 --screenshots {folder.FullName}");
        using var memory = SparseFile("/dev/shm", 64 * 48 * 4);
        var commits = desktop.Host.Commits(desktop.Primary.Id);
        desktop.Qemu.Console.ScanoutMap(memory, 0, 64, 48, 256, QemuDesktop.Xrgb);
        desktop.Wait(h => h.Commits(desktop.Primary.Id) > commits);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.Key(F12, true);
        desktop.Run!.WaitFor($"The screenshot is in {folder.FullName}/guestplane-");
        RandomAccess.SetLength(memory, 0);
        desktop.Host.Key(F12, false);
        desktop.Host.Key(F12, true);
        desktop.Run.WaitFor("There is no screenshot: ");
        desktop.Run.Terminate();
        Assert.Equal(0, desktop.Run.Wait().ExitCode);
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("a cursor")]
    [InlineData("a pointer")]
    public void A_storm_of_changes_while_the_compositor_does_not_read_ends_nothing(string what)
    {
        const int Times = 20_000;
        using var desktop = QemuDesktop.Shown();
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Qemu.Console.SetAbsolute(false);
        desktop.Host.Faults.Stall = true;
        for (var i = 0; i < Times; i++)
            if (what == "a pointer")
                desktop.Qemu.Console.SetAbsolute(i % 2 == 0);
            else
                desktop.Qemu.Console.CursorDefine(4 + i % 2, 4, 0, 0, new byte[4 * (4 + i % 2) * 4]);
        desktop.Qemu.Console.SetAbsolute(true);
        desktop.WaitQemu(q => q.Console.Unsent == 0 && q.Unsent == 0);
        desktop.Host.Faults.Stall = false;
        desktop.Host.PointerMove(7, 9);
        desktop.WaitQemu(q => q.Input.Contains(new QemuPosition(0, 7, 9)));
        desktop.End();
    }

    /// <summary>libsystemd forgets the descriptors of a message that has more than it declares. Among them are messages that are good.</summary>
    [Theory]
    [InlineData(1024)]
    [InlineData(20_000)]
    public void A_VM_that_sends_undeclared_descriptors_loses_its_connection(int limit)
    {
        const int Messages = 60, Undeclared = 200;
        using var desktop = new QemuDesktop();
        using var memory = QemuDesktop.Memory(1);
        using var run = ProgramRun.Shell(desktop.Host.RuntimeDir, desktop.Host.DisplayName, desktop.Arguments, $"ulimit -n {limit};");
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer: not null });
        for (var i = 0; i < Messages; i++)
        {
            desktop.Qemu.Console.SendRaw(new() { Member = "Disable", Fds = [.. Enumerable.Repeat(memory, Undeclared)], FdCount = 1 });
            desktop.Qemu.Console.MouseSet(i % 64, 1, true);
        }
        Assert.Equal(74, run.Wait().ExitCode);
        Assert.Contains("descriptors more than they declared", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_standard_streams_are_filled_and_a_number_of_the_programs_own_is_refused()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.Shell(host.RuntimeDir, host.DisplayName, "show pattern:memory=memfd 0<&- 1>&- 2>&-");
        Assert.True(host.WaitUntil(h => h.TotalCommits > 3, QemuDesktop.Soon));
        foreach (var number in Enumerable.Range(0, 3))
            Assert.Equal("/dev/null", new FileInfo($"/proc/{run.Id}/fd/{number}").LinkTarget);
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        foreach (var number in Enumerable.Range(3, 7))
        {
            using var refused = ProgramRun.Shell("/nonexistent", "none", $"show fd:{number} 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-");
            refused.Wait();
            Assert.Contains($"{number} is not open", refused.Messages, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Standard_error_can_be_told_that_all_is_ready_and_stays_open()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.ToEnd(host, "show pattern:memory=memfd,size=640x480 --frames 10 --ready-fd 2");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("10 flips", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_splash_that_is_no_file_is_refused()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var fifo = Path.Combine(host.RuntimeDir, "splash");
        Tools.Run(new("mkfifo", [fifo]));
        using var run = ProgramRun.ToEnd(host, $"kiosk pattern:memory=memfd --splash {fifo}");
        Assert.Equal(64, run.ExitCode);
        Assert.Contains("no regular file", run.Messages, StringComparison.Ordinal);
    }

    /// <summary>A few kilobytes, which would be a gigabyte as pixels.</summary>
    [Fact]
    public void A_splash_that_is_small_as_a_file_and_huge_as_an_image_is_refused()
    {
        const int Side = 16384;
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        var file = Path.Combine(host.RuntimeDir, "splash.png");
        File.WriteAllBytes(file, Png.Black(Side, Side));
        using var run = ProgramRun.ToEnd(host, $"kiosk pattern:memory=memfd --splash {file}");
        Assert.Equal(64, run.ExitCode);
        Assert.Contains($"is {Side}x{Side} pixels", run.Messages, StringComparison.Ordinal);
    }

    /// <summary>ppoll(2) refuses more entries than RLIMIT_NOFILE, and every window has many timers.</summary>
    [Fact]
    public void More_timers_than_descriptors_end_nothing()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.Shell(host.RuntimeDir, host.DisplayName, "show pattern:memory=memfd,heads=64,size=64x64", "ulimit -n 200;");
        Assert.True(host.WaitUntil(h => h.CurrentBuffers.Count(buffer => buffer.Kind == "dmabuf") >= 64, QemuDesktop.Soon));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
    }

    private static SafeFileHandle SparseFile(string folder, int bytes)
    {
        var path = Path.Combine(folder, Path.GetRandomFileName());
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, options: FileOptions.DeleteOnClose);
        RandomAccess.SetLength(file, bytes);
        return file;
    }
}
