using System.Globalization;
using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Hosts;

/// <summary>The pointer of a real host in a real QEMU: what arrives there, by QEMU's own trace.</summary>
public sealed class QemuPointerTests
{
    /// <summary>INPUT_EVENT_ABS_MAX (QEMU, include/ui/input.h).</summary>
    private const int AbsMax = 0x7fff;

    // SeaBIOS's text mode, and where it lies in a window of 1280x800 that it is fitted into.
    private const int GuestWidth = 720, GuestHeight = 400, Top = 44, ShownHeight = 711;

    private const string Tablet = "-vga std -device qemu-xhci -device usb-tablet";

    [Fact]
    public async Task A_position_in_a_scaled_and_letterboxed_window_is_mapped_to_the_guest()
    {
        using var qemu = new RealQemu(Tablet, bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = Show(host, qemu);
        await AwaitGuest(host, qemu);
        // No guest polls the tablet, so QEMU is told that it is the one in use. The program hears of it.
        qemu.Monitor($"mouse_set {TabletIndex(qemu)}");
        foreach (var (x, y) in new[] { (640, 400), (1, Top), (1279, Top + ShownHeight - 1), (333, 222), (100, 0), (1279, 799) })
        {
            var (guestX, guestY) = (x * GuestWidth / HeadlessSway.Width, Math.Clamp((int)Math.Floor((y - Top) * GuestHeight / (double)ShownHeight), 0, GuestHeight - 1));
            string[] expected = [Abs('x', guestX, GuestWidth), Abs('y', guestY, GuestHeight)];
            // Moved until it is there: the first may be before the program knows that the guest takes places.
            await Tools.Until(() =>
            {
                MoveTo(seat, x, y);
                return Events(qemu, "input_event_abs").TakeLast(2).SequenceEqual(expected);
            }, () => $"{string.Join('\n', expected)}\nexpected, not\n{string.Join('\n', Events(qemu, "input_event_abs"))}");
        }
        Assert.Empty(Events(qemu, "input_event_rel"));
    }

    [Fact]
    public async Task Buttons_and_wheel_arrive_in_order()
    {
        using var qemu = new RealQemu(Tablet, bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = Show(host, qemu);
        await AwaitGuest(host, qemu);
        qemu.Monitor($"mouse_set {TabletIndex(qemu)}");
        await Tools.Until(() =>
        {
            MoveTo(seat, 640, 400);
            return Events(qemu, "input_event_abs").Any();
        }, () => "no place arrived");
        seat.Click(VirtualSeat.ButtonLeft);
        seat.Click(VirtualSeat.ButtonMiddle);
        seat.Click(VirtualSeat.ButtonRight);
        seat.Click(VirtualSeat.ButtonSide);
        seat.Wheel(1);
        seat.Wheel(-2);
        string[] clicks = ["left", "middle", "right", "side", "wheel-down", "wheel-up", "wheel-up"];
        await AwaitEvents(qemu, "input_event_btn", [.. clicks.SelectMany(button => new[] { $"button {button}, down 1", $"button {button}, down 0" })]);
        // What is held when the window is closed is let go.
        seat.Button(VirtualSeat.ButtonLeft, true);
        await Tools.Until(() => Events(qemu, "input_event_btn").Last() == "button left, down 1", () => string.Join('\n', qemu.Trace()));
        host.Do("kill");
        Assert.Equal(0, show.Wait().ExitCode);
        await Tools.Until(() => Events(qemu, "input_event_btn").TakeLast(2).SequenceEqual(["button left, down 1", "button left, down 0"]), () => string.Join('\n', qemu.Trace()));
    }

    /// <summary>No real compositor of this machine has a touch screen: the fake one has.</summary>
    [Fact]
    public async Task A_tap_is_a_click_for_a_VM_with_a_tablet()
    {
        using var qemu = new RealQemu(Tablet, bootSector: BootSector.Keys);
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { TouchPresent = true });
        using var show = ProgramRun.Start(host, $"show qemu:qmp={qemu.QmpPath}");
        await QemuScreen.AwaitPrompt(qemu);
        await Tools.Until(() => ShowTests.Root(host)?.WindowGeometry is { Width: GuestWidth, Height: GuestHeight }, () => "the VM is not shown");
        qemu.Monitor($"mouse_set {TabletIndex(qemu)}");
        // Tapped until it is a click: the first may be before the program knows that the VM has a tablet.
        await Tools.Until(() =>
        {
            host.TouchDown(ShowTests.Root(host)!.Id, 1, 300, 100);
            host.TouchUp(1);
            return Events(qemu, "input_event_btn").Count() >= 2;
        }, () => string.Join('\n', qemu.Trace()));
        Assert.Equal([Abs('x', 300, GuestWidth), Abs('y', 100, GuestHeight)], Events(qemu, "input_event_abs").Take(2));
        Assert.Equal(["button left, down 1", "button left, down 0"], Events(qemu, "input_event_btn").Take(2));
        Assert.Empty(Events(qemu, "input_event_rel"));
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
        Assert.Empty(host.Violations);
    }

    [Fact]
    public async Task A_guest_without_a_tablet_grabs_the_pointer_until_Ctrl_and_Alt()
    {
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = Show(host, qemu);
        await AwaitGuest(host, qemu);
        seat.MoveTo(640, 400);
        seat.MoveBy(9, 9);
        seat.Click(VirtualSeat.ButtonLeft);
        await AwaitTitle(host, "realqemu (Ctrl+Alt lets go)");
        seat.MoveBy(10, -7);
        await AwaitEvents(qemu, "input_event_rel", ["axis x, value 10", "axis y, value -7"]);
        seat.Click(VirtualSeat.ButtonRight);
        // Neither the click that grabbed nor the motion before it: those were the host's.
        await AwaitEvents(qemu, "input_event_btn", ["button right, down 1", "button right, down 0"]);
        seat.Tap(VirtualSeat.LeftCtrl, VirtualSeat.LeftAlt);
        await AwaitTitle(host, "realqemu");
        // sway 1.7 has no wp_cursor_shape: a pointer that the grab had hidden is seen again all the same.
        await Tools.Until(() => PixelsOfPointer(host, seat, 900, 700) > 20, () => "the pointer that was let go is not seen");
        seat.MoveBy(20, 20);
        seat.Click(VirtualSeat.ButtonRight);
        // A grab anew, by the keys: nothing of what was between the two has arrived.
        seat.Tap(VirtualSeat.LeftCtrl, VirtualSeat.LeftAlt);
        await AwaitTitle(host, "realqemu (Ctrl+Alt lets go)");
        seat.MoveBy(3, 0);
        await AwaitEvents(qemu, "input_event_rel", ["axis x, value 10", "axis y, value -7", "axis x, value 3", "axis y, value 0"]);
        Assert.Equal(2, Events(qemu, "input_event_btn").Count());
        Assert.Empty(Events(qemu, "input_event_abs"));
    }

    /// <summary>From beside it: hosts say nothing of a pointer that stays.</summary>
    private static void MoveTo(VirtualSeat seat, int x, int y)
    {
        seat.MoveTo(x - 1, y);
        seat.MoveTo(x, y);
    }

    /// <summary>How many pixels around a place differ with the pointer there and elsewhere.</summary>
    private static int PixelsOfPointer(HeadlessSway host, VirtualSeat seat, int x, int y)
    {
        const int Around = 40;
        seat.MoveTo(x, y);
        var there = host.Screenshot();
        seat.MoveTo(x / 2, y / 2);
        var elsewhere = host.Screenshot();
        return Enumerable.Range(0, 4 * Around * Around)
            .Select(i => (X: x - Around + i % (2 * Around), Y: y - Around + i / (2 * Around)))
            .Count(at => there[at.X, at.Y] != elsewhere[at.X, at.Y]);
    }

    private static ProgramRun Show(HeadlessSway host, RealQemu qemu) => ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qemu.QmpPath}");

