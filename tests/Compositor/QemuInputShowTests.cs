using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The user's hands, from the host through the program to QEMU.</summary>
public sealed class QemuInputShowTests
{
    // linux/input-event-codes.h.
    private const uint A = 30, LeftCtrl = 29, LeftAlt = 56, F1 = 59, LeftShift = 42, RightCtrl = 97, Up = 103, Left = 0x110, Right = 0x111;

    // Of the xkb keymap.
    private const uint CapsLocked = 2;

    private static QemuDesktop Desktop(bool isAbsolute, string arguments = "", uint height = 48, string command = "show")
    {
        var vm = new QemuSetup { Consoles = [new() { Width = 64, Height = height, IsAbsolute = isAbsolute }] };
        var desktop = QemuDesktop.Shown(arguments, vm, command: command);
        desktop.Wait(h => ShowTests.Root(h) is { WindowGeometry: not null, Buffer: not null });
        return desktop;
    }

    [Fact]
    public void A_place_in_the_letterbox_is_one_of_the_guest()
    {
        using var desktop = Desktop(isAbsolute: true, "--fullscreen --fixed", height: 40);
        desktop.Wait(h => ShowTests.Primary(h)!.ViewportDestination == (1024, 640));
        desktop.Host.PointerEnter(desktop.Root.Id, 512, 384);
        desktop.Host.PointerMove(16, 64 + 16);
        desktop.Host.PointerMove(0, 0);
        desktop.Host.PointerMove(1023.9, 767);
        var input = desktop.Sent(4);
        Assert.Equal([new QemuPosition(0, 32, 20), new QemuPosition(0, 1, 1), new QemuPosition(0, 0, 0), new QemuPosition(0, 63, 39)], input);
        desktop.End();
    }

    [Fact]
    public void A_window_of_twice_the_size_has_places_of_half_a_pixel()
    {
        using var desktop = Desktop(isAbsolute: true, "--fixed");
        desktop.Host.Configure(128, 96);
        desktop.Wait(h => ShowTests.Primary(h)!.ViewportDestination == (128, 96));
        desktop.Host.PointerEnter(desktop.Root.Id, 41, 21);
        Assert.Equal([new QemuPosition(0, 20, 10)], desktop.Sent(1));
        desktop.End();
    }

