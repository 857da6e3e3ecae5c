using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using static Guestplane.Tests.Compositor.KeyboardDesktop;

namespace Guestplane.Tests.Compositor;

/// <summary>Keyboards with codes of their own, whose symbols are typed on the guest's layout.</summary>
public sealed class VirtualKeyboardShowTests
{
    [Fact]
    public void Text_of_a_virtual_keyboard_with_codes_of_its_own_is_typed_on_the_guests_layout()
    {
        using var desktop = Focused();
        var symbols = new[] { "H", "e", "l", "o", "comma", "space", "W", "r", "d", "parenleft", "1", "parenright", "exclam" };
        const string Text = "Hello, World (1)!";
        desktop.Host.SetKeymap(HostKeymap.Of(symbols));
        foreach (var letter in Text)
            Tap(desktop, 1 + (uint)"Helo, Wrd(1)!".IndexOf(letter));
        desktop.WaitQemu(q => UsKeyboard.Read(q.Input) == Text && q.Console.HeldKeys.Count == 0);
        desktop.End();
    }

    [Fact]
    public void Modifiers_without_keys_are_pressed_around_a_translated_key()
    {
        using var desktop = Focused();
        desktop.Host.SetKeymap(HostKeymap.Of("F5"));
        desktop.Host.SetModifiers(Control);
        Tap(desktop, 1);
        desktop.Host.SetModifiers(0);
        Assert.Equal([Press(LeftCtrl), Press(F5), Release(F5), Release(LeftCtrl)], desktop.Sent(4));
        desktop.End();
    }

    [Fact]
    public void A_code_that_QEMU_has_no_key_for_is_typed_by_its_symbol()
    {
        using var desktop = Focused();
        Tap(desktop, KpLeftParen);
        Tap(desktop, Nine);
        Assert.Equal(
            [Press(LeftShift), Press(Nine), Release(Nine), Release(LeftShift), Press(Nine), Release(Nine)], desktop.Sent(6));
        desktop.End();
    }

    [Fact]
    public void Shift_that_chose_the_symbol_is_not_the_guests()
    {
        using var desktop = Focused();
        desktop.Host.SetKeymap(HostKeymap.Of("Shift_L", "ampersand, 1", "F5"));
        desktop.Host.Key(1, true);
        desktop.Host.SetModifiers(Shift);
        Tap(desktop, 2);
        Tap(desktop, 3);
        desktop.Host.Key(1, false);
        Assert.Equal(
            [
                Press(LeftShift), Release(LeftShift), Press(2), Release(2), Press(LeftShift), Press(F5), Release(F5), Release(LeftShift),
            ],
            desktop.Sent(8));
        desktop.End();
    }

    [Fact]
    public void A_guest_whose_Caps_Lock_is_on_gets_small_letters_all_the_same()
    {
        using var desktop = Desktop();
        desktop.Qemu.Console.SetModifiers(4);
        desktop.Host.SetKeymap(HostKeymap.Of("a", "A", "1"));
        // Both locks are on, so nothing is tapped.
        desktop.Host.KeyboardEnter(desktop.Root.Id, locked: 2);
        desktop.Host.SetModifiers(0);
        Tap(desktop, 1);
        Tap(desktop, 2);
        Tap(desktop, 3);
        Assert.Equal(
            [Press(LeftShift), Press(A), Release(A), Release(LeftShift), Press(A), Release(A), Press(2), Release(2)], desktop.Sent(8));
        desktop.End();
    }

    [Fact]
    public void The_guests_layout_can_be_chosen()
    {
        using var desktop = Focused("--guest-layout de(nodeadkeys)");
        desktop.Host.SetKeymap(HostKeymap.Of("z", "at", "udiaeresis"));
        Tap(desktop, 1);
        Tap(desktop, 2);
        Tap(desktop, 3);
        Assert.Equal(
            [Press(21), Release(21), Press(QemuRightAlt), Press(Q), Release(Q), Release(QemuRightAlt), Press(26), Release(26)],
            desktop.Sent(8));
        desktop.End();
    }

    [Fact]
    public void A_symbol_that_the_layout_does_not_have_is_named_once_and_not_typed()
    {
        using var desktop = Focused();
        desktop.Host.SetKeymap(HostKeymap.Of("a", "EuroSign", "dead_acute", "eacute"));
        for (var i = 0; i < 3; i++)
        {
            Tap(desktop, 2);
            Tap(desktop, 3);
            Tap(desktop, 4);
        }
        Tap(desktop, 1);
        Assert.Equal([Press(A), Release(A)], desktop.Sent(2));
        const string Sentence = "was typed, and the VM's keyboard layout \"us\" does not have it: --guest-layout sets the layout.";
        Assert.Equal(new[] { "€", "´", "é" }.Select(symbol => $"guestplane: warning: \"{symbol}\" {Sentence}"), Warnings(desktop));
    }

