using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>What grabs the keyboard and the pointer, and lets go of them, over two windows of one VM.</summary>
public sealed class TwoWindowGrabTests
{
    // linux/input-event-codes.h; QEMU's numbers are the same.
    private const uint LeftCtrl = 29, A = 30, LeftAlt = 56, Left = 0x110;

    // Of the xkb keymap.
    private const uint Control = 4, Alt = 8;

    /// <summary>The first one has the keyboard, whose keys do not repeat.</summary>
    private static TwoWindows Focused(bool isAbsolute = true)
    {
        var windows = TwoWindows.Shown(TwoWindows.Console(isAbsolute));
        windows.Host.SetKeyRepeat(0, 600);
        windows.Host.KeyboardEnter(windows.First);
        return windows;
    }

    private static TwoWindows Shown(bool first = true, bool second = true, string arguments = "", string command = "show") =>
        TwoWindows.Shown(TwoWindows.Console(first), TwoWindows.Console(second), arguments,
            setup => setup.With("wp_cursor_shape_manager_v1", 1).With("zwp_tablet_manager_v2", 1), command);

    [Fact]
    public void Ctrl_and_Alt_that_are_pressed_in_one_and_released_in_the_other_grab_neither()
    {
        using var windows = Focused();
        windows.Host.Key(LeftCtrl, true);
        windows.Host.Key(LeftAlt, true);
        windows.Host.KeyboardEnter(windows.Second, held: [LeftCtrl, LeftAlt], depressed: Control | Alt);
        windows.Host.Key(LeftAlt, false);
        windows.Host.Key(LeftCtrl, false);
        windows.Host.SetModifiers(0);
        // Nor is Alt alone a chord in the first one, whose Ctrl and Alt were never released there.
        windows.Host.KeyboardEnter(windows.First);
        windows.Tap(LeftAlt);
        windows.Tap(A);
        Assert.Equal(
            [
                Press(0, LeftCtrl), Press(0, LeftAlt), Release(0, LeftAlt), Release(0, LeftCtrl),
                Press(0, LeftAlt), Release(0, LeftAlt), Press(0, A), Release(0, A),
            ],
            windows.Sent(8));
        windows.Settle();
        Assert.False(windows.Host.AreShortcutsInhibited);
        windows.End();
    }

    [Fact]
    public void A_grab_is_of_the_window_with_the_focus_and_ends_with_it()
    {
        using var windows = Focused();
        windows.Host.KeyboardEnter(windows.Second);
        windows.Chord();
        windows.Wait(h => h.AreShortcutsInhibited);
        windows.Wait(_ => windows.TitleOf(windows.Second) == "fake virtio-vga.1 (Ctrl+Alt lets go)");
        Assert.Equal("fake virtio-vga.0", windows.TitleOf(windows.First));
        windows.Host.KeyboardEnter(windows.First);
        windows.Wait(h => !h.AreShortcutsInhibited);
        windows.Wait(_ => windows.TitleOf(windows.Second) == "fake virtio-vga.1");
        windows.Chord();
        windows.Wait(h => h.AreShortcutsInhibited);
        windows.Wait(_ => windows.TitleOf(windows.First) == "fake virtio-vga.0 (Ctrl+Alt lets go)");
        windows.End();
    }

    [Theory]
    [InlineData("click")]
    [InlineData("wheel")]
    [InlineData("finger")]
    public void Ctrl_and_Alt_in_one_with_something_in_the_other_in_between_change_no_grab(string what)
    {
        using var windows = Focused();
        windows.Host.PointerEnter(windows.Second, 1, 1);
        windows.Host.Key(LeftCtrl, true);
        windows.Host.Key(LeftAlt, true);
        switch (what)
        {
            case "click":
                windows.Host.PointerButton(0x110, true);
                windows.Host.PointerButton(0x110, false);
                break;
            case "wheel":
                windows.Host.PointerWheel(120);
                break;
            default:
                windows.Host.TouchDown(windows.Second, 1, 2, 3);
                windows.Host.TouchUp(1);
                break;
        }
        windows.Host.Key(LeftAlt, false);
        windows.Host.Key(LeftCtrl, false);
        windows.Tap(A);
        windows.WaitQemu(q => q.Input.Contains(Release(0, A)));
        windows.Settle();
        Assert.False(windows.Host.AreShortcutsInhibited);
        windows.End();
    }