    [Fact]
    public void Clicks_come_where_they_are_and_the_wheel_by_notches()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 3, 4);
        desktop.Host.PointerButton(Left, true);
        desktop.Host.PointerButton(Left, false);
        desktop.Host.PointerWheel(60);
        desktop.Host.PointerWheel(60);
        desktop.Host.PointerButton(Right, true);
        desktop.Host.PointerLeave();
        Assert.Equal(
            [
                new QemuPosition(0, 3, 4), new QemuButton(0, 0, true), new QemuButton(0, 0, false), new QemuButton(0, 4, true),
                new QemuButton(0, 4, false), new QemuButton(0, 2, true), new QemuButton(0, 2, false),
            ],
            desktop.Sent(7));
        desktop.End();
    }

    [Fact]
    public void Keys_go_as_they_are_and_are_let_go_when_the_keyboard_leaves()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.KeyboardEnter(desktop.Root.Id, held: [LeftAlt]);
        desktop.Host.Key(LeftShift, true);
        desktop.Host.Key(Up, true);
        desktop.Host.Key(Up, false);
        desktop.Host.Key(RightCtrl, true);
        desktop.WaitQemu(q => q.Console.HeldKeys.Order().SequenceEqual(new uint[] { 0x2a, 0x9d }));
        Assert.Contains(new QemuKey(0, 0xc8, false), desktop.Qemu.Input);
        desktop.Host.KeyboardLeave();
        desktop.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        // What was held when it came was pressed for another window.
        Assert.DoesNotContain(desktop.Qemu.Input, input => input is QemuKey { Qnum: 0x38 });
        desktop.End();
    }

    [Fact]
    public void A_key_that_is_held_repeats_until_another_comes()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.Key(A, true);
        desktop.WaitQemu(q => q.Input.Count(input => input is QemuKey { Qnum: 0x1e, IsPressed: true }) >= 3);
        desktop.Host.Key(A, false);
        desktop.WaitQemu(q => q.Input is [.., QemuKey { Qnum: 0x1e, IsPressed: false }]);
        desktop.End();
    }

    [Fact]
    public void The_lock_keys_follow_the_hosts()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.KeyboardEnter(desktop.Root.Id, locked: CapsLocked);
        Assert.Equal([new QemuKey(0, 0x3a, true), new QemuKey(0, 0x3a, false)], desktop.Sent(2));
        desktop.End();
    }

    [Fact]
    public void Ctrl_and_Alt_take_and_let_go_the_pointer_and_the_hosts_shortcuts()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        Chord(desktop.Host);
        desktop.Wait(h => h is { IsPointerLocked: true, AreShortcutsInhibited: true });
        desktop.Wait(h => ShowTests.Root(h)!.Title == "fake (Ctrl+Alt lets go)");
        desktop.Host.PointerMoveBy(3, -4);
        desktop.WaitQemu(q => q.Input.Contains(new QemuMotion(0, 3, -4)));
        Chord(desktop.Host);
        desktop.Wait(h => h is { IsPointerLocked: false, AreShortcutsInhibited: false });
        desktop.Wait(h => ShowTests.Root(h)!.Title == "fake");
        desktop.End();
    }

    [Fact]
    public void Ctrl_and_Alt_with_a_third_key_are_the_guests()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        foreach (var pressed in new[] { true, false })
            foreach (var key in new[] { LeftCtrl, LeftAlt, F1 })
                desktop.Host.Key(key, pressed);
        desktop.WaitQemu(q => q.Input.Contains(new QemuKey(0, 0x3b, false)));
        Assert.Equal((false, "fake"), (desktop.Host.IsPointerLocked, desktop.Root.Title));
        desktop.End();
    }

    [Fact]
    public void A_click_takes_the_pointer_of_a_guest_that_wants_moves_and_is_not_passed_on()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.PointerMove(10, 10);
        desktop.Host.PointerButton(Left, true);
        desktop.Host.PointerButton(Left, false);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.PointerButton(Left, true);
        Assert.Equal([new QemuButton(0, 0, true)], desktop.Sent(1));
        desktop.End();
    }

    [Fact]
    public void A_kiosks_pointer_is_its_guests_without_a_click_until_it_is_let_go()
    {
        using var desktop = Desktop(isAbsolute: false, command: "kiosk");
        // Until the splash is gone.
        desktop.Wait(h => h.Surfaces.Count(surface => surface.Role == "xdg_toplevel") == 1);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.PointerButton(Left, true);
        Assert.Equal([new QemuButton(0, 0, true)], desktop.Sent(1));
        desktop.Host.PointerButton(Left, false);
        Chord(desktop.Host);
        desktop.Wait(h => !h.IsPointerLocked);
        // As from the start, when the guest's driver goes.
        desktop.Qemu.Console.SetAbsolute(true);
        desktop.Host.PointerMove(7, 8);
        desktop.WaitQemu(q => q.Input.OfType<QemuPosition>().Any());
        desktop.Qemu.Console.SetAbsolute(false);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.End();
    }

    [Fact]
    public void The_hosts_own_way_out_of_the_lock_counts()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.PointerButton(Left, true);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.UnlockPointer();
        desktop.Wait(h => ShowTests.Root(h)!.Title == "fake" && !h.AreShortcutsInhibited);
        desktop.End();
    }

    [Fact]
    public void The_pointer_is_let_go_when_the_guest_takes_places()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.PointerButton(Left, true);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Qemu.Console.SetAbsolute(true);
        desktop.Wait(h => !h.IsPointerLocked);
        desktop.Host.PointerMove(7, 8);
        desktop.WaitQemu(q => q.Input.Contains(new QemuPosition(0, 7, 8)));
        desktop.End();
    }

    [Fact]
    public void Fingers_have_the_lowest_slots_that_are_free()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.TouchDown(desktop.Root.Id, 71, 1, 2);
        desktop.Host.TouchDown(desktop.Root.Id, 5, 3, 4);
        desktop.Host.TouchUp(71);
        desktop.Host.TouchDown(desktop.Root.Id, 9, 5, 6);
        desktop.Host.TouchMove(5, 7, 8);
        desktop.Host.TouchCancel();
        var input = desktop.Sent(7);
        Assert.Equal(
            [
                new QemuTouch(0, 0, 0, 1, 2), new QemuTouch(0, 0, 1, 3, 4), new QemuTouch(0, 2, 0, 1, 2),
                new QemuTouch(0, 0, 0, 5, 6), new QemuTouch(0, 1, 1, 7, 8),
            ],
            input[..5]);
        Assert.Equal([new QemuTouch(0, 3, 0, 5, 6), new QemuTouch(0, 3, 1, 7, 8)], input[5..]);
        desktop.End();
    }

    [Fact]
    public void The_cursor_of_a_guest_that_takes_places_is_the_hosts_pointer()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Qemu.Console.MouseSet(0, 0, true);
        desktop.Wait(h => h.Cursor is (_, 3, 2));
        desktop.End();
    }

    [Fact]
    public void The_cursor_of_one_whose_driver_goes_is_where_the_guest_says_from_then_on()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Qemu.Console.MouseSet(20, 10, true);
        desktop.Wait(h => h.Cursor is (_, 3, 2));
        desktop.Qemu.Console.SetAbsolute(false);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        desktop.End();
    }

    [Fact]
    public void The_cursor_of_one_that_wants_moves_is_where_the_guest_says()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Qemu.Console.MouseSet(20, 10, true);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        desktop.End();
    }

    private static void Chord(FakeHost host)
    {
        host.Key(LeftCtrl, true);
        host.Key(LeftAlt, true);
        host.Key(LeftAlt, false);
        host.Key(LeftCtrl, false);
    }
}
