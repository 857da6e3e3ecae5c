using System.Runtime.InteropServices;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>What makes the window one of the desktop's own.</summary>
public sealed class WindowTests
{
    private const string Pattern = "pattern:memory=memfd,size=640x480";
    private const uint F11 = 87, A = 30;
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    private static HostSetup Setup() => new HostSetup(Repository.Protocols) { KeyboardPresent = true }
        .With("xdg_toplevel_icon_manager_v1", 1).With("xdg_activation_v1", 1)
        .With("wp_cursor_shape_manager_v1", 1).With("zwp_keyboard_shortcuts_inhibit_manager_v1", 1);

    [Theory]
    [InlineData("", 2)]
    [InlineData(" --no-decorations", 1)]
    public void The_compositor_draws_decorations_unless_they_are_switched_off(string arguments, int mode)
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, $"show {Pattern}{arguments}");
        Assert.Single(host.Transcript.Matching($".set_mode({mode})"));
        Assert.Single(host.Transcript.Matching(".set_app_id(\"guestplane\")"));
        Assert.Single(host.Transcript.Matching(".set_name(\"guestplane\")"));
        End(host, run);
    }

    /// <summary>The real libdecor, with its cairo plugin.</summary>
    [Fact]
    public void Libdecor_draws_decorations_if_the_compositor_does_not_but_not_in_full_screen()
    {
        Assert.SkipUnless(NativeLibrary.TryLoad(Libdecor.File, out _), $"{Libdecor.File} is not installed (Debian: libdecor-0-0)");
        using var host = new FakeHost(Setup().Without("zxdg_decoration_manager_v1"));
        using var run = Shown(host, $"show {Pattern}");
        var framed = ShowTests.Root(host)!.WindowGeometry!.Value;
        Assert.True(framed is { X: <= 0, Y: < 0, Width: >= 640, Height: > 480 }, $"{framed}");
        host.KeyboardEnter(ShowTests.Root(host)!.Id);
        Tap(host, F11);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".set_fullscreen(").Count == 1, s_soon));
        host.Configure(1024, 768, fullscreen: true);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { X: 0, Y: 0, Width: 1024, Height: 768 }, s_soon));
        Tap(host, F11);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".unset_fullscreen(").Count == 1, s_soon));
        host.Configure(0, 0);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry == framed, s_soon));
        host.Configure(800, 600 - framed.Y);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { Width: 800 }, s_soon));
        End(host, run);
    }

    /// <summary>The fake host's bounds are its output's 1024x768.</summary>
    [Fact]
    public void A_guest_that_is_larger_than_the_screen_gets_a_window_of_its_shape_that_is_not()
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, "show pattern:memory=memfd,size=2048x1024");
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { Width: 1024, Height: 512 }, s_soon));
        host.Configure(1024, 768, fullscreen: true);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { Width: 1024, Height: 768 }, s_soon));
        End(host, run);
    }

    [Theory]
    [InlineData("")]
    [InlineData("xdg-output")]
    [InlineData("xdg-output of old")]
    public void On_a_portrait_output_a_window_is_no_wider_than_what_is_seen(string how)
    {
        var setup = Setup();
        (setup.Width, setup.Height, setup.Transform) = (1280, 800, 1);
        if (how.Length > 0)
        {
            // As mutter does: the mode is turned already.
            (setup.Width, setup.Height, setup.LogicalSize) = (800, 1280, (800, 1280));
            setup.With("zxdg_output_manager_v1", how == "xdg-output" ? 3 : 2);
        }
        // 3: without configure_bounds.
        setup.With("xdg_wm_base", 3);
        using var host = new FakeHost(setup);
        using var run = ProgramRun.Start(host, "show pattern:memory=memfd,size=1200x700");
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)?.WindowGeometry is { Width: 800, Height: 466 }, s_soon));
        End(host, run);
    }

    /// <summary>sway answers each commit with its size, perhaps after the next one.</summary>
    [Fact]
    public void A_configure_that_repeats_a_size_of_ours_is_no_wish_until_the_user_has_one()
    {
        using var desktop = QemuDesktop.Shown();
        foreach (var (width, height) in new[] { (720, 400), (640, 480), (800, 600) })
        {
            using var memory = QemuDesktop.Memory(1, width, height);
            desktop.Show(new QemuDmabuf { Fds = [memory], Width = (uint)width, Height = (uint)height, Strides = [(uint)width * 4], Fourcc = QemuDesktop.Xr24 });
            desktop.Wait(h => ShowTests.Root(h)!.WindowGeometry is { } window && (window.Width, window.Height) == (width, height));
            desktop.Host.Configure(width == 640 ? 720 : width, width == 640 ? 400 : height);
        }
        Assert.Empty(desktop.Qemu.Input.OfType<QemuUiInfo>());
        desktop.Host.Configure(777, 555);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().Any(size => size is { Width: 777, Height: 555 }));
        using var last = QemuDesktop.Memory(1);
        desktop.Show(last);
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Width: 64 });
        Assert.True(desktop.Root.WindowGeometry is { Width: 777, Height: 555 });
        desktop.End();
    }

    /// <summary>sway, mutter and KWin end full screen with the size that the window had before, which was ours.</summary>
    [Fact]
    public void After_full_screen_a_size_of_ours_is_the_one_to_return_to()
    {
        using var desktop = QemuDesktop.Shown(vm: new QemuSetup { Consoles = [new() { Width = 640, Height = 480 }] });
        desktop.Wait(h => ShowTests.Root(h)!.WindowGeometry is { Width: 640, Height: 480 });
        desktop.Host.Configure(1024, 768, fullscreen: true);
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().LastOrDefault() is { Width: 1024, Height: 768 });
        using var memory = QemuDesktop.Memory(1, 1024, 768);
        desktop.Show(new QemuDmabuf { Fds = [memory], Width = 1024, Height = 768, Strides = [4096], Fourcc = QemuDesktop.Xr24 });
        desktop.Wait(h => ShowTests.Primary(h) is { Latched.Width: 1024 });
        desktop.Host.Configure(640, 480);
        desktop.Wait(h => ShowTests.Root(h)!.WindowGeometry is { Width: 640, Height: 480 });
        desktop.WaitQemu(q => q.Input.OfType<QemuUiInfo>().LastOrDefault() is { Width: 640, Height: 480 });
        desktop.End();
    }

    /// <summary>weston ends a user's resize, and full screen, so.</summary>
    [Fact]
    public void If_the_compositor_leaves_the_size_to_the_client_the_users_size_stays()
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, $"show {Pattern}");
        host.Configure(800, 600);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { Width: 800, Height: 600 }, s_soon));
        host.Configure(1024, 768, fullscreen: true);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { Width: 1024, Height: 768 }, s_soon));
        host.Configure(0, 0);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { Width: 800, Height: 600 }, s_soon));
        End(host, run);
    }

    [Theory]
    [InlineData("--no-decorations")]
    [InlineData("--fullscreen")]
    public void A_window_that_needs_no_frame_is_the_programs_own(string argument)
    {
        using var host = new FakeHost(Setup().Without("zxdg_decoration_manager_v1"));
        using var run = Shown(host, $"show {Pattern} {argument}");
        Assert.Single(host.Transcript.Matching(".get_registry("));
        End(host, run);
    }

    [Fact]
    public void A_token_of_who_started_it_is_used_once()
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, $"show {Pattern}", ("XDG_ACTIVATION_TOKEN", "a-token"));
        Assert.Single(host.Transcript.Matching(".activate(\"a-token\""));
        End(host, run);
    }

    [Fact]
    public void F11_fills_the_screen_and_leaves_it_but_not_while_the_guest_has_the_keys()
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, $"show {Pattern}");
        host.KeyboardEnter(ShowTests.Root(host)!.Id);
        Tap(host, A);
        Tap(host, F11);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".set_fullscreen(").Count == 1, s_soon));
        host.Configure(1024, 768, fullscreen: true);
        Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { Width: 1024 }, s_soon));
        Tap(host, F11);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".unset_fullscreen(").Count == 1, s_soon));
        End(host, run);
    }

    [Fact]
    public void A_kiosks_keys_are_all_the_guests()
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, $"kiosk {Pattern}");
        // The splash is gone.
        Assert.True(host.WaitUntil(h => h.Surfaces.Count(s => s.Role?.Contains("toplevel", StringComparison.Ordinal) == true) == 1, s_soon));
        var fullscreens = host.Transcript.Matching(".set_fullscreen(").Count;
        host.KeyboardEnter(ShowTests.Root(host)!.Id);
        Assert.True(host.WaitUntil(h => h.AreShortcutsInhibited, s_soon));
        Tap(host, F11);
        host.KeyboardLeave();
        Assert.True(host.WaitUntil(h => !h.AreShortcutsInhibited, s_soon));
        Assert.Equal(fullscreens, host.Transcript.Matching(".set_fullscreen(").Count);
        Assert.Empty(host.Transcript.Matching(".unset_fullscreen("));
        End(host, run);
    }

    [Fact]
    public void Over_a_guest_without_a_pointer_it_is_the_compositors()
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, $"show {Pattern}");
        host.PointerEnter(ShowTests.Root(host)!.Id, 10, 10);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".set_shape(").Count == 1, s_soon));
        End(host, run);
    }

    [Fact]
    public void Without_cursor_shapes_it_is_the_themes_arrow()
    {
        Assert.SkipUnless(NativeLibrary.TryLoad("libwayland-cursor.so.0", out _), "libwayland-cursor0 is not installed");
        using var host = new FakeHost(Setup().Without("wp_cursor_shape_manager_v1"));
        using var run = Shown(host, $"show {Pattern}");
        host.PointerEnter(ShowTests.Root(host)!.Id, 10, 10);
        Assert.True(host.WaitUntil(h => h.Cursor is var (surface, _, _) && h.Surface(surface) is { Buffer.Width: > 8 }, s_soon));
        End(host, run);
    }

    private static ProgramRun Shown(FakeHost host, string arguments, params (string Name, string Value)[] environment)
    {
        var run = ProgramRun.Start(host, arguments, environment);
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer: not null, Parent: not null }, s_soon));
        return run;
    }

    private static void Tap(FakeHost host, uint code)
    {
        host.Key(code, true);
        host.Key(code, false);
    }

    private static void End(FakeHost host, ProgramRun run)
    {
        run.Terminate();
        Assert.True(run.Wait().ExitCode == 0, run.Messages);
        Assert.Empty(host.Violations);
    }
}
