using System.Text.RegularExpressions;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>The distribution's QEMU on the distribution's sway, with no VM around them: pixels, keys and pointer, end to end.</summary>
public sealed partial class QemuTests
{
    private const string BiosEnd = "No bootable device.";

    [Theory]
    [InlineData("std")]
    [InlineData("cirrus")]
    [InlineData("qxl")]
    [InlineData("virtio")]
    [InlineData("vmware")]
    public async Task The_window_shows_what_QEMU_shows(string vga)
    {
        using var qemu = new RealQemu($"-vga {vga}");
        using var host = await HeadlessSway.Start();
        using var show = Show(host, qemu, "--scale 1:1");
        await Tools.Until(() => qemu.Text().Contains(BiosEnd, StringComparison.Ordinal), qemu.Text);
        await QemuScreen.AwaitSame(host, qemu);
        Assert.Equal("realqemu", Assert.Single(host.Windows()).Title);
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    [Fact]
    public async Task A_VM_on_a_bus_is_shown()
    {
        using var bus = new PrivateBus();
        using var qemu = new RealQemu(display: $"dbus,addr={bus.Address}", bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:bus={bus.Address} --scale 1:1");
        await QemuScreen.AwaitPrompt(qemu);
        await QemuScreen.AwaitSame(host, qemu);
    }

    [Fact]
    public async Task Two_displays_have_a_window_each()
    {
        using var qemu = new RealQemu("-vga std -device secondary-vga,id=second -monitor vc", bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using (var both = Show(host, qemu))
        {
            await Tools.Until(() => host.Windows().Count == 2, () => string.Join(", ", host.Windows()));
            Assert.Equal(["realqemu VGA", "realqemu second"], host.Windows().Select(window => window.Title).Order(StringComparer.Ordinal));
            both.Terminate();
            Assert.Equal(0, both.Wait().ExitCode);
        }
        await QemuScreen.AwaitPrompt(qemu);
        using var second = Show(host, qemu, "--console 1 --scale 1:1");
        await QemuScreen.AwaitSame(host, qemu, "second");
    }

    [Fact]
    public async Task Typed_keys_arrive()
    {
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = Show(host, qemu, "--scale 1:1");
        seat.MoveTo(HeadlessSway.Width - 1, HeadlessSway.Height - 1);
        await QemuScreen.AwaitFocus(host);
        await QemuScreen.AwaitPrompt(qemu);
        await Type(qemu, seat, "guestplane QEMU 42");
        // As the firmware has them: scancodes of keys without characters.
        foreach (var (code, text) in new[] { (VirtualSeat.Up, "<48>"), (VirtualSeat.Left, "<4b>"), (VirtualSeat.Right, "<4d>"), (VirtualSeat.Down, "<50>"), (VirtualSeat.F1, "<3b>") })
        {
            var before = qemu.Text();
            seat.Tap(code);
            await Tools.Until(() => qemu.Text() == before + text, () => $"{qemu.Text()}, not {before}{text}");
        }
        Assert.Equal(BootSector.Prompt + "guestplane QEMU 42<48><4b><4d><50><3b>", qemu.Text());
        await QemuScreen.AwaitSame(host, qemu);
    }

    [Fact]
    public async Task A_held_key_repeats_and_is_released_when_the_focus_is_lost()
    {
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = Show(host, qemu);
        await QemuScreen.AwaitFocus(host);
        await QemuScreen.AwaitPrompt(qemu);
        host.Do("input * repeat_delay 600");
        seat.Keys(true, VirtualSeat.LeftShift, VirtualSeat.A);
        await Tools.Until(() => qemu.Text().StartsWith(BootSector.Prompt + "AAAA", StringComparison.Ordinal), qemu.Text);
        host.Do("workspace elsewhere");
        await Tools.Until(() => Held(qemu).Count == 0, () => string.Join('\n', qemu.Trace()));
        host.Do("input * repeat_delay 10000");
        // Pressed elsewhere: of these, only Shift is for this guest when it has the focus again.
        seat.Keys(false, VirtualSeat.LeftShift, VirtualSeat.A);
        seat.Tap(VirtualSeat.A);
        seat.Keys(true, VirtualSeat.LeftShift, VirtualSeat.Esc);
        host.Do("workspace back_and_forth");
        await QemuScreen.AwaitFocus(host);
        seat.Type("b");
        await Tools.Until(() => qemu.Text().EndsWith('B'), qemu.Text);
        Assert.Matches($"^{BootSector.Prompt}[A\n]{{4,}}B$", qemu.Text());
        await Tools.Until(() => Held(qemu).SetEquals(["shift"]), () => string.Join('\n', qemu.Trace()));
        seat.Keys(false, VirtualSeat.Esc, VirtualSeat.LeftShift);
        await Tools.Until(() => Held(qemu).Count == 0, () => string.Join('\n', qemu.Trace()));
        Assert.DoesNotContain("esc 1", KeyEvents(qemu));
    }

    [Fact]
    public async Task Keys_that_are_held_at_the_end_are_released()
    {
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = Show(host, qemu);
        await QemuScreen.AwaitFocus(host);
        seat.Keys(true, VirtualSeat.LeftCtrl);
        await Tools.Until(() => Held(qemu).Count == 1, () => string.Join('\n', qemu.Trace()));
        host.Do("kill");
        Assert.Equal(0, show.Wait().ExitCode);
        await Tools.Until(() => Held(qemu).Count == 0, () => string.Join('\n', qemu.Trace()));
    }

    /// <summary>Each by QEMU's own name for it, from the code of the first of each row on (linux/input-event-codes.h).</summary>
    [Fact]
    public async Task Every_key_of_a_PC_keyboard_is_the_same_key_in_QEMU()
    {
        (uint First, string Names)[] rows =
        [
            (1, "esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace tab q w e r t y u i o p bracket_left bracket_right ret ctrl a s d f g h j k l"),
            (39, "semicolon apostrophe grave_accent shift backslash z x c v b n m comma dot slash shift_r kp_multiply alt spc caps_lock"),
            (59, "f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 num_lock scroll_lock kp_7 kp_8 kp_9 kp_subtract kp_4 kp_5 kp_6 kp_add kp_1 kp_2 kp_3 kp_0 kp_decimal"),
            (86, "less f11 f12 ro"),
            (96, "kp_enter ctrl_r kp_divide print alt_r lf home up pgup left right end down pgdn insert delete"),
            (113, "audiomute volumedown volumeup"),
            (119, "pause"),
            (122, "lang1 lang2 yen meta_l meta_r compose"),
        ];
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = Show(host, qemu);
        await QemuScreen.AwaitFocus(host);
        // F11 is ours until the guest has grabbed the keyboard; what that takes goes to the guest, too.
        seat.Tap(VirtualSeat.F11);
        seat.Tap(VirtualSeat.F11);
        seat.Tap(VirtualSeat.LeftCtrl, VirtualSeat.LeftAlt);
        await Tools.Until(() => KeyEvents(qemu).Count() >= 4 && Held(qemu).Count == 0, () => string.Join('\n', qemu.Trace()));
        var expected = KeyEvents(qemu).ToList();
        Assert.DoesNotContain("f11 1", expected);
        foreach (var (first, names) in rows)
            foreach (var (index, name) in names.Split(' ').Index())
            {
                seat.Tap(first + (uint)index);
                expected.AddRange([$"{name} 1", $"{name} 0"]);
            }
        await Tools.Until(() => KeyEvents(qemu).Count() >= expected.Count, () => string.Join('\n', qemu.Trace()));
        Assert.Equal(expected, KeyEvents(qemu));
    }

    /// <summary>The keys that QEMU has seen pressed and not let go.</summary>
    private static HashSet<string> Held(RealQemu qemu)
    {
        var held = new HashSet<string>();
        foreach (var words in KeyEvents(qemu).Select(line => line.Split(' ')))
            if (words[1] == "1")
                held.Add(words[0]);
            else
                held.Remove(words[0]);
        return held;
    }

    /// <summary>As "shift 1" and "shift 0".</summary>
    internal static IEnumerable<string> KeyEvents(RealQemu qemu) =>
        qemu.Trace().Select(line => KeyEvent().Match(line)).Where(match => match.Success).Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value}");

    private static ProgramRun Show(HeadlessSway host, RealQemu qemu, string options = "") =>
        ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qemu.QmpPath} {options}".TrimEnd());

    /// <summary>One after the other: a PC's keyboard keeps no more than 16 bytes for a guest that is busy.</summary>
    private static async Task Type(RealQemu qemu, VirtualSeat seat, string text)
    {
        var shown = qemu.Text();
        foreach (var letter in text)
        {
            seat.Type($"{letter}");
            shown += letter;
            await Tools.Until(() => qemu.Text() == shown.TrimEnd(), () => $"{qemu.Text()}, not {shown}");
        }
    }

    [GeneratedRegex(@"^input_event_key_(?:qcode|number) con -?\d+, key (?:qcode|number) (\S+), down (\d)")]
    private static partial Regex KeyEvent();
}
