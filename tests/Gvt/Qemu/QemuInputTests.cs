using Guestplane.Gvt;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Keys, buttons, wheels, places, moves and fingers, as QEMU gets them.</summary>
public sealed class QemuInputTests
{
    private const uint Left = 0x110;

    private static QemuSetup Absolute() => QemuVm.Small(console => console.IsAbsolute = true);

    /// <summary>linux/input-event-codes.h to set 1 of an AT keyboard, e0 as 0x80 more (QEMU ui/input-keymap.c).</summary>
    [Theory]
    [InlineData(1u, 0x01u)] // KEY_ESC
    [InlineData(28u, 0x1cu)] // KEY_ENTER
    [InlineData(96u, 0x9cu)] // KEY_KPENTER
    [InlineData(97u, 0x9du)] // KEY_RIGHTCTRL
    [InlineData(100u, 0xb8u)] // KEY_RIGHTALT
    [InlineData(103u, 0xc8u)] // KEY_UP
    [InlineData(105u, 0xcbu)] // KEY_LEFT
    [InlineData(108u, 0xd0u)] // KEY_DOWN
    [InlineData(111u, 0xd3u)] // KEY_DELETE
    [InlineData(125u, 0xdbu)] // KEY_LEFTMETA
    [InlineData(99u, 0x54u)] // KEY_SYSRQ
    [InlineData(119u, 0xc6u)] // KEY_PAUSE
    [InlineData(86u, 0x56u)] // KEY_102ND
    [InlineData(89u, 0x73u)] // KEY_RO, also ABNT's slash
    [InlineData(124u, 0x7du)] // KEY_YEN
    [InlineData(92u, 0x79u)] // KEY_HENKAN
    [InlineData(94u, 0x7bu)] // KEY_MUHENKAN
    [InlineData(93u, 0x70u)] // KEY_KATAKANAHIRAGANA
    [InlineData(121u, 0x7eu)] // KEY_KPCOMMA, ABNT's
    [InlineData(122u, 0x72u)] // KEY_HANGEUL
    [InlineData(123u, 0x71u)] // KEY_HANJA
    [InlineData(113u, 0xa0u)] // KEY_MUTE
    public void A_key_is_sent_as_QEMUs_number(uint code, uint qnum)
    {
        using var vm = new QemuVm();
        vm.Input.Key(code, true);
        vm.Input.Key(code, false);
        Assert.Equal([new QemuKey(0, qnum, true), new QemuKey(0, qnum, false)], vm.Sent(2));
    }

    [Fact]
    public void A_key_that_QEMU_has_no_number_for_is_not_sent()
    {
        using var vm = new QemuVm();
        foreach (var code in new uint[] { 0, 84, 240, 255, 580, uint.MaxValue })
            vm.Input.Key(code, true);
        vm.Input.Key(30, true);
        Assert.Equal([new QemuKey(0, 30, true)], vm.Sent(1));
    }

    [Theory]
    [InlineData(0x110u, 0u)]
    [InlineData(0x111u, 2u)]
    [InlineData(0x112u, 1u)]
    [InlineData(0x113u, 5u)]
    [InlineData(0x114u, 6u)]
    [InlineData(0x115u, 6u)]
    [InlineData(0x116u, 5u)]
    public void A_button_is_sent_as_QEMUs_number(uint code, uint button)
    {
        using var vm = new QemuVm();
        vm.Input.Button(0x117, true);
        vm.Input.Button(code, true);
        vm.Input.Button(code, false);
        Assert.Equal([new QemuButton(0, button, true), new QemuButton(0, button, false)], vm.Sent(2));
    }

    [Fact]
    public void Fractions_of_wheel_notches_add_up()
    {
        using var vm = new QemuVm();
        for (var i = 0; i < 7; i++)
            vm.Input.Wheel(0, 30);
        vm.Input.Wheel(0, -210);
        vm.Input.Wheel(240, 0);
        vm.Input.Wheel(-120, 0);
        uint[] buttons = [4, 3, 8, 8, 7];
        Assert.Equal(buttons.SelectMany(b => new[] { new QemuButton(0, b, true), new QemuButton(0, b, false) }), vm.Sent(10));
    }

    [Fact]
    public void Positions_are_clamped_to_the_image()
    {
        using var vm = new QemuVm(Absolute());
        vm.Input.MoveTo(12.9, 3.2);
        vm.Input.MoveTo(-5, 1000);
        vm.Input.MoveTo(1000, double.NaN);
        Assert.Equal([new QemuPosition(0, 12, 3), new QemuPosition(0, 0, 47), new QemuPosition(0, 63, 0)], vm.Sent(3));
    }

    [Fact]
    public void Positions_are_clamped_to_the_images_new_size()
    {
        using var vm = new QemuVm(Absolute());
        vm.Qemu.Console.Scanout(128, 96, 512, QemuByteScanout.X8R8G8B8, new byte[512 * 96]);
        vm.Turn(() => vm.Last.Scanout is { Width: 128 });
        vm.Input.MoveTo(100, 90);
        Assert.Equal([new QemuPosition(0, 100, 90)], vm.Sent(1));
    }

    [Fact]
    public void A_console_without_a_size_gets_no_position()
    {
        using var vm = new QemuVm(QemuVm.Small(console =>
            (console.IsAbsolute, console.HasSurface, console.Width, console.Height) = (true, false, 0, 0)));
        vm.Input.MoveTo(5, 5);
        vm.Input.Touch(TouchKind.Begin, 0, 5, 5);
        vm.Input.Key(30, true);
        vm.Turn(() => vm.Qemu.Input.Contains(new QemuKey(0, 30, true)));
        Assert.DoesNotContain(vm.Qemu.Input, input => input is QemuPosition);
    }

