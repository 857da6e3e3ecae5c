using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>The user's hands, from the host through the program to QEMU.</summary>
public sealed class QemuInputShowTests
{
    // linux/input-event-codes.h.
    private const uint A = 30, LeftCtrl = 29, LeftAlt = 56, F1 = 59, LeftShift = 42, RightCtrl = 97, Up = 103, F11 = 87;
    private const uint Left = 0x110, Right = 0x111;

    // Of the xkb keymap.
    private const uint CapsLocked = 2;

    private static QemuDesktop Desktop(bool isAbsolute, string arguments = "", uint height = 48, string command = "show")
    {
        var vm = new QemuSetup { Consoles = [new() { Width = 64, Height = height, IsAbsolute = isAbsolute }] };
        var desktop = QemuDesktop.Shown(arguments, vm, setup => setup.With("wp_cursor_shape_manager_v1", 1), command);
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
        desktop.WaitQemu(q => q.Console.HeldKeys.Order().SequenceEqual(new uint[] { 0x2a, 0x38, 0x9d }));
        Assert.Contains(new QemuKey(0, 0xc8, false), desktop.Qemu.Input);
        desktop.Host.KeyboardLeave();
        desktop.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        desktop.End();
    }

    [Fact]
    public void Read_only_sends_nothing()
    {
        using var desktop = Desktop(isAbsolute: true, "--read-only");
        desktop.Host.PointerEnter(desktop.Root.Id, 3, 4);
        desktop.Host.PointerButton(Left, true);
        desktop.Host.PointerButton(Left, false);
        desktop.Host.KeyboardEnter(desktop.Root.Id, locked: CapsLocked);
        desktop.Host.Key(A, true);
        desktop.Host.Key(A, false);
        // There is nothing to grab for, and F11 stays ours.
        desktop.Host.Key(LeftCtrl, true);
        desktop.Host.Key(LeftAlt, true);
        desktop.Host.Key(LeftAlt, false);
        desktop.Host.Key(LeftCtrl, false);
        // F11 is ours, and behind the others.
        desktop.Host.Key(F11, true);
        desktop.Wait(h => h.Transcript.Matching(".set_fullscreen(").Count == 1);
        desktop.End();
        Assert.DoesNotContain(desktop.Qemu.Input, input => input is not QemuUiInfo);
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
    public void The_lock_keys_follow_the_compositors()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.KeyboardEnter(desktop.Root.Id, locked: CapsLocked);
        Assert.Equal([new QemuKey(0, 0x3a, true), new QemuKey(0, 0x3a, false)], desktop.Sent(2));
        desktop.End();
    }

