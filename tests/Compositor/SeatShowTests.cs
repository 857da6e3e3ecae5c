using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>Seats that come and go, several of them, and the one gate that all their devices pass.</summary>
public sealed class SeatShowTests
{
    // linux/input-event-codes.h.
    private const uint A = 30, LeftCtrl = 29, LeftAlt = 56, F11 = 87, Left = 0x110;
    private const uint QnumA = 0x1e, QnumAlt = 0x38;

    private static QemuDesktop Desktop(bool isAbsolute = true, string command = "show", int consoles = 1, Action<HostSetup>? host = null)
    {
        var vm = new QemuSetup
        {
            Consoles = [.. Enumerable.Range(0, consoles).Select(_ => new QemuConsoleSetup { Width = 64, Height = 48, IsAbsolute = isAbsolute })],
        };
        var desktop = QemuDesktop.Shown(vm: vm, command: command, host: host);
        desktop.Wait(h => ShowTests.Root(h) is { WindowGeometry: not null, Buffer: not null });
        return desktop;
    }

    [Fact]
    public void A_seat_that_comes_late_goes_and_returns_is_heard_each_time()
    {
        using var desktop = Desktop(host: setup => setup.Without("wl_seat"));
        var descriptors = 0;
        for (var round = 0; round < 100; round++)
        {
            var seat = desktop.Host.AddSeat();
            desktop.Wait(h => h.UsedSeats.Contains(seat));
            Enter(desktop);
            desktop.Host.Key(A, true);
            desktop.Host.PointerMove(round % 60, 4);
            desktop.WaitQemu(q => q.Console.HeldKeys.Contains(QnumA) && q.Input.Contains(new QemuPosition(0, (uint)(round % 60), 4)));
            // The key is still held: its release will never come.
            desktop.Host.RemoveSeat(seat);
            desktop.WaitQemu(q => q.Console.HeldKeys.Count == 0);
            desktop.Wait(h => !h.UsedSeats.Contains(seat));
            if (round == 0)
                descriptors = Descriptors(desktop);
        }
        Assert.Equal(descriptors, Descriptors(desktop));
        desktop.End();
    }

    [Fact]
    public void The_devices_of_a_second_seat_are_heard_beside_those_of_the_first()
    {
        using var desktop = Desktop();
        var second = desktop.Host.AddSeat();
        desktop.Wait(h => h.UsedSeats.Contains(second));
        var first = desktop.Host.UsedSeats.First(seat => seat != second);
        Enter(desktop);
        desktop.Host.UseSeat(second);
        desktop.Host.PointerMove(7, 8);
        desktop.Host.Key(A, true);
        desktop.WaitQemu(q => q.Input.Contains(new QemuPosition(0, 7, 8)) && q.Console.HeldKeys.Contains(QnumA));
        // Both hold it: the guest has one key, which is released with the last.
        desktop.Host.UseSeat(first);
        desktop.Host.Key(A, true);
        desktop.Host.Key(LeftAlt, true);
        desktop.WaitQemu(q => q.Console.HeldKeys.Contains(QnumAlt));
        desktop.Host.KeyboardLeave();
        desktop.WaitQemu(q => !q.Console.HeldKeys.Contains(QnumAlt));
        Assert.Contains(QnumA, desktop.Qemu.Console.HeldKeys);
        desktop.Host.UseSeat(second);
        desktop.Host.Key(A, false);
        desktop.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        desktop.End();
    }