    [Fact]
    public void Relative_motion_is_sent_in_whole_pixels_and_fractions_add_up()
    {
        using var vm = new QemuVm();
        for (var i = 0; i < 5; i++)
            vm.Input.MoveBy(0.5, -0.25);
        vm.Input.MoveBy(3, 4);
        Assert.Equal([new QemuMotion(0, 1, 0), new QemuMotion(0, 1, -1), new QemuMotion(0, 3, 3)], vm.Sent(3));
    }

    [Fact]
    public void A_position_is_sent_before_the_click()
    {
        using var vm = new QemuVm(Absolute());
        vm.Input.MoveTo(1, 2);
        vm.Input.Button(Left, true);
        Assert.Equal([new QemuPosition(0, 1, 2), new QemuButton(0, 0, true)], vm.Sent(2));
    }

    [Fact]
    public void An_absolute_pointer_gets_no_relative_motion_and_vice_versa()
    {
        using var vm = new QemuVm(Absolute());
        vm.Input.MoveBy(5, 5);
        vm.Qemu.Console.SetAbsolute(false);
        vm.Turn(() => !vm.Input.IsAbsolute);
        vm.Input.MoveTo(5, 5);
        vm.Input.Key(30, true);
        Assert.Single(vm.Sent(1));
        Assert.Empty(vm.Qemu.Violations);
    }

    [Fact]
    public void Changes_of_the_consoles_devices_are_applied()
    {
        using var vm = new QemuVm();
        var changes = 0;
        vm.Input.Changed += () => changes++;
        Assert.Equal((false, LockKeys.None), (vm.Input.IsAbsolute, vm.Input.Locks));
        vm.Qemu.Console.SetAbsolute(true);
        vm.Turn(() => vm.Input.IsAbsolute);
        vm.Qemu.Console.SetModifiers(0xffff_fff6);
        vm.Turn(() => vm.Input.Locks == (LockKeys.Num | LockKeys.Caps));
        Assert.Equal(2, changes);
    }

    [Fact]
    public void Touch_points_are_sent_unchanged()
    {
        using var vm = new QemuVm(Absolute());
        vm.Input.Touch(TouchKind.Begin, 0, 1.5, 2.5);
        vm.Input.Touch(TouchKind.Begin, 1, -3, 500);
        vm.Input.Touch(TouchKind.Update, 1, 4, 5);
        vm.Input.Touch(TouchKind.End, 0, 1.5, 2.5);
        vm.Input.Touch(TouchKind.Cancel, 1, 4, 5);
        Assert.Equal(
            [
                new QemuTouch(0, 0, 0, 1.5, 2.5), new QemuTouch(0, 0, 1, 0, 48), new QemuTouch(0, 1, 1, 4, 5),
                new QemuTouch(0, 2, 0, 1.5, 2.5), new QemuTouch(0, 3, 1, 4, 5),
            ],
            vm.Sent(5));
    }

    [Fact]
    public void A_QEMU_without_the_interface_gets_no_touch_points()
    {
        using var vm = new QemuVm(new QemuSetup { IsBefore8 = true, Consoles = [new() { IsAbsolute = true }] }, start: false);
        vm.Guest.Start();
        vm.Turn(() => vm.Flips.Count == 1);
        Assert.False(vm.Input.HasTouch);
        vm.Input.Touch(TouchKind.Begin, 0, 10, 20);
        vm.Input.MoveTo(1, 2);
        Assert.Equal([new QemuPosition(0, 1, 2)], vm.Sent(1));
    }

    [Fact]
    public void Only_the_last_of_several_unread_positions_is_sent()
    {
        const int Places = 2000;
        using var vm = new QemuVm(Absolute());
        vm.Pause();
        for (var i = 0; i < Places; i++)
            vm.Input.MoveTo(i % 60, i % 40);
        vm.Input.MoveTo(61, 41);
        vm.Qemu.Pause(false);
        vm.Turn(() => vm.Qemu.Input is [.., QemuPosition { X: 61, Y: 41 }]);
        Assert.InRange(vm.Qemu.Input.Count, 2, Places / 2);
    }

    /// <summary>The position waits while QEMU does not read, and what is done there must not overtake it.</summary>
    [Theory]
    [InlineData("wheel")]
    [InlineData("button")]
    [InlineData("key")]
    public void What_is_done_at_a_place_comes_after_the_place(string what)
    {
        using var vm = new QemuVm(Absolute());
        vm.Pause();
        for (var i = 0; i < 2000; i++)
            vm.Input.MoveTo(i % 60, i % 40);
        vm.Input.MoveTo(61, 41);
        if (what == "wheel")
            vm.Input.Wheel(0, 120);
        else if (what == "button")
            vm.Input.Button(Left, true);
        else
            vm.Input.Key(30, true);
        vm.Qemu.Pause(false);
        vm.Turn(() => vm.Qemu.Input.Any(input => input is QemuButton or QemuKey));
        Assert.Equal(new QemuPosition(0, 61, 41), vm.Qemu.Input.TakeWhile(input => input is QemuPosition).Last());
    }

    [Fact]
    public void No_relative_motion_is_lost_while_QEMU_does_not_read()
    {
        const int Moves = 2000;
        using var vm = new QemuVm();
        vm.Pause();
        for (var i = 0; i < Moves; i++)
            vm.Input.MoveBy(1, -1);
        vm.Qemu.Pause(false);
        vm.Turn(() => vm.Qemu.Input.Cast<QemuMotion>().Sum(motion => motion.Dx) == Moves);
        Assert.InRange(vm.Qemu.Input.Count, 2, Moves / 2);
    }
}
