using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The keyboard over two windows of one VM: what is held or begun in one while the focus goes to the other.</summary>
public sealed class TwoWindowKeyTests
{
    // linux/input-event-codes.h; QEMU's numbers are the same but for RightAlt.
    private const uint Q = 16, LeftCtrl = 29, A = 30, B = 48, LeftShift = 42, LeftAlt = 56, CapsLock = 58;
    private const uint RightAlt = 100, QemuRightAlt = 0xb8;

    // Of the xkb keymap.
    private const uint Locked = 2, Control = 4, Alt = 8, AltGr = 128;

    /// <summary>The first one has the keyboard, whose keys do not repeat.</summary>
    private static TwoWindows Focused(bool isAbsolute = true)
    {
        var windows = TwoWindows.Shown(TwoWindows.Console(isAbsolute));
        windows.Host.SetKeyRepeat(0, 600);
        windows.Host.KeyboardEnter(windows.First);
        return windows;
    }

    [Fact]
    public void A_key_that_is_held_is_released_in_the_window_that_loses_the_focus_and_is_nothing_to_the_other()
    {
        using var windows = Focused();
        windows.Host.Key(A, true);
        windows.Host.KeyboardEnter(windows.Second, held: [A]);
        windows.Host.Key(A, false);
        windows.Tap(B);
        Assert.Equal([Press(0, A), Release(0, A), Press(1, B), Release(1, B)], windows.Sent(4));
        windows.End();
    }

    [Fact]
    public void A_key_repeats_in_the_window_where_it_was_pressed_and_only_while_that_has_the_focus()
    {
        using var windows = Focused();
        windows.Host.SetKeyRepeat(1000, 1);
        windows.Host.Key(A, true);
        windows.WaitQemu(q => Presses(q, 0) >= 3);
        windows.Host.KeyboardEnter(windows.Second, held: [A]);
        windows.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        var presses = Presses(windows.Qemu, 0);
        // Many times the millisecond between two repeats.
        windows.Settle();
        Assert.Equal((presses, 0), (Presses(windows.Qemu, 0), Presses(windows.Qemu, 1)));
        windows.End();
    }

    [Fact]
    public void A_key_that_is_held_in_the_second_does_not_repeat_while_the_host_stands_still()
    {
        using var windows = Focused();
        windows.Host.KeyboardEnter(windows.Second);
        windows.Host.SetKeyRepeat(1000, 1);
        windows.Host.Key(A, true);
        windows.WaitQemu(q => Presses(q, 1) >= 3);
        windows.Host.Faults.Stall = true;
        // Each flip is answered after 100 ms, because the host does not show it. The first is for what was under way.
        Flip();
        var presses = Presses(windows.Qemu, 1);
        Flip();
        Flip();
        Assert.Equal(presses, Presses(windows.Qemu, 1));
        windows.Host.Faults.Stall = false;
        windows.WaitQemu(q => Presses(q, 1) > presses + 3);
        windows.Host.Key(A, false);
        windows.WaitQemu(q => q.Consoles[1].HeldKeys.Count == 0);
        windows.End();

        void Flip()
        {
            using var memory = QemuDesktop.Memory(1);
            foreach (var console in windows.Qemu.Consoles)
            {
                console.ScanoutDmabuf2(QemuDesktop.Image(memory));
                console.UpdateDmabuf(0, 0, 64, 48);
            }
            windows.WaitQemu(q => q.Consoles.All(console => !console.IsGlBlocked));
        }
    }

    [Fact]
    public void Ctrl_that_is_held_in_one_is_still_held_for_a_click_into_the_other()
    {
        using var windows = Focused();
        windows.Host.Key(LeftCtrl, true);
        windows.Host.SetModifiers(Control);
        windows.Host.PointerEnter(windows.Second, 3, 4);
        windows.Host.PointerButton(0x110, true);
        windows.Host.PointerButton(0x110, false);
        windows.Host.Key(LeftCtrl, false);
        Assert.Equal(
            [Press(0, LeftCtrl), new QemuPosition(1, 3, 4), new QemuButton(1, 0, true), new QemuButton(1, 0, false), Release(0, LeftCtrl)],
            windows.Sent(5));
        windows.End();
    }

    /// <summary>The click brings the focus, as on every desktop.</summary>
    [Fact]
    public void Ctrl_that_is_held_while_a_click_changes_the_window_is_for_the_click()
    {
        using var windows = Focused();
        windows.Host.Key(LeftCtrl, true);
        windows.Host.SetModifiers(Control);
        windows.Host.PointerEnter(windows.Second, 3, 4);
        windows.Host.KeyboardEnter(windows.Second, held: [LeftCtrl], depressed: Control);
        windows.Host.PointerButton(0x110, true);
        windows.Host.PointerButton(0x110, false);
        windows.Host.Key(LeftCtrl, false);
        Assert.Equal(
            [
                Press(0, LeftCtrl), new QemuPosition(1, 3, 4), Release(0, LeftCtrl), Press(1, LeftCtrl), new QemuButton(1, 0, true),
                new QemuButton(1, 0, false), Release(1, LeftCtrl),
            ],
            windows.Sent(7));
        windows.End();
    }

