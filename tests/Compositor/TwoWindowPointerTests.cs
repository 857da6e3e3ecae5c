using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>Pointer, pens and fingers over two windows of one VM.</summary>
public sealed class TwoWindowPointerTests
{
    // linux/input-event-codes.h.
    private const uint A = 30, Left = 0x110;

    private static TwoWindows Shown(bool first = true, bool second = true, string arguments = "", string command = "show") =>
        TwoWindows.Shown(TwoWindows.Console(first), TwoWindows.Console(second), arguments,
            setup => setup.With("wp_cursor_shape_manager_v1", 1).With("zwp_tablet_manager_v2", 1), command);

    [Fact]
    public void Each_window_has_the_cursor_image_of_its_console()
    {
        using var windows = Shown();
        Define(windows, 0, 3, 2);
        Define(windows, 1, 5, 6);
        windows.Host.PointerEnter(windows.First, 1, 1);
        windows.Wait(h => h.Cursor is (_, 3, 2));
        windows.Host.PointerEnter(windows.Second, 1, 1);
        windows.Wait(h => h.Cursor is (_, 5, 6));
        var set = windows.Count(".set_cursor(");
        // The pointer is not there.
        Define(windows, 0, 1, 1);
        windows.Settle();
        Assert.Equal(set, windows.Count(".set_cursor("));
        windows.Qemu.Consoles[1].MouseSet(0, 0, false);
        windows.Wait(h => h.Cursor is null);
        windows.Host.PointerEnter(windows.First, 1, 1);
        windows.Wait(h => h.Cursor is (_, 1, 1));
        windows.End();
    }

    [Theory]
    [InlineData(330, 100)]
    [InlineData(-64, -64)]
    [InlineData(int.MaxValue, int.MinValue)]
    public void A_cursor_outside_of_one_consoles_image_is_not_drawn_and_the_other_ones_is(int x, int y)
    {
        var console = TwoWindows.Console(isAbsolute: false, 320, 240);
        using var windows = TwoWindows.Shown(console);
        Define(windows, 0, 0, 0, 20, 10);
        Define(windows, 1, 0, 0, 100, 50);
        windows.Wait(h => TwoWindows.Cursor(h, windows.First) is { Position: (20, 10) }
            && TwoWindows.Cursor(h, windows.Second) is { Position: (100, 50) });
        windows.Qemu.Consoles[1].MouseSet(x, y, true);
        windows.Wait(h => TwoWindows.Cursor(h, windows.Second) is null);
        Assert.Equal((20, 10), TwoWindows.Cursor(windows.Host, windows.First)!.Position);
        windows.End();
    }

    /// <summary>The compositor sends the drag to the window where it began.</summary>
    [Fact]
    public void A_drag_over_the_border_ends_at_the_border_and_its_release_is_not_lost()
    {
        using var windows = Shown();
        windows.Host.PointerEnter(windows.First, 10, 10);
        windows.Host.PointerButton(Left, true);
        windows.Host.PointerMove(200, 60);
        windows.Host.PointerButton(Left, false);
        windows.Host.PointerEnter(windows.Second, 5, 6);
        Assert.Equal(
            [
                new QemuPosition(0, 10, 10), new QemuButton(0, 0, true), new QemuPosition(0, 63, 47), new QemuButton(0, 0, false),
                new QemuPosition(1, 5, 6),
            ],
            windows.Sent(5));
        windows.End();
    }

    [Fact]
    public void A_button_whose_release_comes_in_the_other_window_is_released_where_it_was_pressed()
    {
        using var windows = Shown();
        windows.Host.PointerEnter(windows.First, 10, 10);
        windows.Host.PointerButton(Left, true);
        windows.Host.PointerEnter(windows.Second, 5, 6);
        windows.Host.PointerButton(Left, false);
        windows.Host.PointerMove(7, 8);
        Assert.Equal(
            [
                new QemuPosition(0, 10, 10), new QemuButton(0, 0, true), new QemuButton(0, 0, false), new QemuPosition(1, 5, 6),
                new QemuPosition(1, 7, 8),
            ],
            windows.Sent(5));
        windows.End();
    }

    [Fact]
    public void Slow_scrolling_adds_up_in_each_window_by_itself()
    {
        using var windows = Shown();
        Scroll(windows.First, 500);
        Scroll(windows.Second, 500);
        Assert.Equal((1, 1), (Notches(0), Notches(1)));
        Scroll(windows.First, 500);
        Assert.Equal((3, 1), (Notches(0), Notches(1)));
        Scroll(windows.Second, 30);
        Assert.Equal((3, 2), (Notches(0), Notches(1)));
        windows.End();

        // 3.9 notches in a thousand steps; a click afterwards, which is awaited.
        void Scroll(uint root, int steps)
        {
            windows.Host.PointerEnter(root, 1, 1);
            for (var i = 0; i < steps; i++)
                windows.Host.PointerScroll(0.0390625);
            var clicks = Presses(Left - 0x110);
            windows.Host.PointerButton(Left, true);
            windows.Host.PointerButton(Left, false);
            windows.WaitQemu(_ => Presses(Left - 0x110) > clicks);
        }

        int Presses(uint button) => windows.Qemu.Input.Count(input => input is QemuButton { IsPressed: true } pressed && pressed.Button == button);

        int Notches(uint console) => windows.Qemu.Input.Count(input => input == new QemuButton(console, 4, true));
    }

