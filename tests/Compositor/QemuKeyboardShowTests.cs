using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Compositor.KeyboardDesktop;

namespace Guestplane.Tests.Compositor;

/// <summary>Keyboards with the codes of the kernel, from the host through the program to QEMU: modifiers, focus, and repeats.</summary>
public sealed class QemuKeyboardShowTests
{
    /// <summary>As wvkbd sends them.</summary>
    [Theory]
    [InlineData(Shift, LeftShift)]
    [InlineData(Control, LeftCtrl)]
    [InlineData(8u, LeftAlt)]
    [InlineData(64u, 0xdbu)]
    [InlineData(AltGr, QemuRightAlt)]
    public void Modifiers_without_keys_are_pressed_around_a_key_that_is_passed_through(uint modifier, uint qnum)
    {
        using var desktop = Focused();
        desktop.Host.SetModifiers(modifier);
        Tap(desktop, A);
        desktop.Host.SetModifiers(0);
        Tap(desktop, A);
        Assert.Equal([Press(qnum), Press(A), Release(A), Release(qnum), Press(A), Release(A)], desktop.Sent(6));
        desktop.End();
    }

    /// <summary>wtype goes without a word; nothing must be stuck then, neither for keys nor for clicks.</summary>
    [Fact]
    public void Modifiers_without_keys_are_held_no_longer_than_the_key_the_button_or_the_finger()
    {
        using var desktop = Focused("--touch touch");
        desktop.Host.PointerEnter(desktop.Root.Id, 3, 4);
        desktop.Host.SetModifiers(Control);
        Tap(desktop, A);
        desktop.Host.PointerButton(0x110, true);
        desktop.Host.PointerWheel(120);
        desktop.Host.PointerButton(0x110, false);
        desktop.Host.PointerWheel(120);
        desktop.Host.TouchDown(desktop.Root.Id, 1, 1, 2);
        desktop.Host.TouchUp(1);
        QemuInput[] wheel = [new QemuButton(0, 4, true), new QemuButton(0, 4, false)];
        Assert.Equal(
            [
                new QemuPosition(0, 3, 4), Press(LeftCtrl), Press(A), Release(A), Release(LeftCtrl),
                Press(LeftCtrl), new QemuButton(0, 0, true), .. wheel, new QemuButton(0, 0, false), Release(LeftCtrl),
                Press(LeftCtrl), .. wheel, Release(LeftCtrl),
                Press(LeftCtrl), new QemuTouch(0, 0, 0, 1, 2), new QemuTouch(0, 2, 0, 1, 2), Release(LeftCtrl),
            ],
            desktop.Sent(19));
        desktop.End();
    }

    [Fact]
    public void A_modifier_that_sticks_is_for_one_key()
    {
        using var desktop = Focused();
        desktop.Host.SetModifiers(0, latched: Shift);
        desktop.Host.Key(A, true);
        desktop.Host.SetModifiers(0);
        desktop.Host.Key(A, false);
        Assert.Equal([Press(LeftShift), Press(A), Release(LeftShift), Release(A)], desktop.Sent(4));
        desktop.End();
    }

    /// <summary>Of Japanese and Brazilian keyboards, too: 102nd, ro, henkan, katakana/hiragana, muhenkan, the keypad's comma, yen.</summary>
    [Theory]
    [InlineData("de")]
    [InlineData("fr")]
    [InlineData("jp")]
    [InlineData("br")]
    [InlineData("us,ru")]
    public void Codes_of_a_physical_keyboard_are_passed_through_whatever_its_layout(string layout)
    {
        using var desktop = Focused("--guest-layout us");
        desktop.Host.SetKeymap(HostKeymap.OfLayout(layout));
        uint[] codes = [.. Enumerable.Range(1, 83).Select(code => (uint)code).Except([LeftCtrl, LeftAlt]), 86, 89, 92, 93, 94, 121, 124];
        uint[] qnums = [.. codes[..^6], 0x73, 0x79, 0x70, 0x7b, 0x7e, 0x7d];
        foreach (var code in codes)
            Tap(desktop, code);
        var expected = qnums.SelectMany(qnum => new QemuInput[] { Press(qnum), Release(qnum) });
        Assert.Equal(expected, desktop.Sent(codes.Length * 2));
        desktop.End();
    }

    [Fact]
    public void AltGr_of_a_German_keyboard_is_passed_through()
    {
        using var desktop = Focused();
        desktop.Host.SetKeymap(HostKeymap.OfLayout("de"));
        desktop.Host.Key(RightAlt, true);
        desktop.Host.SetModifiers(AltGr);
        Tap(desktop, Q);
        desktop.Host.Key(RightAlt, false);
        desktop.Host.SetModifiers(0);
        Tap(desktop, Q);
        Assert.Equal([Press(QemuRightAlt), Press(Q), Release(Q), Release(QemuRightAlt), Press(Q), Release(Q)], desktop.Sent(6));
        desktop.End();
    }

