using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Compositor;

/// <summary>What a finger on the compositor's touch screen is to the VM.</summary>
public sealed class TouchShowTests
{
    private const uint Left = 0x110;

    private static QemuDesktop Desktop(bool isAbsolute, string arguments = "", bool isBefore8 = false)
    {
        var vm = new QemuSetup { IsBefore8 = isBefore8, Consoles = [new() { Width = 64, Height = 48, IsAbsolute = isAbsolute }] };
        var desktop = QemuDesktop.Shown(arguments, vm);
        desktop.Wait(h => ShowTests.Root(h) is { WindowGeometry: not null, Buffer: not null });
        return desktop;
    }

    /// <summary>QEMU 8.1 and later have a touch screen's interface for each console; a guest without a touch screen is deaf there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tap_is_a_click_for_a_guest_with_a_tablet(bool isBefore8)
    {
        using var desktop = Desktop(isAbsolute: true, isBefore8: isBefore8);
        desktop.Host.TouchDown(desktop.Root.Id, 1, 10, 20);
        desktop.Host.TouchDown(desktop.Root.Id, 2, 50, 40);
        desktop.Host.TouchMove(1, 11, 21);
        desktop.Host.TouchUp(1);
        desktop.Host.TouchUp(2);
        desktop.Host.TouchDown(desktop.Root.Id, 3, 30, 30);
        desktop.Host.TouchCancel();
        Assert.Equal(
            [
                new QemuPosition(0, 10, 20), new QemuButton(0, 0, true), new QemuPosition(0, 11, 21), new QemuButton(0, 0, false),
                new QemuPosition(0, 30, 30), new QemuButton(0, 0, true), new QemuButton(0, 0, false),
            ],
            desktop.Sent(7));
        desktop.End();
    }

    /// <summary>The guest takes relative motion, which a finger has none of.</summary>
    [Fact]
    public void A_finger_that_must_be_the_pointer_is_nothing_to_a_guest_without_a_tablet()
    {
        const uint A = 30;
        using var desktop = Desktop(isAbsolute: false, "--touch pointer");
        desktop.Host.TouchDown(desktop.Root.Id, 1, 10, 20);
        desktop.Host.TouchUp(1);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.Key(A, true);
        Assert.Equal([new QemuKey(0, A, true)], desktop.Sent(1));
        desktop.End();
    }

    [Fact]
    public void A_tap_is_a_touch_for_a_guest_without_a_tablet_until_it_is_lifted()
    {
        using var desktop = Desktop(isAbsolute: false);
        desktop.Host.KeyboardEnter(desktop.Root.Id);
        desktop.Host.PointerEnter(desktop.Root.Id, 1, 1);
        desktop.Host.PointerButton(Left, true);
        desktop.Wait(h => h.IsPointerLocked);
        desktop.Host.TouchDown(desktop.Root.Id, 1, 10, 20);
        desktop.Sent(1);
        desktop.Qemu.Console.SetAbsolute(true);
        desktop.Wait(h => !h.IsPointerLocked);
        desktop.Host.TouchUp(1);
        Assert.Equal([new QemuTouch(0, 0, 0, 10, 20), new QemuTouch(0, 2, 0, 10, 20)], desktop.Sent(3).OfType<QemuTouch>());
        desktop.End();
    }

    [Fact]
    public void Fingers_have_the_lowest_slots_that_are_free()
    {
        using var desktop = Desktop(isAbsolute: true, "--touch touch");
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
        Assert.Equal([new QemuTouch(0, 3, 1, 7, 8), new QemuTouch(0, 3, 0, 5, 6)], input[5..]);
        desktop.End();
    }
}