    [Fact]
    public void A_notch_in_the_frame_that_ends_in_the_other_window_is_for_the_one_before()
    {
        using var windows = Shown();
        windows.Host.PointerEnter(windows.First, 1, 1);
        windows.Host.PointerCross(windows.Second, 5, 6, down120: 120);
        windows.Host.PointerMove(7, 8);
        Assert.Equal(
            [
                new QemuPosition(0, 1, 1), new QemuButton(0, 4, true), new QemuButton(0, 4, false), new QemuPosition(1, 5, 6),
                new QemuPosition(1, 7, 8),
            ],
            windows.Sent(5));
        windows.End();
    }

    [Fact]
    public void A_pen_that_leaves_one_window_pressed_is_lifted_there()
    {
        using var windows = Shown();
        windows.Host.PenEnter(windows.First);
        windows.Host.PenFrame(("down", [1u]), ("motion", [40.0, 30.0]));
        windows.Host.PenFrame(("motion", [90.0, 30.0]), ("proximity_out", []));
        windows.Host.PenEnter(windows.Second);
        windows.Host.PenFrame(("motion", [5.0, 6.0]), ("down", [1u]));
        windows.Host.PenFrame(("up", []));
        Assert.Equal(
            [
                new QemuPosition(0, 40, 30), new QemuButton(0, 0, true), new QemuPosition(0, 63, 30), new QemuButton(0, 0, false),
                new QemuPosition(1, 5, 6), new QemuButton(1, 0, true), new QemuButton(1, 0, false),
            ],
            windows.Sent(7));
        windows.End();
    }

    [Fact]
    public void Fingers_stay_in_the_window_where_they_were_put_down_and_a_gesture_of_the_compositors_ends_all()
    {
        using var windows = Shown(arguments: "--touch touch");
        windows.Host.TouchDown(windows.First, 1, 10, 20);
        windows.Host.TouchDown(windows.Second, 2, 30, 40);
        windows.Host.TouchMove(1, 200, 20);
        windows.Host.TouchDown(windows.Second, 3, 1, 2);
        windows.Host.TouchCancel();
        var input = windows.Sent(7);
        Assert.Equal(
            [new QemuTouch(0, 0, 0, 10, 20), new QemuTouch(1, 0, 0, 30, 40), new QemuTouch(0, 1, 0, 64, 20), new QemuTouch(1, 0, 1, 1, 2)],
            input[..4]);
        Assert.Equal(
            [new QemuTouch(0, 3, 0, 64, 20), new QemuTouch(1, 3, 0, 30, 40), new QemuTouch(1, 3, 1, 1, 2)],
            input[4..].Cast<QemuTouch>().OrderBy(touch => touch.Console).ThenBy(touch => touch.Slot));
        windows.End();
    }

    /// <summary>The compositor sends no leave for a window that is gone.</summary>
    [Fact]
    public void A_window_that_is_closed_lets_go_of_button_finger_and_lock()
    {
        using var windows = Shown(first: true, second: false);
        windows.Host.KeyboardEnter(windows.Second);
        windows.Host.PointerEnter(windows.Second, 1, 1);
        Click(windows);
        windows.Wait(h => h.IsPointerLocked);
        windows.Host.PointerButton(Left, true);
        windows.Host.TouchDown(windows.Second, 1, 10, 20);
        windows.Sent(2);
        windows.Host.CloseOneWindow();
        windows.WaitQemu(q => q.Input.Contains(new QemuButton(1, 0, false)) && q.Input.Contains(new QemuTouch(1, 3, 0, 10, 20)));
        windows.Wait(h => h.Surface(windows.Second) is null && h is { IsPointerLocked: false, AreShortcutsInhibited: false });
        windows.Host.PointerEnter(windows.First, 3, 4);
        Click(windows);
        windows.WaitQemu(q => q.Input.Contains(new QemuButton(0, 0, false)));
        windows.Host.KeyboardEnter(windows.First);
        windows.Tap(A);
        windows.WaitQemu(q => q.Input.Contains(new QemuKey(0, A, false)));
        windows.End();
    }

    private static void Click(TwoWindows windows)
    {
        windows.Host.PointerButton(Left, true);
        windows.Host.PointerButton(Left, false);
    }

    /// <summary>White, 8x8.</summary>
    private static void Define(TwoWindows windows, int console, int hotX, int hotY, int x = 0, int y = 0)
    {
        windows.Qemu.Consoles[console].CursorDefine(8, 8, hotX, hotY, Enumerable.Repeat((byte)255, 256).ToArray());
        windows.Qemu.Consoles[console].MouseSet(x, y, true);
    }
}