    /// <summary>é is ´ and e; ` is Shift+´ and a space; the dead key alone is for the guest to compose.</summary>
    [Fact]
    public void What_the_layout_has_only_by_a_dead_key_is_typed_by_that_and_a_second_key()
    {
        const uint Acute = 13, E = 18, Space = 57;
        using var desktop = Focused("--guest-layout de");
        desktop.Host.SetKeyRepeat(1000, 1);
        desktop.Host.SetKeymap(HostKeymap.Of("eacute", "grave", "dead_acute", "a", "Eacute"));
        desktop.Host.Key(1, true);
        Tap(desktop, 2);
        desktop.Host.Key(1, false);
        desktop.Host.SetKeyRepeat(0, 600);
        Tap(desktop, 3);
        Tap(desktop, 5);
        Tap(desktop, 4);
        Assert.Equal(
            [
                Press(Acute), Release(Acute), Press(E), Release(E),
                Press(LeftShift), Press(Acute), Release(Acute), Release(LeftShift), Press(Space), Release(Space),
                Press(Acute), Release(Acute),
                Press(Acute), Release(Acute), Press(LeftShift), Press(E), Release(E), Release(LeftShift),
                Press(A), Release(A),
            ],
            desktop.Sent(20));
        Assert.Empty(desktop.Qemu.Console.HeldKeys);
        desktop.End();
    }

    [Theory]
    [InlineData("Super_L", 0xdbu)]
    [InlineData("Super_R", 0xdcu)]
    [InlineData("Alt_L", LeftAlt)]
    public void A_modifier_that_a_virtual_keyboard_taps_alone_is_tapped_in_the_guest(string symbol, uint qnum)
    {
        using var desktop = Focused();
        desktop.Host.SetKeymap(HostKeymap.Of("a", symbol));
        Tap(desktop, 2);
        Tap(desktop, 1);
        Assert.Equal([Press(qnum), Release(qnum), Press(A), Release(A)], desktop.Sent(4));
        desktop.End();
    }

    [Fact]
    public void A_layout_that_does_not_exist_is_an_error_of_usage()
    {
        using var run = ProgramRun.Alone("show pattern --guest-layout nowhere");
        Assert.Equal(64, run.ExitCode);
        Assert.Equal("guestplane: --guest-layout takes a keyboard layout of xkeyboard-config, as us or de(nodeadkeys), and not \"nowhere\".",
            run.Messages.Trim());
    }

    /// <summary>The keyboard that has the key, and a virtual one, take turns.</summary>
    [Fact]
    public void A_key_whose_keymap_has_changed_meanwhile_is_released()
    {
        using var desktop = Focused();
        desktop.Host.Key(A, true);
        desktop.Host.SetKeymap(HostKeymap.Of("b", "c"));
        Tap(desktop, 2);
        desktop.Host.Key(A, false);
        desktop.WaitQemu(q => q.Input.OfType<QemuKey>().Any(key => key == Release(A)));
        Assert.Empty(desktop.Qemu.Console.HeldKeys);
        desktop.End();
    }

    [Fact]
    public void Two_keyboards_with_the_same_code_are_told_apart()
    {
        using var desktop = Focused();
        var (physical, virtuals) = (HostKeymap.OfLayout("us"), HostKeymap.Of("b", "c"));
        desktop.Host.Key(1, true);
        desktop.Host.SetKeymap(virtuals);
        desktop.Host.Key(1, true);
        desktop.Host.SetKeymap(physical);
        desktop.Host.Key(1, false);
        desktop.Host.SetKeymap(virtuals);
        desktop.Host.Key(1, false);
        Assert.Equal([Press(Esc), Press(48), Release(Esc), Release(48)], desktop.Sent(4));
        desktop.End();
    }

    [Fact]
    public void What_the_guest_holds_for_a_virtual_keyboard_is_released_when_the_focus_goes()
    {
        using var desktop = Focused();
        desktop.Host.SetKeymap(HostKeymap.Of("parenleft"));
        desktop.Host.SetModifiers(Control);
        desktop.Host.Key(1, true);
        desktop.WaitQemu(q => q.Console.HeldKeys.Order().SequenceEqual([Nine, LeftCtrl, LeftShift]));
        desktop.Host.KeyboardLeave();
        desktop.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        desktop.End();
    }

    [Fact]
    public void A_virtual_keyboards_F11_is_full_screen_and_its_Ctrl_and_Alt_grab()
    {
        using var desktop = Focused();
        desktop.Host.SetKeymap(HostKeymap.Of("F11", "Control_L", "Alt_L"));
        Tap(desktop, 1);
        desktop.Wait(h => ShowTests.Root(h)!.WantsFullscreen);
        desktop.Host.Key(2, true);
        Tap(desktop, 3);
        desktop.Wait(h => h.AreShortcutsInhibited);
        desktop.Host.Key(2, false);
        Assert.Equal([Press(LeftCtrl), Press(LeftAlt), Release(LeftAlt), Release(LeftCtrl)], desktop.Sent(4));
        desktop.End();
    }
}