    [Fact]
    public void A_grab_ends_with_the_last_keyboard_of_the_window()
    {
        using var desktop = Desktop(isAbsolute: false);
        var second = desktop.Host.AddSeat();
        desktop.Wait(h => h.UsedSeats.Contains(second));
        var first = desktop.Host.UsedSeats.First(seat => seat != second);
        Enter(desktop);
        desktop.Host.UseSeat(first);
        desktop.Host.PointerButton(Left, true);
        desktop.Host.PointerButton(Left, false);
        desktop.Wait(h => h is { IsPointerLocked: true, AreShortcutsInhibited: true });
        desktop.Host.UseSeat(second);
        desktop.Host.KeyboardLeave();
        desktop.Host.UseSeat(first);
        desktop.Host.PointerMoveBy(3, 0);
        desktop.WaitQemu(q => q.Input.OfType<QemuMotion>().Any());
        Assert.True(desktop.Host.IsPointerLocked);
        desktop.Host.KeyboardLeave();
        desktop.Wait(h => !h.IsPointerLocked);
        desktop.End();
    }

    /// <summary>The seat has no keyboard, or another program has it: no key would free a locked pointer.</summary>
    [Fact]
    public void A_click_without_a_keyboard_locks_nothing_and_its_grab_ends_with_the_pointers_leaving()
    {
        using var desktop = Desktop(isAbsolute: false, host: setup => setup.KeyboardPresent = false);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        Click(desktop);
        desktop.Wait(h => h.Transcript.Matching(".get_relative_pointer(").Count == 1);
        desktop.Host.PointerMoveBy(3, -4);
        desktop.WaitQemu(q => q.Input.Contains(new QemuMotion(0, 3, -4)));
        Assert.Empty(desktop.Host.Transcript.Matching(".lock_pointer("));
        desktop.Host.PointerLeave();
        desktop.Wait(h => ShowTests.Root(h)!.Title == "fake");
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Wait(h => h.Cursor is not null);
        Assert.Single(desktop.Host.Transcript.Matching(".get_relative_pointer("));
        desktop.End();
    }

