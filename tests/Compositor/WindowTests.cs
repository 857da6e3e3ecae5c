using System.Runtime.InteropServices;
using Guestplane.Tests.Fakes;
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
    public void The_host_draws_a_frame_unless_it_shall_not(string arguments, int mode)
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
    public void Where_the_host_draws_no_frame_libdecor_does_but_not_around_a_full_screen()
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

    /// <summary>weston ends a user's resize, and full screen, so.</summary>
    [Fact]
    public void Where_the_host_leaves_the_size_to_us_it_stays_what_the_user_made_of_it()
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
    public void Over_a_guest_without_a_pointer_it_is_the_hosts()
    {
        using var host = new FakeHost(Setup());
        using var run = Shown(host, $"show {Pattern}");
        host.PointerEnter(ShowTests.Root(host)!.Id, 10, 10);
        Assert.True(host.WaitUntil(h => h.Transcript.Matching(".set_shape(").Count == 1, s_soon));
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
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }
}
