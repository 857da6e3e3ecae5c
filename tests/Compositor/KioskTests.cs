using System.Net.Sockets;
using System.Text;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>An unattended display: outputs, guests and hosts that come and go.</summary>
public sealed class KioskTests
{
    private const string Pattern = "kiosk pattern:memory=memfd,size=640x480";
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private static HostSetup Setup() => new HostSetup(Repository.Protocols)
        .With("zwp_idle_inhibit_manager_v1", 1).With("zwp_keyboard_shortcuts_inhibit_manager_v1", 1);

    [Fact]
    public void It_fills_the_screen_and_keeps_it_awake()
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.Start(host, Pattern);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, s_soon));
        foreach (var request in new[] { ".create_inhibitor(", ".set_fullscreen(" })
            Assert.NotEmpty(host.Transcript.Matching(request));
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void It_waits_for_its_output_and_goes_back_to_it()
    {
        using var host = new FakeHost(Setup().Without("wl_output"));
        using var run = ProgramRun.Start(host, $"{Pattern} --output FAKE-1");
        run.WaitFor("waits for the output FAKE-1");
        Assert.Null(ShowTests.Primary(host)?.Buffer);
        for (var round = 1; round <= 5; round++)
        {
            host.AddGlobal("wl_output", 4);
            Assert.True(host.WaitUntil(h => Fullscreens(h) == round && Windows(h) == 1 && ShowTests.Primary(h)?.Buffer is not null, s_soon), $"round {round}");
            host.RemoveGlobal("wl_output");
        }
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);

        // The splash has filled it, too, until the guest was shown.
        static int Fullscreens(FakeHost host) => host.Transcript.Matching(".set_fullscreen(").Count - 1;
    }

    [Fact]
    public void While_there_is_no_guest_the_splash_is_shown_on_every_compositor()
    {
        using var host = new FakeHost(Setup());
        using var desktop = new QemuDesktop();
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        using var run = ProgramRun.Start(host, $"kiosk {desktop.Source} --background 204060 --splash {SplashFile()}");
        for (var round = 0; round < 3; round++)
        {
            Assert.True(host.WaitUntil(h => ShowTests.Root(h)?.Buffer is { Kind: "single-pixel" } && ShowTests.Cursor(h)?.Buffer is { Kind: "shm", Width: 1 }, s_soon), $"round {round}");
            Assert.Equal($"Waiting for {desktop.Source}", ShowTests.Root(host)!.Title);
            host.DropClients();
        }
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.None, times: 0);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer.Width: 64 }, s_soon), "the guest is not shown");
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    /// <summary>The VM is there and has not drawn anything yet.</summary>
    [Fact]
    public void A_compositor_that_comes_before_the_guests_first_frame_has_the_splash_too()
    {
        using var desktop = new QemuDesktop("--background 204060", new QemuSetup { Consoles = [new() { HasSurface = false }] }, command: "kiosk");
        desktop.Start();
        for (var hosts = 1; hosts <= 3; hosts++)
        {
            desktop.Wait(h => h.Transcript.Matching(".get_registry(").Count == hosts && Windows(h) == 2 && IsSplash(ShowTests.Root(h)));
            desktop.WaitQemu(q => q.Console.Listeners == 1);
            if (hosts < 3)
                desktop.Host.DropClients();
        }
        using var memory = QemuDesktop.Memory(0x40);
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h) is { Buffer.Width: 64 } && Windows(h) == 1);
        desktop.End();

        static bool IsSplash(HostSurfaceInfo? window) => window?.Buffer is { Kind: "single-pixel" };
    }

    [Fact]
    public void The_compositors_pointer_is_hidden_over_the_splash_too()
    {
        using var host = new FakeHost(Setup());
        using var desktop = new QemuDesktop();
        desktop.Qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
        using var run = ProgramRun.Start(host, $"kiosk {desktop.Source}");
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)?.Buffer is not null, s_soon));
        host.PointerEnter(ShowTests.Root(host)!.Id, 1, 1);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".set_cursor(").Count > 0 && h.Cursor is null, s_soon));
    }

    [Fact]
    public void One_that_waits_for_its_output_is_not_mapped_elsewhere_when_its_guest_goes_and_comes()
    {
        using var desktop = new QemuDesktop("--output FAKE-2", command: "kiosk");
        desktop.Start();
        desktop.Run!.WaitFor("waits for the output FAKE-2");
        desktop.Qemu.Die();
        desktop.Run.WaitFor("is back");
        Assert.All(desktop.Host.Surfaces.Where(surface => surface.Role == "xdg_toplevel"), window => Assert.Equal(0, window.Commits));
        desktop.End();
    }

    [Fact]
    public void The_service_manager_is_reported()
    {
        using var host = new FakeHost(Setup());
        var path = Path.Combine(host.RuntimeDir, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        manager.Bind(new UnixDomainSocketEndPoint(path));
        using var run = ProgramRun.Start(host, Pattern, ("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "200000"));
        var told = new HashSet<string>();
        for (var alive = 0; alive < 3 || !told.Contains("READY=1");)
            alive += Read() == "WATCHDOG=1" ? 1 : 0;
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        while (!told.Contains("STOPPING=1"))
            Read();

        string Read()
        {
            var message = new byte[64];
            var text = Encoding.UTF8.GetString(message, 0, manager.Receive(message));
            told.Add(text);
            return text;
        }
    }

    [Theory]
    [InlineData("kiosk pattern --splash /nonexistent.png", 64, "/nonexistent.png")]
    [InlineData("kiosk pattern --background blue", 64, "RRGGBB")]
    [InlineData("show pattern --layout 0", 64, "HEAD=OUTPUT")]
    public void Bad_input_is_one_sentence_and_its_code(string arguments, int code, string part)
    {
        using var host = new FakeHost(Setup());
        using var run = ProgramRun.ToEnd(host, arguments);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(part, run.Messages);
    }

    private static int Windows(FakeHost host) => host.Surfaces.Count(s => s.Role?.Contains("toplevel", StringComparison.Ordinal) == true);

    /// <summary>The smallest there is: one white pixel.</summary>
    private static string SplashFile()
    {
        // Beside the tests, and always the same: the temporary folder is left as it was.
        var path = Path.Combine(AppContext.BaseDirectory, "splash.png");
        File.WriteAllBytes(path, Convert.FromBase64String(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII="));
        return path;
    }
}