    /// <summary>By that very click, and after it.</summary>
    [Fact]
    public void A_keyboard_that_comes_after_the_click_locks_the_pointer()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        Click(desktop);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Wait(h => h is { IsPointerLocked: true, AreShortcutsInhibited: true });
        desktop.Host.KeyboardLeave();
        desktop.Wait(h => h is { IsPointerLocked: false, AreShortcutsInhibited: false });
        desktop.End();
    }

    [Theory]
    [InlineData("click")]
    [InlineData("wheel")]
    [InlineData("finger")]
    [InlineData("F11")]
    public void Ctrl_and_Alt_with_anything_in_between_change_no_grab(string what)
    {
        using var desktop = Desktop();
        Enter(desktop);
        desktop.Host.Key(LeftCtrl, true);
        desktop.Host.Key(LeftAlt, true);
        switch (what)
        {
            case "click":
                desktop.Host.PointerButton(Left, true);
                desktop.Host.PointerMove(9, 9);
                desktop.Host.PointerButton(Left, false);
                break;
            case "wheel":
                desktop.Host.PointerWheel(120);
                break;
            case "finger":
                desktop.Host.TouchDown(desktop.Root.Id, 1, 2, 3);
                desktop.Host.TouchUp(1);
                break;
            default:
                desktop.Host.Key(F11, true);
                desktop.Host.Key(F11, false);
                break;
        }
        desktop.Host.Key(LeftAlt, false);
        desktop.Host.Key(LeftCtrl, false);
        desktop.Host.Key(A, true);
        desktop.WaitQemu(q => q.Console.HeldKeys.Contains(QnumA));
        Assert.Equal((false, "fake"), (desktop.Host.AreShortcutsInhibited, desktop.Root.Title));
        desktop.End();
    }

    [Fact]
    public void A_kiosk_has_the_lock_again_that_the_compositor_took_with_the_focus()
    {
        using var desktop = Desktop(isAbsolute: false, command: "kiosk");
        desktop.Wait(h => h.Surfaces.Count(surface => surface.Role == "xdg_toplevel") == 1);
        Enter(desktop);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.UnlockPointer();
        desktop.Host.KeyboardLeave();
        desktop.Wait(h => !h.IsPointerLocked && !h.Transcript.Matching(".lock_pointer(").Skip(1).Any());
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.PointerMoveBy(5, 6);
        desktop.WaitQemu(q => q.Input.Contains(new QemuMotion(0, 5, 6)));
        desktop.End();
    }

    [Fact]
    public void A_kiosk_keeps_the_pointer_when_its_last_keyboard_is_unplugged()
    {
        using var desktop = Desktop(isAbsolute: false, command: "kiosk");
        desktop.Wait(h => h.Surfaces.Count(surface => surface.Role == "xdg_toplevel") == 1);
        Enter(desktop);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.SetKeyboard(false);
        desktop.Wait(h => h.Transcript.Matching("wl_keyboard#").Any(line => line.Contains(".release(", StringComparison.Ordinal)));
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.PointerMoveBy(5, 6);
        desktop.WaitQemu(q => q.Input.Contains(new QemuMotion(0, 5, 6)));
        desktop.End();
    }

    [Fact]
    public void The_wheel_over_a_guest_that_has_not_taken_the_pointer_is_not_sent()
    {
        using var desktop = Desktop(isAbsolute: false);
        Enter(desktop);
        desktop.Host.PointerWheel(240);
        desktop.Host.PointerButton(Left, true);
        desktop.Host.PointerButton(Left, false);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.PointerWheel(120);
        Assert.Equal([new QemuButton(0, 4, true), new QemuButton(0, 4, false)], desktop.Sent(2));
        desktop.End();
    }

    /// <summary>3.9 notches of a touchpad whose scrolling the user has slowed down.</summary>
    [Fact]
    public void Slow_scrolling_adds_up()
    {
        using var desktop = Desktop();
        Enter(desktop);
        for (var i = 0; i < 1000; i++)
            desktop.Host.PointerScroll(0.0390625);
        desktop.Host.PointerButton(Left, true);
        var sent = desktop.Sent(8);
        Assert.Equal(3, sent.Count(input => input is QemuButton { Button: 4, IsPressed: true }));
        desktop.Host.PointerScroll(1);
        desktop.WaitQemu(q => q.Input.Count(input => input is QemuButton { Button: 4, IsPressed: true }) == 4);
        desktop.End();
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void An_absurd_turn_of_the_wheel_is_a_large_one(int down120)
    {
        using var desktop = Desktop();
        Enter(desktop);
        desktop.Host.PointerWheel(down120);
        desktop.Host.PointerWheel(down120, int.MinValue);
        desktop.Host.PointerButton(Left, true);
        desktop.WaitQemu(q => q.Input.Contains(new QemuButton(0, 0, true)));
        Assert.InRange(desktop.Qemu.Input.Count(input => input is QemuButton { IsPressed: true }), 4, 200);
        desktop.End();
    }

    [Fact]
    public void Fingers_are_numbered_in_each_window_over_all_touch_screens()
    {
        using var desktop = Desktop(isAbsolute: false, consoles: 2);
        var roots = desktop.Host.Surfaces.Where(surface => surface.Role == "xdg_toplevel").ToList();
        Assert.Equal(2, roots.Count);
        var second = desktop.Host.AddSeat();
        desktop.Wait(h => h.UsedSeats.Contains(second));
        desktop.Host.UseSeat(desktop.Host.UsedSeats.First(seat => seat != second));
        desktop.Host.TouchDown(roots[0].Id, 1, 1, 1);
        desktop.Host.TouchDown(roots[1].Id, 2, 2, 2);
        desktop.Sent(2);
        desktop.Host.UseSeat(second);
        desktop.Host.TouchDown(roots[1].Id, 1, 3, 3);
        var touches = desktop.Sent(3).OfType<QemuTouch>().ToList();
        Assert.Equal([0, 0, 1], touches.Select(touch => (int)touch.Slot));
        Assert.Equal(touches[1].Console, touches[2].Console);
        Assert.NotEqual(touches[0].Console, touches[1].Console);
        desktop.End();
    }

    [Fact]
    public void A_finger_that_is_lifted_and_put_down_in_one_frame_touches_twice()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.TouchDown(desktop.Root.Id, 1, 1, 1);
        desktop.Host.TouchTap(desktop.Root.Id, 1, 9, 9);
        desktop.Host.TouchUp(1);
        var touches = desktop.Sent(4).OfType<QemuTouch>().ToList();
        Assert.Equal([0u, 2u, 0u, 2u], touches.Select(touch => touch.Kind));
        Assert.Equal([1.0, 1.0, 9.0, 9.0], touches.Select(touch => touch.X));
        desktop.End();
    }

    [Fact]
    public void A_seat_with_a_tablet_leaves_nothing_behind()
    {
        using var desktop = Desktop(host: setup => setup.With("zwp_tablet_manager_v2", 1));
        var second = desktop.Host.AddSeat();
        desktop.Wait(h => h.UsedSeats.Contains(second));
        desktop.Host.UseSeat(second);
        desktop.Host.PenEnter(desktop.Root.Id);
        desktop.Host.AddPad();
        desktop.Host.AddPadGroup();
        desktop.Host.FinishPad();
        Assert.True(desktop.Host.TabletObjects("zwp_tablet_pad_ring_v2") == 1);
        desktop.Host.RemoveSeat(second);
        desktop.Wait(h => new[] { "zwp_tablet_v2", "zwp_tablet_tool_v2", "zwp_tablet_pad_v2", "zwp_tablet_pad_ring_v2" }
            .All(name => h.TabletObjects(name) == 0));
        desktop.End();
    }

    /// <summary>Its root's first commit would map it, on whatever output there is.</summary>
    [Fact]
    public void A_window_that_waits_for_its_output_is_not_mapped_by_what_happens_meanwhile()
    {
        var vm = new QemuSetup { Consoles = [new() { Width = 64, Height = 48, IsAbsolute = true }] };
        using var desktop = new QemuDesktop("--output FAKE-1", vm, setup => setup.Without("wl_output"));
        desktop.Start();
        desktop.Run!.WaitFor("waits for the output");
        desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Qemu.Console.MouseSet(20, 10, true);
        desktop.Qemu.Console.SetAbsolute(false);
        desktop.Qemu.Console.SetAbsolute(true);
        var second = desktop.Host.AddSeat();
        desktop.Wait(h => h.UsedSeats.Contains(second));
        desktop.Host.AddGlobal("wl_output", 4);
        desktop.Wait(h => ShowTests.Primary(h) is { Parent: not null, Buffer: not null });
        var root = $"wl_surface#{desktop.Root.Id}.commit(";
        var sent = desktop.Host.Transcript.ToString().Split('\n');
        Assert.InRange(Array.FindIndex(sent, line => line.Contains(root)), Array.FindIndex(sent, line => line.Contains(".set_fullscreen(")), sent.Length);
        desktop.End();
    }

    [Fact]
    public void The_cursor_is_the_guests_own_until_there_is_a_seat()
    {
        using var desktop = Desktop(host: setup => setup.Without("wl_seat"));
        desktop.Qemu.Console.CursorDefine(8, 8, 3, 2, Enumerable.Repeat((byte)255, 256).ToArray());
        desktop.Qemu.Console.MouseSet(20, 10, true);
        desktop.Wait(h => ShowTests.Cursor(h) is { Position: (20, 10), Buffer.Width: 8 });
        var seat = desktop.Host.AddSeat();
        desktop.Wait(h => h.UsedSeats.Contains(seat));
        Enter(desktop);
        desktop.Wait(h => h.Cursor is (_, 3, 2) && ShowTests.Cursor(h) is not { Buffer: not null });
        desktop.End();
    }

    private static void Enter(QemuDesktop desktop)
    {
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
    }

    private static void Click(QemuDesktop desktop)
    {
        desktop.Host.PointerButton(Left, true);
        desktop.Host.PointerButton(Left, false);
    }

    private static int Descriptors(QemuDesktop desktop) =>
        Directory.EnumerateFileSystemEntries($"/proc/{desktop.Run!.Id}/fd").Count();
}