    [Fact]
    public void Modifiers_that_are_held_when_the_keyboard_enters_are_the_guests_and_other_keys_are_not()
    {
        using var desktop = Desktop();
        desktop.Host.KeyboardEnter(desktop.Root.Id, held: [Tab, LeftShift], depressed: Shift);
        Tap(desktop, A);
        desktop.Host.Key(Tab, false);
        desktop.Host.Key(LeftShift, false);
        desktop.Host.SetModifiers(0);
        Tap(desktop, Esc);
        Assert.Equal([Press(LeftShift), Press(A), Release(A), Release(LeftShift), Press(Esc), Release(Esc)], desktop.Sent(6));
        desktop.End();
    }

    [Fact]
    public void So_are_modifiers_that_only_the_modifiers_event_reports()
    {
        using var desktop = Desktop();
        desktop.Host.KeyboardEnter(desktop.Root.Id, depressed: Control);
        Tap(desktop, A);
        desktop.Host.KeyboardLeave();
        Assert.Equal([Press(LeftCtrl), Press(A), Release(A), Release(LeftCtrl)], desktop.Sent(4));
        desktop.End();
    }

    [Fact]
    public void Ctrl_that_is_held_before_the_focus_comes_is_for_clicks_and_for_the_wheel()
    {
        using var desktop = Desktop();
        desktop.Host.PointerEnter(desktop.Root.Id, 3, 4);
        desktop.Host.KeyboardEnter(desktop.Root.Id, held: [LeftCtrl], depressed: Control);
        desktop.Host.PointerButton(0x110, true);
        desktop.Host.PointerButton(0x110, false);
        desktop.Host.KeyboardLeave();
        desktop.Host.KeyboardEnter(desktop.Root.Id, held: [LeftCtrl], depressed: Control);
        desktop.Host.PointerWheel(120);
        desktop.Host.Key(LeftCtrl, false);
        Assert.Equal(
            [
                new QemuPosition(0, 3, 4), Press(LeftCtrl), new QemuButton(0, 0, true), new QemuButton(0, 0, false), Release(LeftCtrl),
                Press(LeftCtrl), new QemuButton(0, 4, true), new QemuButton(0, 4, false), Release(LeftCtrl),
            ],
            desktop.Sent(9));
        desktop.End();
    }

    [Fact]
    public void Shift_that_stays_down_while_the_focus_changes_is_for_the_second_window_too()
    {
        var vm = new QemuSetup { Consoles = [new() { Width = 64, Height = 48 }, new() { Width = 64, Height = 48 }] };
        using var desktop = QemuDesktop.Shown("", vm);
        desktop.Wait(h => Roots(h).Count == 2);
        var roots = Roots(desktop.Host);
        desktop.Host.KeyboardEnter(roots[0]);
        desktop.Host.Key(LeftShift, true);
        desktop.Host.SetModifiers(Shift);
        Tap(desktop, A);
        desktop.Host.KeyboardEnter(roots[1], held: [LeftShift], depressed: Shift);
        Tap(desktop, A);
        desktop.Host.Key(LeftShift, false);
        desktop.Host.SetModifiers(0);
        var keys = desktop.Sent(8).Cast<QemuKey>().ToList();
        // Whichever of the two windows is the first console's.
        var consoles = new[] { keys[0].Console, 1 - keys[0].Console };
        Assert.Equal(
            consoles.SelectMany(console => new QemuKey[]
            {
                new(console, LeftShift, true), new(console, A, true), new(console, A, false), new(console, LeftShift, false),
            }),
            keys);
        desktop.End();

        static List<uint> Roots(FakeHost host) => [.. host.Surfaces.Where(surface => surface is { Role: "xdg_toplevel", Buffer: not null }).Select(surface => surface.Id)];
    }

    [Fact]
    public void Alt_and_Tab_that_bring_the_focus_are_nothing_to_the_guest()
    {
        using var desktop = Desktop();
        desktop.Host.KeyboardEnter(desktop.Root.Id, held: [LeftAlt, Tab], depressed: 8);
        desktop.Host.Key(Tab, false);
        desktop.Host.Key(LeftAlt, false);
        desktop.Host.SetModifiers(0);
        Tap(desktop, A);
        Assert.Equal([Press(A), Release(A)], desktop.Sent(2));
        desktop.End();
    }

    [Fact]
    public void A_key_that_is_held_does_not_repeat_while_the_host_stands_still()
    {
        using var desktop = Focused();
        desktop.Host.SetKeyRepeat(1000, 1);
        desktop.Host.Key(A, true);
        desktop.WaitQemu(q => Presses(q) >= 3);
        desktop.Host.Faults.Stall = true;
        // Each of these flips is answered after 100 ms, because the host does not show it. The first is for what was under way.
        Flip(1);
        var presses = Presses(desktop.Qemu);
        Flip(2);
        Flip(3);
        Assert.Equal(presses, Presses(desktop.Qemu));
        desktop.Host.Faults.Stall = false;
        desktop.WaitQemu(q => Presses(q) > presses + 3);
        desktop.Host.Key(A, false);
        desktop.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        desktop.End();

        void Flip(byte fill)
        {
            using var memory = QemuDesktop.Memory(fill);
            desktop.Show(memory);
            desktop.WaitQemu(q => !q.Console.IsGlBlocked);
        }

        static int Presses(FakeQemu qemu) => qemu.Input.Count(input => input == Press(A));
    }
}
