namespace Guestplane.Tests.Fakes;

/// <summary>Actions of the fake compositor's user, and the events that a client gets.</summary>
public sealed class HostInputTests
{
    private const uint Left = 0x110;

    // Opcodes of the events in the XMLs.
    private const int PointerMotion = 2, PointerAxis = 4, PointerFrame = 5, PointerValue120 = 9;
    private const int KeyboardKeymap = 0, KeyboardEnter = 1, KeyboardLeave = 2, KeyboardKey = 3, KeyboardModifiers = 4, KeyboardRepeat = 5;
    private const int LockLocked = 0, LockUnlocked = 1;

    [Fact]
    public void A_keyboard_sends_its_keymap_and_then_the_pressed_keys() => With((host, client) =>
    {
        var window = client.Window();
        var keyboard = client.New(client.Seat, 1);
        client.Sync();
        Assert.True(client.Has(keyboard, KeyboardKeymap) && client.Has(keyboard, KeyboardRepeat));
        Assert.Single(client.Fds);
        host.Key(30, true);
        host.KeyboardEnter(window.Surface, [42], locked: 2);
        host.Key(30, true);
        host.KeyboardLeave();
        host.Key(30, false);
        client.Sync();
        Assert.Equal((1, 1), (client.Count(keyboard, KeyboardKey), client.Count(keyboard, KeyboardLeave)));
        Assert.Equal((4u, 42u), (client.Word(keyboard, KeyboardEnter, 2), client.Word(keyboard, KeyboardEnter, 3)));
        Assert.Equal(2u, client.Word(keyboard, KeyboardModifiers, 3));
    });

    [Fact]
    public void Touch_points_go_down_move_and_go_up() => With((host, client) =>
    {
        var window = client.Window();
        var touch = client.New(client.Seat, 2);
        client.Sync();
        host.TouchDown(window.Surface, 7, 1, 2);
        host.TouchMove(7, 3, 4);
        host.TouchMove(8, 3, 4);
        host.TouchUp(7);
        host.TouchUp(7);
        client.Sync();
        Assert.Equal((1, 1, 1, 3), (client.Count(touch, 0), client.Count(touch, 1), client.Count(touch, 2), client.Count(touch, 3)));
    });

    [Fact]
    public void A_wheel_sends_its_steps_and_its_distance() => With((host, client) =>
    {
        var window = client.Window();
        var pointer = client.New(client.Seat, 0);
        client.Sync();
        host.PointerEnter(window.Surface, 1, 1);
        host.PointerWheel(-60);
        client.Sync();
        Assert.Equal(unchecked((uint)-60), client.Word(pointer, PointerValue120, 1));
        Assert.Equal(RawClient.Fixed(-5), client.Word(pointer, PointerAxis, 2));
        Assert.Equal(2, client.Count(pointer, PointerFrame));
    });

    [Fact]
    public void A_locked_pointer_does_not_move_and_sends_relative_motion() => With((host, client) =>
    {
        var window = client.Window();
        var (pointer, relative, locked) = Lock(client, window.Surface);
        Assert.False(host.IsPointerLocked);
        host.PointerEnter(window.Surface, 1, 1);
        Assert.True(host.IsPointerLocked);
        host.PointerMove(5, 5);
        host.PointerMoveBy(3, -4);
        client.Sync();
        Assert.Equal((0, 1), (client.Count(pointer, PointerMotion), client.Count(locked, LockLocked)));
        Assert.Equal((RawClient.Fixed(3), RawClient.Fixed(-4)), (client.Word(relative, 0, 4), client.Word(relative, 0, 5)));
        host.UnlockPointer();
        host.PointerMove(5, 5);
        host.PointerLeave();
        client.Sync();
        Assert.Equal((1, 1), (client.Count(pointer, PointerMotion), client.Count(locked, LockUnlocked)));
    });

    [Fact]
    public void A_surface_can_lock_a_pointer_only_once() => With((host, client) =>
    {
        var window = client.Window();
        var (pointer, _, locked) = Lock(client, window.Surface);
        // The objects were created in this order.
        var constraints = locked - 4;
        client.New(constraints, 1, window.Surface, pointer, 0u, 2u);
        client.Sync();
        Assert.Contains("has a constraint", Assert.Single(host.Violations).Text, StringComparison.Ordinal);
    }, mayErr: true);

    private static (uint Pointer, uint Relative, uint Locked) Lock(RawClient client, uint surface)
    {
        var constraints = client.BindGlobal("zwp_pointer_constraints_v1", 1);
        var relatives = client.BindGlobal("zwp_relative_pointer_manager_v1", 1);
        var pointer = client.New(client.Seat, 0);
        var made = (pointer, client.New(relatives, 1, pointer), client.New(constraints, 1, surface, pointer, 0u, 2u));
        client.Sync();
        return made;
    }

    private static void With(Action<FakeHost, RawClient> test, bool mayErr = false)
    {
        var setup = new HostSetup(Repository.Protocols) { KeyboardPresent = true, TouchPresent = true };
        using var host = new FakeHost(setup.With("zwp_pointer_constraints_v1", 1).With("zwp_relative_pointer_manager_v1", 1));
        using var client = new RawClient(host);
        test(host, client.BindAll());
        if (mayErr)
            return;
        client.Sync();
        Assert.Empty(host.Violations);
    }
}
