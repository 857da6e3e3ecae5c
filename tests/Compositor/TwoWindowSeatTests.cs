using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>Seats that come, go and work side by side over two windows of one VM.</summary>
public sealed class TwoWindowSeatTests
{
    // linux/input-event-codes.h; QEMU's numbers are the same.
    private const uint A = 30, B = 48, Left = 0x110;

    [Fact]
    public void A_seat_that_goes_while_the_second_window_has_it_releases_what_it_held_there()
    {
        using var windows = TwoWindows.Shown(host: setup => setup.Without("wl_seat"));
        var descriptors = 0;
        for (var round = 0; round < 100; round++)
        {
            var (host, place) = (windows.Host, new QemuPosition(1, (uint)(round % 60), 4));
            var seat = host.AddSeat();
            windows.Wait(h => h.UsedSeats.Contains(seat));
            host.SetKeyRepeat(0, 600);
            Enter(windows, windows.First);
            host.Key(A, true);
            Enter(windows, windows.Second);
            host.Key(B, true);
            host.PointerMove(place.X, place.Y);
            host.PointerButton(Left, true);
            windows.WaitQemu(q => q.Consoles[1].HeldKeys.Contains(B) && q.Input is [.., QemuButton { IsPressed: true }] && q.Input.Contains(place));
            Assert.Empty(windows.Qemu.Console.HeldKeys);
            host.RemoveSeat(seat);
            windows.WaitQemu(q => q.Consoles[1].HeldKeys.Count == 0 && q.Input.Contains(new QemuButton(1, 0, false)));
            windows.Wait(h => !h.UsedSeats.Contains(seat));
            if (round == 0)
                descriptors = Descriptors(windows);
        }
        Assert.Equal(Presses(true), Presses(false));
        Assert.Equal(descriptors, Descriptors(windows));
        windows.End();

        int Presses(bool isPressed) => windows.Qemu.Input.Count(input => input is QemuButton button && button.IsPressed == isPressed);
    }

    [Fact]
    public void Two_seats_work_in_two_windows_and_one_that_goes_takes_only_its_own_along()
    {
        using var windows = TwoWindows.Shown();
        var (host, first, second) = WithTwoSeats(windows);
        host.UseSeat(first);
        Enter(windows, windows.First);
        host.Key(A, true);
        host.PointerMove(7, 8);
        host.UseSeat(second);
        Enter(windows, windows.Second);
        host.Key(A, true);
        host.PointerMove(9, 10);
        host.PointerButton(Left, true);
        windows.WaitQemu(q => q.Consoles.All(console => console.HeldKeys.Contains(A)) && q.Input.Contains(new QemuPosition(0, 7, 8))
            && q.Input.Contains(new QemuPosition(1, 9, 10)) && q.Input.Contains(new QemuButton(1, 0, true)));
        host.RemoveSeat(second);
        windows.WaitQemu(q => q.Consoles[1].HeldKeys.Count == 0 && q.Input.Contains(new QemuButton(1, 0, false)));
        Assert.Contains(A, windows.Qemu.Console.HeldKeys);
        host.UseSeat(first);
        host.Key(A, false);
        windows.WaitQemu(q => q.Console.HeldKeys.Count == 0);
        windows.End();
    }

    [Fact]
    public void A_seats_grab_in_one_window_is_not_ended_by_what_another_seat_does_in_the_other()
    {
        using var windows = TwoWindows.Shown(TwoWindows.Console(isAbsolute: false));
        var (host, first, second) = WithTwoSeats(windows);
        host.UseSeat(first);
        Enter(windows, windows.First);
        Click(host);
        windows.Wait(h => h is { IsPointerLocked: true, AreShortcutsInhibited: true });
        host.UseSeat(second);
        Enter(windows, windows.Second);
        windows.Chord();
        windows.Wait(_ => windows.TitleOf(windows.Second)!.Contains("lets go", StringComparison.Ordinal));
        windows.Chord();
        windows.Wait(_ => !windows.TitleOf(windows.Second)!.Contains("lets go", StringComparison.Ordinal));
        host.KeyboardLeave();
        host.UseSeat(first);
        host.PointerMoveBy(3, -4);
        windows.WaitQemu(q => q.Input.Contains(new QemuMotion(0, 3, -4)));
        Assert.True(host.IsPointerLocked);
        windows.Chord();
        windows.Wait(h => h is { IsPointerLocked: false, AreShortcutsInhibited: false });
        windows.End();
    }

    [Fact]
    public void A_seat_that_goes_while_it_has_grabbed_the_second_window_frees_it_for_the_next_one()
    {
        using var windows = TwoWindows.Shown(TwoWindows.Console(isAbsolute: false), host: setup => setup.Without("wl_seat"));
        for (var round = 0; round < 3; round++)
        {
            var seat = windows.Host.AddSeat();
            windows.Wait(h => h.UsedSeats.Contains(seat));
            Enter(windows, windows.Second);
            Assert.DoesNotContain("lets go", windows.TitleOf(windows.Second), StringComparison.Ordinal);
            Click(windows.Host);
            windows.Wait(h => h is { IsPointerLocked: true, AreShortcutsInhibited: true });
            windows.Host.RemoveSeat(seat);
            windows.Wait(h => !h.UsedSeats.Contains(seat) && h is { IsPointerLocked: false, AreShortcutsInhibited: false });
            windows.Wait(_ => windows.TitleOf(windows.Second) == "fake virtio-vga.1");
        }
        windows.End();
    }

    [Fact]
    public void The_clipboard_of_a_seat_in_the_second_window_goes_with_it()
    {
        using var windows = TwoWindows.Shown(host: setup => setup.With("wl_data_device_manager", 3));
        windows.WaitQemu(q => q.Clipboard.IsRegistered);
        var (host, first, second) = WithTwoSeats(windows);
        host.UseSeat(first);
        host.KeyboardEnter(windows.First);
        host.UseSeat(second);
        host.KeyboardEnter(windows.Second);
        windows.Tap(A);
        windows.Qemu.Clipboard.GuestGrab(0, 0, "of the guest");
        windows.Wait(h => h.IsOffered());
        host.Copy("on the second seat");
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Grab" }]);
        host.RemoveSeat(second);
        windows.WaitQemu(q => q.Clipboard.Events is [.., { Member: "Release" }]);
        host.UseSeat(first);
        windows.Tap(A);
        windows.Qemu.Clipboard.GuestGrab(0, 2, "newer");
        windows.Wait(h => h.IsOffered());
        using var paste = host.Paste();
        Assert.Equal("newer", paste.Read(QemuDesktop.Soon));
        windows.End();
    }

    private static (FakeHost Host, uint First, uint Second) WithTwoSeats(TwoWindows windows)
    {
        var second = windows.Host.AddSeat();
        windows.Wait(h => h.UsedSeats.Contains(second));
        return (windows.Host, windows.Host.UsedSeats.First(seat => seat != second), second);
    }

    private static void Enter(TwoWindows windows, uint root)
    {
        windows.Host.PointerEnter(root, 1, 1);
        windows.Host.KeyboardEnter(root);
    }

    private static void Click(FakeHost host)
    {
        host.PointerButton(Left, true);
        host.PointerButton(Left, false);
    }

    private static int Descriptors(TwoWindows windows) =>
        Directory.EnumerateFileSystemEntries($"/proc/{windows.Desktop.Run!.Id}/fd").Count();
}