    [Fact]
    public void A_text_of_a_virtual_keyboard_is_typed_where_the_focus_is()
    {
        using var windows = Focused();
        windows.Host.SetKeymap(HostKeymap.Of("H", "i", "parenleft", "1"));
        windows.Tap(1);
        windows.Tap(2);
        windows.Host.KeyboardEnter(windows.Second);
        windows.Tap(3);
        windows.Tap(4);
        windows.WaitQemu(q => UsKeyboard.Read(Of(q, 0)) == "Hi" && UsKeyboard.Read(Of(q, 1)) == "(1"
            && q.Consoles.All(console => console.HeldKeys.Count == 0));
        windows.End();
    }

    /// <summary>wvkbd's Ctrl has no key.</summary>
    [Fact]
    public void A_modifier_without_a_key_is_pressed_in_each_window_that_needs_it_and_left_in_none()
    {
        using var windows = Focused();
        windows.Host.SetModifiers(Control);
        windows.Host.Key(A, true);
        windows.Host.KeyboardEnter(windows.Second, held: [A], depressed: Control);
        windows.Tap(B);
        Assert.Equal(
            [
                Press(0, LeftCtrl), Press(0, A), Release(0, A), Release(0, LeftCtrl),
                Press(1, LeftCtrl), Press(1, B), Release(1, B), Release(1, LeftCtrl),
            ],
            windows.Sent(8));
        windows.End();
    }

    [Fact]
    public void A_German_keyboards_codes_are_passed_to_both()
    {
        using var windows = Focused();
        windows.Host.SetKeymap(HostKeymap.OfLayout("de"));
        foreach (var root in new[] { windows.First, windows.Second })
        {
            windows.Host.KeyboardEnter(root);
            windows.Host.Key(RightAlt, true);
            windows.Host.SetModifiers(AltGr);
            windows.Tap(Q);
            windows.Host.Key(RightAlt, false);
            windows.Host.SetModifiers(0);
        }
        Assert.Equal(
            new uint[] { 0, 1 }.SelectMany(console => new QemuInput[]
            {
                Press(console, QemuRightAlt), Press(console, Q), Release(console, Q), Release(console, QemuRightAlt),
            }),
            windows.Sent(8));
        windows.End();
    }

    /// <summary>QEMU has one keyboard for both consoles, and reports its lights for each.</summary>
    [Fact]
    public void Caps_Lock_is_set_once_and_not_again_in_the_other_window_before_or_after_the_guest_reports_it()
    {
        using var windows = TwoWindows.Shown();
        windows.Host.KeyboardEnter(windows.First, locked: Locked);
        windows.Host.KeyboardEnter(windows.Second, locked: Locked);
        windows.Tap(A);
        windows.Sent(4);
        foreach (var console in windows.Qemu.Consoles)
            console.SetModifiers(4);
        windows.Settle();
        windows.Host.KeyboardEnter(windows.First, locked: Locked);
        windows.Tap(A);
        // It is switched off elsewhere.
        windows.Host.KeyboardEnter(windows.Second);
        Assert.Equal(
            [
                Press(0, CapsLock), Release(0, CapsLock), Press(1, A), Release(1, A), Press(0, A), Release(0, A),
                Press(1, CapsLock), Release(1, CapsLock),
            ],
            windows.Sent(8));
        windows.End();
    }

    [Fact]
    public void F11_is_full_screen_for_the_window_with_the_focus()
    {
        const uint F11 = 87;
        using var windows = Focused();
        windows.Host.KeyboardEnter(windows.Second);
        windows.Tap(F11);
        windows.Wait(h => h.Surface(windows.Second)!.WantsFullscreen);
        Assert.False(windows.Host.Surface(windows.First)!.WantsFullscreen);
        windows.End();
    }

    /// <summary>The compositor sends no leave for a window that is gone.</summary>
    [Fact]
    public void What_is_held_in_a_window_that_is_closed_is_released_and_the_other_goes_on()
    {
        using var windows = Focused();
        windows.Host.KeyboardEnter(windows.Second);
        windows.Host.Key(LeftShift, true);
        windows.Host.Key(A, true);
        windows.WaitQemu(q => q.Consoles[1].HeldKeys.Count == 2);
        windows.Host.CloseOneWindow();
        windows.WaitQemu(q => q.Consoles[1].HeldKeys.Count == 0);
        windows.Wait(h => h.Surface(windows.Second) is null);
        windows.Host.KeyboardEnter(windows.First, held: [LeftShift, A], depressed: 1);
        windows.Tap(B);
        windows.Wait(_ => windows.Qemu.Input.Contains(Release(0, B)));
        Assert.Equal([Press(0, LeftShift), Press(0, B), Release(0, B)], windows.Qemu.Input.Where(input => input is QemuKey { Console: 0 }));
        windows.End();
    }

    private static QemuKey Press(uint console, uint qnum) => new(console, qnum, true);

    private static QemuKey Release(uint console, uint qnum) => new(console, qnum, false);

    private static int Presses(FakeQemu qemu, uint console) => qemu.Input.Count(input => input == Press(console, A));

    private static List<QemuInput> Of(FakeQemu qemu, uint console) => [.. qemu.Input.Where(input => input.Console == console)];
}