    [Fact]
    public void Ctrl_and_Alt_take_and_let_go_the_pointer_and_the_compositors_shortcuts()
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
    public void The_compositors_own_way_out_of_the_lock_counts()
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
    public void The_cursor_of_a_guest_that_takes_places_is_the_compositors_pointer()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        ShowCursor(desktop, 0, 0);
        desktop.Wait(h => h.Cursor is (_, 3, 2));
        desktop.End();
    }

    [Fact]
    public void The_cursor_of_one_whose_driver_goes_is_where_the_guest_says_from_then_on()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        ShowCursor(desktop, 20, 10);
        desktop.Wait(h => h.Cursor is (_, 3, 2));
        desktop.Qemu.Console.SetAbsolute(false);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        desktop.End();
    }

    [Fact]
    public void The_cursor_of_one_that_wants_moves_is_where_the_guest_says()
    {
        using var desktop = Desktop(isAbsolute: false);
        ShowCursor(desktop, 20, 10);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        desktop.End();
    }

    [Fact]
    public void Fifty_cursor_images_set_the_cursor_fifty_times_and_no_title()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        ShowCursor(desktop, 0, 0);
        desktop.Wait(h => h.Cursor is (_, 3, 2));
        var (titles, cursors) = (Count(desktop, ".set_title("), Count(desktop, ".set_cursor("));
        for (var i = 1; i <= 50; i++)
        {
            desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)i, 256).ToArray());
            desktop.Wait(_ => Count(desktop, ".set_cursor(") == cursors + i);
        }
        // Moves are the host's own.
        for (var i = 0; i < 50; i++)
            desktop.Qemu.Console.MouseSet(i, i, true);
        desktop.Qemu.Console.CursorDefine(8, 8, 1, 1, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Wait(h => h.Cursor is (_, 1, 1));
        Assert.Equal((titles, cursors + 51), (Count(desktop, ".set_title("), Count(desktop, ".set_cursor(")));
        desktop.End();
    }

    [Fact]
    public void Ten_changes_of_the_lock_keys_set_neither_title_nor_cursor()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        ShowCursor(desktop, 20, 10);
        desktop.Wait(h => h.Cursor is (_, 3, 2));
        var (titles, cursors) = (Count(desktop, ".set_title("), Count(desktop, ".set_cursor("));
        for (var i = 1; i <= 10; i++)
            desktop.Qemu.Console.SetModifiers((uint)(i % 2 * 4));
        // The next message on the same bus.
        desktop.Qemu.Console.SetAbsolute(false);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        Assert.Equal((titles, cursors), (Count(desktop, ".set_title("), Count(desktop, ".set_cursor(")));
        desktop.End();
    }

    [Fact]
    public void A_grab_sets_one_title_and_one_cursor_and_its_end_one_title()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        var (titles, cursors) = (Count(desktop, ".set_title("), Count(desktop, ".set_cursor("));
        desktop.Host.PointerButton(Left, true);
        desktop.Wait(h => h is { IsPointerLocked: true, AreShortcutsInhibited: true });
        desktop.Host.Key(A, true);
        desktop.WaitQemu(q => q.Input.OfType<QemuKey>().Any());
        Assert.Equal((titles + 1, cursors + 1), (Count(desktop, ".set_title("), Count(desktop, ".set_cursor(")));
        desktop.Host.Key(A, false);
        Chord(desktop.Host);
        desktop.WaitQemu(q => q.Input.Contains(new QemuKey(0, 0x1d, false)));
        desktop.Wait(h => h is { IsPointerLocked: false, AreShortcutsInhibited: false });
        Assert.Equal((titles + 2, cursors + 1), (Count(desktop, ".set_title("), Count(desktop, ".set_cursor(")));
        desktop.End();
    }

    [Fact]
    public void A_repeat_rate_of_zero_ends_the_repeats_of_a_key_that_is_held()
    {
        using var desktop = Desktop(isAbsolute: true);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.SetKeyRepeat(1000, 1);
        desktop.Host.Key(A, true);
        desktop.WaitQemu(q => Presses(q) >= 3);
        desktop.Host.SetKeyRepeat(0, 600);
        var presses = 0;
        // Each of these is a turn of the program's loop, in which a timer that is due would repeat the key; together they take
        // far longer than the millisecond between two repeats.
        for (var i = 0; i < 200; i++)
        {
            var positions = Positions(desktop.Qemu);
            desktop.Host.PointerMove(i % 2 + 2, 2);
            desktop.WaitQemu(q => Positions(q) > positions);
            presses = i == 0 ? Presses(desktop.Qemu) : presses;
        }
        Assert.Equal(presses, Presses(desktop.Qemu));
        desktop.Host.Key(A, false);
        desktop.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        desktop.End();

        static int Positions(FakeQemu qemu) => qemu.Input.Count(input => input is QemuPosition);

        static int Presses(FakeQemu qemu) => qemu.Input.Count(input => input is QemuKey { Qnum: 0x1e, IsPressed: true });
    }

    [Fact]
    public void The_cursor_of_a_hidden_window_is_sent_only_with_the_rare_image_that_is()
    {
        using var desktop = Desktop(isAbsolute: false);
        ShowCursor(desktop, 20, 10);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        var (root, primary, cursor) = (desktop.Root.Id, desktop.Primary.Id, ShowTests.Cursor(desktop.Host)!.Id);
        var shown = desktop.Host.Commits(root);
        desktop.Host.Suspend(true);
        desktop.Wait(h => h.Commits(root) > shown);
        var (ofRoot, ofCursor, ofPrimary) = (desktop.Host.Commits(root), desktop.Host.Commits(cursor), desktop.Host.Commits(primary));
        for (var i = 0; i < 500; i++)
            desktop.Qemu.Console.MouseSet(i % 50, i % 40, true);
        desktop.Qemu.Console.CursorDefine(4, 4, 0, 0, Enumerable.Repeat((byte)255, 64).ToArray());
        desktop.Qemu.Console.MouseSet(33, 21, true);
        // QEMU's next message: what came before it has been handled when this is shown.
        using (var memory = QemuDesktop.Memory(1))
            desktop.Show(memory);
        desktop.Wait(h => h.Commits(primary) > ofPrimary && ShowTests.Cursor(h) is { Position: (33, 21), Buffer.Width: 4 });
        var images = desktop.Host.Commits(primary) - ofPrimary;
        Assert.InRange(desktop.Host.Commits(cursor) - ofCursor, 1, images);
        // Each image of the cursor needs a commit of the root; one more places it.
        Assert.InRange(desktop.Host.Commits(root) - ofRoot, 1, 2 * images);
        desktop.Host.Suspend(false);
        desktop.Qemu.Console.MouseSet(34, 22, true);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (34, 22), Buffer.Width: 4 });
        desktop.End();
    }

    private static int Count(QemuDesktop desktop, string request) => desktop.Host.Transcript.Matching(request).Count;

    /// <summary>White, 8x8, its hot spot at 3,2.</summary>
    private static void ShowCursor(QemuDesktop desktop, int x, int y)
    {
        desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Qemu.Console.MouseSet(x, y, true);
    }

    private static void Chord(FakeHost host)
    {
        host.Key(LeftCtrl, true);
        host.Key(LeftAlt, true);
        host.Key(LeftAlt, false);
        host.Key(LeftCtrl, false);
    }
}