    /// <summary>The guest is in its mode, and its window is there and has been drawn.</summary>
    private static async Task AwaitGuest(HeadlessSway host, RealQemu qemu)
    {
        await QemuScreen.AwaitPrompt(qemu);
        await QemuScreen.AwaitFocus(host);
        await Tools.Until(() => IsAnyWhite(host.Screenshot()), () => "the prompt is not shown");
    }

    private static bool IsAnyWhite(Png screen)
    {
        for (var y = Top; y < Top + ShownHeight; y++)
            for (var x = 0; x < HeadlessSway.Width / 2; x++)
                if (screen[x, y] == 0xa8a8a8)
                    return true;
        return false;
    }

    private static Task AwaitTitle(HeadlessSway host, string title) =>
        Tools.Until(() => host.Windows() is [{ } window] && window.Title == title, () => string.Join(", ", host.Windows()));

    private static Task AwaitEvents(RealQemu qemu, string kind, string[] expected) =>
        Tools.Until(() => Events(qemu, kind).SequenceEqual(expected), () => $"{string.Join('\n', expected)}\nexpected, not\n{string.Join('\n', qemu.Trace())}");

    /// <summary>Events of that kind, without the console that they are for.</summary>
    private static IEnumerable<string> Events(RealQemu qemu, string kind) =>
        qemu.Trace().Where(line => line.StartsWith(kind, StringComparison.Ordinal)).Select(line => line[(line.IndexOf(',') + 2)..]);

    /// <summary>As QEMU scales it (ui/input.c, qemu_input_scale_axis).</summary>
    private static string Abs(char axis, int value, int size) => $"axis {axis}, value 0x{(long)value * AbsMax / size:x}";

    /// <summary>QEMU's number for it.</summary>
    internal static int TabletIndex(RealQemu qemu)
    {
        var line = qemu.Monitor("info mice").Split('\n').First(line => line.Contains("Tablet", StringComparison.Ordinal));
        var number = line[(line.IndexOf('#') + 1)..];
        return int.Parse(number[..number.IndexOf(':')], CultureInfo.InvariantCulture);
    }
}
