using System.Globalization;
using System.Text.RegularExpressions;
using Guestplane.Tests.Compositor;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Rig;

/// <summary>
/// A Linux VM with a desktop, shown on this machine's own sway. The tests run in the order of this file: the first finds the VM at
/// its console, and the last ends it.
/// </summary>
[Trait("Needs", "rig")]
[TestMethodOrderer(typeof(OrderOfFile))]
public sealed partial class LinuxGuestTests : IClassFixture<LinuxGuest>
{
    private const int Width = HeadlessSway.Width, Height = HeadlessSway.Height;

    /// <summary>A version of QEMU that finds the agent again whose connection it has ended; 7.2 does not (doc/clipboard.md).</summary>
    private const int FindsAgent = 10;

    /// <summary>weston-eventdemo's square.</summary>
    private const uint Red = 0xff0000;

    private readonly LinuxGuest _guest;

    public LinuxGuestTests(LinuxGuest guest)
    {
        guest.SkipIfMissing();
        _guest = guest;
    }

    [Fact]
    public async Task The_console_is_shown_and_then_the_desktop_in_the_windows_size()
    {
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat);
        await AwaitConsole(host);
        _guest.StartDesktop();
        await AwaitDesktop(host);
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    [Fact]
    public async Task Typed_text_arrives_in_a_program()
    {
        const string Text = "Hello, World (1)! {a_b} \"c\" ~ 100% <|>";
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat);
        _guest.StartDesktop();
        Focus("wayland-terminal");
        // A virtual keyboard of QEMU's holds 64 events that the VM has not read, and drops what comes then: 16 letters.
        var (typed, expected) = ("", "");
        foreach (var word in Text.Split(' '))
        {
            seat.Type($"{word} ");
            expected += $"{word} ";
            await LinuxGuest.Until(() => (typed = _guest.Run("cat /run/typed")) == expected, () => typed);
        }
    }

    [Theory]
    [InlineData("1", "fit")]
    [InlineData("1.5", "fit")]
    [InlineData("1.5", "1:1")]
    public async Task The_pointer_is_where_it_is_pointed_to(string scale, string fit)
    {
        using var host = await HeadlessSway.Start();
        host.Do($"output * scale {scale}");
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat, fit);
        _guest.StartDesktop();
        Focus("eventdemo", "fullscreen enable");
        var screen = _guest.Screendump();
        foreach (var (x, y) in new[] { (Width / 2, Height / 2), (0, 0), (Width - 1, 0), (0, Height - 1), (Width - 1, Height - 1) })
            await LinuxGuest.Until(() =>
            {
                MoveTo(seat, x, y);
                return IsNear(Motion(), (x * (double)screen.Width / Width, y * (double)screen.Height / Height));
            }, () => $"{x},{y} of {Width}x{Height} expected, not {Motion()} of {screen.Width}x{screen.Height}");
        _guest.Run("swaymsg fullscreen disable");
    }

    [Fact]
    public async Task Clicks_the_wheel_and_a_drag_arrive_in_order()
    {
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat);
        _guest.StartDesktop();
        Focus("eventdemo", "fullscreen enable");
        await LinuxGuest.Until(() =>
        {
            MoveTo(seat, 640, 400);
            return IsNear(Motion(), (640, 400));
        }, () => Motion().ToString());
        var heard = Events().Length;
        // One after the other: the VM's libinput holds a release back that comes at once, in case the button bounces.
        await AwaitHeard(() => seat.Button(VirtualSeat.ButtonRight, true), "button 273 pressed");
        await AwaitHeard(() => seat.Button(VirtualSeat.ButtonRight, false), "button 273 released");
        await AwaitHeard(() => seat.Wheel(2), @"axis 15\naxis 15");
        await AwaitHeard(() => seat.Wheel(-1), "axis -15");
        await AwaitHeard(() => seat.Button(VirtualSeat.ButtonLeft, true), "button 272 pressed");
        await AwaitHeard(() => seat.MoveTo(700, 420), @"motion (699|700)\.\d+ (419|420)\.\d+");
        await AwaitHeard(() => seat.Button(VirtualSeat.ButtonLeft, false), "button 272 released");
        _guest.Run("swaymsg fullscreen disable");

        async Task AwaitHeard(Action act, string pattern)
        {
            string[] events = [];
            act();
            // The way to 640,400 may not have been at its end.
            await LinuxGuest.Until(() => Regex.IsMatch(string.Join('\n', events = Events()[heard..]), $@"^(motion .*\n)*{pattern}$"),
                () => $"{pattern} expected, not\n{string.Join('\n', events)}");
            heard += events.Length;
        }
    }

    [Fact]
    public async Task The_VM_is_asked_for_its_windows_size()
    {
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat);
        _guest.StartDesktop();
        await AwaitMode(0, Width, Height);
        await Resize(host, 960, 600);
        await AwaitMode(0, 960, 600);
        // wlroots looks at the modes of an output only when it is plugged in: other desktops do this by themselves.
        foreach (var (width, height) in new[] { (960, 600), (Width, Height) })
        {
            if (width == Width)
                host.Do("floating disable");
            await AwaitMode(0, width, height);
            await SetMode(0, width, height);
            await AwaitSame(host, width, height);
        }
    }

    [Fact]
    public async Task The_desktop_fills_an_output_of_weston()
    {
        _guest.StartDesktop();
        using var host = new HeadlessWeston();
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessWeston.Display, $"show qemu:qmp={_guest.QmpPath} --console 0 --fullscreen");
        await AwaitColour(Red);
        await QemuScreen.AwaitSame(host.Screenshot, () => _guest.Screendump());
        AssertShows(host.Screenshot(), Red);
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    [Fact]
    public async Task The_second_output_of_the_card_is_plugged_in_by_its_window()
    {
        _guest.StartDesktop();
        Assert.Equal("disconnected\n", Status());
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={_guest.QmpPath} --scale 1:1");
        seat.MoveTo(Width - 1, Height - 1);
        await LinuxGuest.Until(() => Status() == "connected\n", Status);
        await AwaitMode(1, Width / 2, Height);
        await LinuxGuest.Until(() => _guest.Run("swaymsg -t get_outputs").Contains("Virtual-2", StringComparison.Ordinal), () => "the desktop has no second output");
        Focus("eventdemo", "move to output Virtual-2");
        await AwaitColour(Red, head: 1);
        var left = host.Windows()[0].Title.EndsWith(".1", StringComparison.Ordinal) ? 0 : Width / 2;
        await QemuScreen.AwaitSame(host.Screenshot, () => _guest.Screendump(1), new(left, 0, Width / 2, Height));
        Focus("eventdemo", "move to output Virtual-1");
        _guest.Run("swaymsg output Virtual-2 disable");

        string Status() => _guest.Run("cat /sys/class/drm/card*-Virtual-2/status");
    }

    [Fact]
    public async Task What_is_copied_is_pasted_on_both_sides()
    {
        Assert.SkipUnless(Tools.Has("wl-copy") && Tools.Has("wl-paste"), "wl-clipboard is not installed");
        _guest.StartDesktop();
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat);
        if (_guest.Execute("query-version").GetProperty("qemu").GetProperty("major").GetInt32() < FindsAgent)
            _guest.Run("agent_login");
        foreach (var round in new[] { 1, 2 })
        {
            // A copy of the VM's needs the serial of a key that is newer than the last copy.
            seat.Type("x");
            _guest.Run($"printf 'of the VM {round}' | xclip -selection clipboard >/dev/null 2>&1");
            var pasted = "";
            await LinuxGuest.Until(() => (pasted = host.Paste()) == $"of the VM {round}", () => $"\"{pasted}\" is pasted{_guest.Logs()}");
            host.Copy($"of the desktop {round}");
            await LinuxGuest.Until(() => (pasted = _guest.Run("timeout 60 xclip -o -selection clipboard || true")) == $"of the desktop {round}", () => $"\"{pasted}\" is pasted in the VM{_guest.Logs()}");
        }
    }

    [Fact]
    public async Task It_is_stopped_goes_on_is_reset_and_comes_back()
    {
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat);
        _guest.StartDesktop();
        await AwaitDesktop(host);
        _guest.Execute("stop");
        await AwaitDesktop(host);
        _guest.Execute("cont");
        Focus("wayland-terminal");
        seat.Type("it goes on");
        var typed = "";
        await LinuxGuest.Until(() => (typed = _guest.Run("cat /run/typed")).EndsWith("it goes on", StringComparison.Ordinal), () => typed);
        // The firmware's text, and then Linux's console.
        _guest.Execute("system_reset");
        await AwaitConsole(host);
        _guest.AwaitBoot();
        await QemuScreen.AwaitSame(host.Screenshot, () => _guest.Screendump());
        Assert.False(show.HasEnded);
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    [Fact]
    public async Task A_desktop_that_can_follows_its_window_by_itself_until_the_power_button_is_pressed()
    {
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, seat);
        _guest.StartFollowingDesktop();
        await AwaitColour(Red);
        await AwaitFollowed(host, Width, Height);
        await Resize(host, 962, 604);
        await AwaitFollowed(host, 962, 604);
        await Resize(host, 640, 420);
        await AwaitFollowed(host, 640, 420);
        host.Do("floating disable");
        await AwaitFollowed(host, Width, Height);
        _guest.Execute("system_powerdown");
        Assert.Equal(74, show.Wait().ExitCode);
        Assert.Contains("is gone", show.Messages, StringComparison.Ordinal);
    }

    /// <summary>In a window as large as the output, with the pointer in its corner.</summary>
    private async Task<ProgramRun> Show(HeadlessSway host, VirtualSeat seat, string scale = "1:1")
    {
        // On a busy machine a key's release may come as late as a repeat.
        host.Do("input type:keyboard repeat_rate 0");
        var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={_guest.QmpPath} --console 0 --scale {scale}");
        seat.MoveTo(Width - 1, Height - 1);
        await QemuScreen.AwaitFocus(host);
        return show;
    }

    /// <summary>Until the VM has set the mode by itself, and its window has its image.</summary>
    private async Task AwaitFollowed(HeadlessSway host, int width, int height)
    {
        var mode = (0, 0);
        await LinuxGuest.Until(() => (mode = Mode(0)) == (width, height),
            () => $"{width}x{height} expected, not {mode}; its kernel was told of {_guest.PreferredMode(0)}");
        await AwaitSame(host, width, height);
    }

    /// <summary>In a window of that size: sway puts a floating one into the middle.</summary>
    private Task AwaitSame(HeadlessSway host, int width, int height) =>
        QemuScreen.AwaitSame(host.Screenshot, () => _guest.Screendump(), new((Width - width) / 2, (Height - height) / 2, width, height));

    /// <summary>VGA's text mode.</summary>
    private async Task AwaitConsole(HeadlessSway host)
    {
        const uint Grey = 0xa8a8a8;
        await LinuxGuest.Until(() => _guest.Screendump() is { Width: 720, Height: 400 }, () => $"{_guest.Screendump().Width} is no text mode");
        await AwaitColour(Grey);
        await QemuScreen.AwaitSame(host.Screenshot, () => _guest.Screendump());
    }

    /// <summary>Until QEMU's screen has it: the window is the same as that screen also before anything is drawn.</summary>
    private Task AwaitColour(uint colour, int head = 0) =>
        LinuxGuest.Until(() => Shows(_guest.Screendump(head), colour), () => $"{colour:x6} is not on QEMU's screen");

    private async Task AwaitDesktop(HeadlessSway host)
    {
        await AwaitColour(Red);
        await QemuScreen.AwaitSame(host.Screenshot, () => _guest.Screendump());
        var screen = host.Screenshot();
        Assert.Equal((Width, Height), (_guest.Screendump().Width, _guest.Screendump().Height));
        AssertShows(screen, Red);
    }

    private static void AssertShows(Png screen, uint colour) => Assert.True(Shows(screen, colour), $"{colour:x6} is not on the screen");

    private static bool Shows(Png screen, uint colour) =>
        Enumerable.Range(0, screen.Width * screen.Height).Any(i => screen[i % screen.Width, i / screen.Width] == colour);

    /// <summary>A window of the VM's desktop.</summary>
    private void Focus(string program, string? also = null) => _guest.Run($"swaymsg '[app_id=\".*{program}\"] focus{(also is null ? "" : ", " + also)}'");

    private Task SetMode(int head, int width, int height) => LinuxGuest.Until(() =>
    {
        _guest.Run($"swaymsg -- output Virtual-{head + 1} mode --custom {width}x{height}");
        return Mode(head) == (width, height);
    }, () => $"the desktop does not take {width}x{height}");

    private (int Width, int Height) Mode(int head)
    {
        var screen = _guest.Screendump(head);
        return (screen.Width, screen.Height);
    }

    private Task AwaitMode(int head, int width, int height) =>
        LinuxGuest.Until(() => _guest.PreferredMode(head) == $"{width}x{height}", () => $"{width}x{height} expected, not {_guest.PreferredMode(head)}");

    /// <summary>Said again until it holds: a floating window that is still drawing its last size takes that back on sway.</summary>
    private static async Task Resize(HeadlessSway host, int width, int height)
    {
        host.Do("floating enable");
        await Tools.Until(() =>
        {
            host.Do($"resize set {width} {height}");
            return host.Windows() is [var window] && (window.Width, window.Height) == (width, height);
        }, () => string.Join(", ", host.Windows()));
    }

    /// <summary>From beside it: hosts say nothing of a pointer that stays.</summary>
    private static void MoveTo(VirtualSeat seat, int x, int y)
    {
        seat.MoveTo(x == 0 ? 1 : x - 1, y);
        seat.MoveTo(x, y);
    }

    /// <summary>Within a pixel. The VM's own place for one is a little less: its tablet has 32768 steps, of which QEMU uses 32767.</summary>
    private static bool IsNear((double X, double Y) at, (double X, double Y) expected) =>
        Math.Abs(Math.Round(at.X) - expected.X) <= 1 && Math.Abs(Math.Round(at.Y) - expected.Y) <= 1;

    /// <summary>The last that the VM's program has heard; NaN if nothing.</summary>
    private (double X, double Y) Motion()
    {
        var last = Motions().Match(_guest.Run("grep ^motion /run/events | tail -n 1"));
        return last.Success ? (double.Parse(last.Groups[1].ValueSpan, CultureInfo.InvariantCulture), double.Parse(last.Groups[2].ValueSpan, CultureInfo.InvariantCulture))
            : (double.NaN, double.NaN);
    }

    /// <summary>What the VM's program has heard, as "button 273 pressed", "axis 15", "motion 700 420".</summary>
    private string[] Events() => [.. _guest.Run("cat /run/events").Split('\n').Select(line =>
        Buttons().Match(line) is { Success: true } button ? $"button {button.Groups[1]} {button.Groups[2]}"
        : Axes().Match(line) is { Success: true } axis ? $"axis {axis.Groups[1]}"
        : Motions().Match(line) is { Success: true } motion ? $"motion {motion.Groups[1]} {motion.Groups[2]}" : "").Where(line => line.Length > 0)];

    [GeneratedRegex(@"^motion .*x: ([\d.]+), y: ([\d.]+)")]
    private static partial Regex Motions();

    [GeneratedRegex(@"^button .*button: (\d+), state: (\w+)")]
    private static partial Regex Buttons();

    [GeneratedRegex(@"^axis .*vertical, value: (-?\d+)")]
    private static partial Regex Axes();
}