    /// <summary>A tablet of the guest's may be bound to one of its heads.</summary>
    [Fact]
    public void One_window_takes_places_and_the_other_one_moves_after_a_click()
    {
        using var windows = Shown(first: false, second: true);
        var host = windows.Host;
        host.KeyboardEnter(windows.First);
        host.PointerEnter(windows.First, 1, 1);
        host.PointerMove(2, 2);
        Click(windows);
        windows.Wait(h => h.IsPointerLocked);
        host.PointerMoveBy(3, -4);
        host.KeyboardEnter(windows.Second);
        windows.Wait(h => h is { IsPointerLocked: false, AreShortcutsInhibited: false });
        host.PointerMoveBy(1, 1);
        host.PointerEnter(windows.Second, 5, 6);
        Click(windows);
        host.PointerMoveBy(1, 1);
        host.PointerEnter(windows.First, 9, 9);
        host.PointerMoveBy(1, 1);
        host.PointerEnter(windows.Second, 7, 8);
        Assert.Equal(
            [
                new QemuMotion(0, 3, -4), new QemuPosition(1, 5, 6), new QemuButton(1, 0, true), new QemuButton(1, 0, false),
                new QemuPosition(1, 7, 8),
            ],
            windows.Sent(5));
        windows.End();
    }

    /// <summary>A compositor may leave the keyboard where it is when the pointer is clicked elsewhere.</summary>
    [Theory]
    [InlineData("show")]
    [InlineData("kiosk")]
    public void Ctrl_and_Alt_let_go_of_the_pointer_that_is_locked_in_the_window_without_the_keyboard(string command)
    {
        using var windows = Shown(first: false, second: false, command: command);
        windows.Host.KeyboardEnter(windows.Second);
        windows.Host.PointerEnter(windows.First, 1, 1);
        Click(windows);
        windows.Wait(h => h.IsPointerLocked);
        windows.Chord();
        // A kiosk has the shortcuts without a grab, too.
        windows.Wait(h => !h.IsPointerLocked && (command == "kiosk" || !h.AreShortcutsInhibited));
        windows.Settle();
        Assert.False(windows.Host.IsPointerLocked);
        Assert.DoesNotContain(new[] { windows.First, windows.Second }, root => windows.TitleOf(root)!.Contains("lets go", StringComparison.Ordinal));
        windows.End();
    }

    /// <summary>weston's kiosk gives the keyboard to the window that came last, and the pointer is on the first screen.</summary>
    [Fact]
    public void A_kiosks_pointer_is_the_guests_although_the_keyboard_has_gone_to_the_other_window()
    {
        using var windows = Shown(first: false, second: false, command: "kiosk");
        windows.Host.KeyboardEnter(windows.First);
        windows.Host.PointerEnter(windows.First, 1, 1);
        windows.Wait(h => h.IsPointerLocked);
        windows.Host.KeyboardEnter(windows.Second);
        windows.Settle();
        windows.Wait(h => h.IsPointerLocked);
        windows.Host.PointerMoveBy(3, -4);
        windows.WaitQemu(q => q.Input.Contains(new QemuMotion(0, 3, -4)));
        // It is another program's turn.
        windows.Host.KeyboardLeave();
        windows.Wait(h => !h.IsPointerLocked);
        windows.End();
    }

    [Fact]
    public void A_kiosks_lock_that_the_compositor_took_is_there_again_in_the_window_that_the_pointer_is_in()
    {
        using var windows = Shown(first: false, second: false, command: "kiosk");
        windows.Host.KeyboardEnter(windows.Second);
        windows.Host.PointerEnter(windows.Second, 1, 1);
        windows.Wait(h => h.IsPointerLocked);
        windows.Host.UnlockPointer();
        windows.Host.KeyboardLeave();
        windows.Host.PointerEnter(windows.First, 1, 1);
        windows.Host.KeyboardEnter(windows.First);
        windows.Wait(h => h.IsPointerLocked);
        windows.Host.PointerMoveBy(5, 6);
        windows.WaitQemu(q => q.Input.Contains(new QemuMotion(0, 5, 6)));
        windows.End();
    }

    /// <summary>Without wp_cursor_shape it is the theme's arrow, and a lock hides it.</summary>
    [Fact]
    public void The_pointer_that_the_second_window_has_let_go_is_seen_over_both()
    {
        using var windows = TwoWindows.Shown(TwoWindows.Console(isAbsolute: false));
        windows.Host.KeyboardEnter(windows.Second);
        windows.Host.PointerEnter(windows.Second, 1, 1);
        Click(windows);
        windows.Wait(h => h is { IsPointerLocked: true, Cursor: null });
        windows.Chord();
        windows.Wait(h => h is { IsPointerLocked: false, Cursor: not null });
        windows.Host.PointerEnter(windows.First, 1, 1);
        windows.Settle();
        Assert.NotNull(windows.Host.Cursor);
        windows.End();
    }

    private static void Click(TwoWindows windows)
    {
        windows.Host.PointerButton(Left, true);
        windows.Host.PointerButton(Left, false);
    }

    private static QemuKey Press(uint console, uint qnum) => new(console, qnum, true);

    private static QemuKey Release(uint console, uint qnum) => new(console, qnum, false);
}
