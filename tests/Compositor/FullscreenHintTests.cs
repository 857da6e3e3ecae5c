using System.Runtime.InteropServices;
using Guestplane.Compositor;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>What a window that the user makes full screen says for a moment.</summary>
public sealed class FullscreenHintTests
{
    private const uint F11 = 87, A = 30;
    private const string Pattern = "show pattern:memory=memfd,size=640x480,no-cursor";

    /// <summary>What wl_shm's argb8888 is: no other surface here has it.</summary>
    private const string TextBuffer = ", 0)";

    [Theory]
    [InlineData(null, true, "Let keys and pointer go: Ctrl+Alt|Leave full screen: F11")]
    [InlineData(null, false, "Leave full screen: F11")]
    [InlineData("fullscreen=Super+Return,release=Ctrl+G", true, "Let keys and pointer go: Ctrl+G|Leave full screen: Super+Return")]
    [InlineData("fullscreen=none,release=none", true, "")]
    public void It_names_the_keys_that_are_bound(string? keys, bool hasInput, string words) =>
        Assert.Equal(words, string.Join('|', FullscreenHint.Words(keys is null ? KeyBindings.Default : KeyBindings.Parse(keys, out _)!, hasInput)));

    [Fact]
    public void It_is_above_the_image_and_goes_by_itself()
    {
        SkipWithoutPango();
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var run = ProgramRun.Start(host, Pattern);
        Wait(host, h => ShowTests.Primary(h) is { Buffer: not null, Parent: not null });
        Assert.Null(ShowTests.Cursor(host));
        MakeFullscreen(host);
        Wait(host, h => ShowTests.Cursor(h) is not null);
        var hint = ShowTests.Cursor(host)!;
        var pixels = host.ReadPixels(hint).Bytes;
        var (clear, lit) = (0, 0);
        for (var i = 0; i < pixels.Length; i += 4)
        {
            clear += pixels[i + 3] == 0 ? 1 : 0;
            lit += pixels[i] > 200 ? 1 : 0;
        }
        Assert.Single(TextBuffers(host));
        // Round corners, and letters.
        Assert.InRange(clear, 4, 200);
        Assert.InRange(lit, 100, pixels.Length / 8);
        Wait(host, h => ShowTests.Cursor(h) is null);
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void The_next_key_ends_it_and_is_the_VMs()
    {
        SkipWithoutPango();
        using var desktop = QemuDesktop.Shown();
        MakeFullscreen(desktop.Host);
        desktop.Wait(h => ShowTests.Cursor(h) is not null);
        desktop.Host.Key(A, true);
        desktop.WaitQemu(q => q.Input.Contains(new QemuKey(0, A, true)));
        // The next image comes to the compositor after what the key did.
        using var memory = QemuDesktop.Memory(0x40);
        var commits = desktop.Primary.Commits;
        desktop.Show(memory);
        desktop.Wait(h => ShowTests.Primary(h)!.Commits > commits);
        Assert.Null(ShowTests.Cursor(desktop.Host));
        desktop.End();
    }

    [Theory]
    [InlineData("show", "--no-text")]
    [InlineData("show", "--keys fullscreen=none,release=none")]
    [InlineData("show", "--fullscreen")]
    [InlineData("kiosk", "")]
    public void There_is_none_where_nobody_needs_it(string command, string arguments)
    {
        using var desktop = QemuDesktop.Shown(arguments, command: command);
        desktop.Host.Configure(1024, 768, fullscreen: true);
        desktop.Wait(h => ShowTests.Root(h)!.WindowGeometry is { Width: 1024 });
        desktop.End();
        Assert.Empty(TextBuffers(desktop.Host));
    }

    /// <summary>As sway does: the window is an ordinary one until it has an image, and then full screen.</summary>
    [Fact]
    public void Full_screen_that_was_requested_at_the_start_and_comes_late_has_none()
    {
        SkipWithoutPango();
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true, IgnoresEarlyFullscreen = true });
        using var run = ProgramRun.Start(host, $"{Pattern} --fullscreen");
        Wait(host, h => ShowTests.Primary(h) is { Buffer: not null, Parent: not null });
        host.Configure(800, 600);
        Wait(host, h => ShowTests.Root(h)!.WindowGeometry is { Width: 800 });
        host.Configure(1024, 768, fullscreen: true);
        Wait(host, h => ShowTests.Root(h)!.WindowGeometry is { Width: 1024 });
        var commits = ShowTests.Primary(host)!.Commits;
        Wait(host, h => ShowTests.Primary(h)!.Commits > commits + 30);
        Assert.Empty(TextBuffers(host));
        // By its key the user makes it a window, and full screen again.
        host.KeyboardEnter(ShowTests.Root(host)!.Id);
        PressF11(host);
        Wait(host, h => !ShowTests.Root(h)!.WantsFullscreen);
        host.Configure(800, 600);
        Wait(host, h => ShowTests.Root(h)!.WindowGeometry is { Width: 800 });
        PressF11(host);
        Wait(host, h => TextBuffers(h).Any());
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public void Without_the_library_there_is_none_and_a_verbose_line_says_so()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-lib-");
        File.WriteAllText(Path.Combine(folder.FullName, TextImage.File), "no library");
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var run = ProgramRun.Start(host, $"{Pattern} --verbose", ("LD_LIBRARY_PATH", folder.FullName));
        Wait(host, h => ShowTests.Primary(h) is { Buffer: not null, Parent: not null });
        MakeFullscreen(host);
        run.WaitFor($"There is no text in the window: {TextImage.File} is not installed (Debian: libpangocairo-1.0-0).");
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
        folder.Delete(recursive: true);
    }

    /// <summary>Pango would end the process.</summary>
    [Fact]
    public void Without_a_font_there_is_none()
    {
        SkipWithoutPango();
        var fonts = Path.GetTempFileName();
        File.WriteAllText(fonts, "<fontconfig/>");
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var run = ProgramRun.Start(host, $"{Pattern} --verbose", ("FONTCONFIG_FILE", fonts));
        Wait(host, h => ShowTests.Primary(h) is { Buffer: not null, Parent: not null });
        MakeFullscreen(host);
        run.WaitFor("There is no text in the window: no font is installed.");
        run.Terminate();
        Assert.Equal(0, run.Wait().ExitCode);
        File.Delete(fonts);
    }

    private static IEnumerable<string> TextBuffers(FakeHost host) =>
        host.Transcript.Matching(".create_buffer(").Where(request => request.EndsWith(TextBuffer, StringComparison.Ordinal));

    private static void SkipWithoutPango() =>
        Assert.SkipUnless(NativeLibrary.TryLoad(TextImage.File, out _), $"{TextImage.File} is not installed (Debian: libpangocairo-1.0-0)");

    private static void MakeFullscreen(FakeHost host)
    {
        host.KeyboardEnter(ShowTests.Root(host)!.Id);
        PressF11(host);
        Wait(host, h => h.Transcript.Matching(".set_fullscreen(").Count == 1);
        host.Configure(1024, 768, fullscreen: true);
    }

    private static void PressF11(FakeHost host)
    {
        host.Key(F11, true);
        host.Key(F11, false);
    }

    private static void Wait(FakeHost host, Func<FakeHost, bool> condition) =>
        Assert.True(host.WaitUntil(condition, QemuDesktop.Soon), "the host did not come to see it");
}
