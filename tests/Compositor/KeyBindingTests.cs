using Guestplane.Compositor;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The keys of --keys: how they are written, and what they do in a window.</summary>
public sealed class KeyBindingTests
{
    // linux/input-event-codes.h.
    private const uint Equal = 13, S = 31, LeftCtrl = 29, LeftShift = 42, LeftAlt = 56, End = 107, G = 34, F11 = 87, Q = 16;

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("fullscreen=Super+Return", "Super+Return")]
    [InlineData("fullscreen=ctrl+ALT+s", "Ctrl+Alt+S")]
    [InlineData("fullscreen=f12", "F12")]
    [InlineData("fullscreen=Ctrl+Alt+plus", "Ctrl+Alt+plus")]
    [InlineData("fullscreen=none", "")]
    [InlineData("screenshot=F11,fullscreen=F12", "F12")]
    public void Keys_are_printed_as_they_are_written(string text, string keys) =>
        Assert.Equal(keys, $"{KeyBindings.Parse(text, out _)![BoundAction.Fullscreen]}");

    [Theory]
    [InlineData("fullscren=F1", "there is no action \"fullscren\" (there are: fullscreen, release, screenshot, zoom-in, zoom-out, zoom-reset, quit, send-ctrl-alt-del, ")]
    [InlineData("quit", "\"\" names no keys; they are written as Ctrl+Alt+S, F11 or none")]
    [InlineData("quit=Ctrl+Nothing", "\"Ctrl+Nothing\" names no keys")]
    [InlineData("quit=Q+Ctrl", "\"Q+Ctrl\" names no keys")]
    [InlineData("quit=Ctrl+Alt", "\"Ctrl+Alt\" has no key; only release can be modifiers alone")]
    [InlineData("quit=F11", "F11 is given to two actions")]
    public void Wrong_keys_are_named(string text, string problem)
    {
        Assert.Null(KeyBindings.Parse(text, out var found));
        Assert.StartsWith(problem, found, StringComparison.Ordinal);
        using var run = ProgramRun.Alone($"show pattern --keys {text}");
        Assert.Equal(64, run.ExitCode);
        Assert.StartsWith($"guestplane: --keys: {problem}", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_Alt_Del_is_sent_for_another_key_which_the_VM_does_not_see()
    {
        using var desktop = QemuDesktop.Shown("--keys send-ctrl-alt-del=Ctrl+Alt+End,send-ctrl-alt-f2=Super+S");
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.Key(LeftCtrl, true);
        desktop.Host.Key(LeftAlt, true);
        desktop.Host.SetModifiers(Control | Alt);
        desktop.Host.Key(End, true);
        desktop.Host.Key(End, false);
        desktop.Host.Key(LeftAlt, false);
        desktop.Host.Key(LeftCtrl, false);
        desktop.Host.SetModifiers(0);
        // Ctrl, Alt, Del and its release, Alt, Ctrl.
        Assert.Equal([0x1d, 0x38, 0xd3, 0xd3, 0x38, 0x1d], desktop.Sent(6).Cast<QemuKey>().Select(key => (int)key.Qnum));
        // It is no chord: nothing is grabbed.
        Assert.Equal("fake", desktop.Root.Title);
        desktop.End();
    }

    [Fact]
    public void Another_key_releases_a_grab_and_the_others_are_the_VMs_during_it()
    {
        using var desktop = QemuDesktop.Shown("--keys release=Ctrl+G");
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        Press(desktop.Host, Control, G);
        desktop.Wait(h => ShowTests.Root(h)!.Title == "fake (Ctrl+G lets go)");
        Press(desktop.Host, 0, F11);
        desktop.WaitQemu(q => q.Input.Contains(new QemuKey(0, 0x57, false)));
        Press(desktop.Host, Control, G);
        desktop.Wait(h => ShowTests.Root(h)!.Title == "fake");
        Press(desktop.Host, 0, F11);
        desktop.Wait(h => h.Transcript.Matching(".set_fullscreen(").Count == 1);
        desktop.End();
        Assert.DoesNotContain(desktop.Qemu.Input, input => input is QemuKey { Qnum: 0x22 });
    }

    [Fact]
    public void A_screenshot_has_the_VMs_own_pixels()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-shots-");
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var run = Shown(host, $"--keys screenshot=Ctrl+Alt+S,quit=Ctrl+Q --screenshots {folder.FullName} --scale stretch --fullscreen");
        Press(host, Control | Alt, S);
        run.WaitFor($"The screenshot is in {folder.FullName}/guestplane-");
        var shot = Png.Read(Assert.Single(folder.GetFiles()).FullName);
        var (pixels, stride) = (host.ReadPixels(ShowTests.Primary(host)!).Bytes, 256 * 4);
        Assert.Equal((256, 192), (shot.Width, shot.Height));
        for (var y = 0; y < shot.Height; y++)
            for (var x = 0; x < shot.Width; x++)
                Assert.Equal(BitConverter.ToInt32(pixels, y * stride + x * 4) & 0xffffff, (int)shot[x, y]);
        Press(host, Control, Q);
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_screenshot_is_saved_although_the_show_ends_at_once()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-shots-");
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var run = Shown(host, $"--keys screenshot=Ctrl+Alt+S,quit=Ctrl+Q --screenshots {folder.FullName} --fullscreen");
        Press(host, Control | Alt, S);
        Press(host, Control, Q);
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Contains($"The screenshot is in {folder.FullName}/guestplane-", run.Messages, StringComparison.Ordinal);
        Assert.Equal(256, Png.Read(Assert.Single(folder.GetFiles()).FullName).Width);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_screenshot_that_cannot_be_saved_is_reported()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var run = Shown(host, "--keys screenshot=Ctrl+Alt+S --screenshots /nonexistent");
        Press(host, Control | Alt, S);
        run.WaitFor("The screenshot is not saved: /nonexistent/guestplane-");
    }

    [Fact]
    public void The_image_is_zoomed_in_steps()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { KeyboardPresent = true });
        using var run = Shown(host, "--keys zoom-in=Ctrl+plus,zoom-out=Ctrl+minus,zoom-reset=Ctrl+0");
        // On a US keyboard plus is Shift and equal.
        Press(host, Control | Shift, Equal);
        Wait(320, 240);
        Press(host, Control | Shift, Equal);
        Wait(384, 288);
        Press(host, Control, Equal - 1);
        Wait(320, 240);
        // A size that the user gave the window is given up for it.
        host.Configure(500, 400);
        Wait(500, 400);
        Press(host, Control, Equal - 1);
        Wait(256, 192);
        Press(host, Control, Equal - 1);
        Press(host, Control, Equal - 2);
        Wait(256, 192);

        void Wait(int width, int height) => Assert.True(host.WaitUntil(h => ShowTests.Root(h)!.WindowGeometry is { } window
            && (window.Width, window.Height) == (width, height), s_soon), $"{ShowTests.Root(host)!.WindowGeometry}, and not {width}x{height}");
    }

    // The real modifiers of xkb.
    private const uint Shift = 1, Control = 4, Alt = 8;

    private static ProgramRun Shown(FakeHost host, string arguments)
    {
        var run = ProgramRun.Start(host, $"show pattern:size=256x192,memory=memfd,no-cursor,still {arguments}");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Parent: not null, Buffer: not null }
            && ShowTests.Root(h) is { WindowGeometry: not null, Buffer: not null }, s_soon), "not shown");
        host.KeyboardEnter(ShowTests.Root(host)!.Id);
        return run;
    }

    private static void Press(FakeHost host, uint modifiers, uint key)
    {
        uint[] codes = [.. new[] { (Shift, LeftShift), (Control, LeftCtrl), (Alt, LeftAlt) }.Where(held => (modifiers & held.Item1) != 0).Select(held => held.Item2)];
        foreach (var code in codes)
            host.Key(code, true);
        host.SetModifiers(modifiers);
        host.Key(key, true);
        host.Key(key, false);
        foreach (var code in codes.Reverse())
            host.Key(code, false);
        host.SetModifiers(0);
    }
}
