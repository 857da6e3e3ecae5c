using Guestplane.Gvt;
using Guestplane.Gvt.Share;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>What the clients of a share press, move and touch, and which of them may.</summary>
[Collection(Descriptors.Name)]
public sealed class ShareInputTests
{
    [Fact]
    public void Input_reaches_the_guest_and_what_a_client_held_is_released_when_it_goes()
    {
        var input = new RecordedInput();
        using var display = new SharedDisplay(new Head("0") { Input = input });
        display.Show(display.Image(1));
        using var client = display.Client();
        const string Keyboard = "org.qemu.Display1.Keyboard", Mouse = "org.qemu.Display1.Mouse";
        client.Call(SharedDisplay.Console, Keyboard, "Press", "u", 0x1eu).Dispose();
        client.Call(SharedDisplay.Console, Keyboard, "Press", "u", 0xc8u).Dispose();
        client.Call(SharedDisplay.Console, Keyboard, "Release", "u", 0xc8u).Dispose();
        client.Call(SharedDisplay.Console, Mouse, "SetAbsPosition", "uu", 3u, 4u).Dispose();
        client.Call(SharedDisplay.Console, Mouse, "Press", "u", 2u).Dispose();
        client.Call(SharedDisplay.Console, Mouse, "Press", "u", 4u).Dispose();
        foreach (var (member, signature, values) in ((string, string, object[])[])
            [("Press", "u", [9u]), ("SetAbsPosition", "uu", [64u, 0u]), ("RelMotion", "ii", [1, 1])])
            using (var refused = client.Call(SharedDisplay.Console, Mouse, member, signature, values))
                Assert.Equal("org.qemu.Display1.Error.Invalid", refused.ErrorName);
        const string Touch = "org.qemu.Display1.MultiTouch";
        client.Call(SharedDisplay.Console, Touch, "SendEvent", "utdd", 0u, 1ul, 5.5, 6.0).Dispose();
        using (var refused = client.Call(SharedDisplay.Console, Touch, "SendEvent", "utdd", 0u, 10ul, 5.5, 6.0))
            Assert.Equal("org.qemu.Display1.Error.Invalid", refused.ErrorName);
        client.Dispose();
        display.Until(() => input.Events.Count == 10);
        Assert.Equal(
            ["key 30 down", "key 103 down", "key 103 up", "at 3,4", "button 273 down", "wheel 0,120", "touch Begin 1 at 5.5,6", "key 30 up",
                "button 273 up", "touch Cancel 1 at 5.5,6"],
            input.Events);
    }

    [Fact]
    public void A_client_that_may_only_look_is_told_so_and_touches_nothing()
    {
        var access = new ShareAccess();
        Assert.True(access.AllowLooking(Account.OwnUser.ToString()));
        Assert.True(access.HasNames);
        var input = new RecordedInput();
        using var display = new SharedDisplay(new Head("0") { Input = input, Resize = _ => input.Events.Add("resize") }, access: access);
        display.Show(display.Image(1));
        using var client = display.Client();
        foreach (var (ofInterface, member, signature, values) in ((string, string, string, object[])[])
        [
            ("org.qemu.Display1.Keyboard", "Press", "u", [0x1eu]), ("org.qemu.Display1.Keyboard", "Release", "u", [0x1eu]),
            ("org.qemu.Display1.Mouse", "Press", "u", [0u]), ("org.qemu.Display1.Mouse", "SetAbsPosition", "uu", [1u, 1u]),
            ("org.qemu.Display1.Mouse", "RelMotion", "ii", [1, 1]),
            ("org.qemu.Display1.MultiTouch", "SendEvent", "utdd", [0u, 0ul, 1.0, 1.0]),
            (SharedDisplay.Interface, "SetUIInfo", "qqiiuu", [(ushort)0, (ushort)0, 0, 0, 640u, 480u]),
            ("org.qemu.Display1.UIInfo", "Apply", "a{sv}", [Array.Empty<object>()]),
        ])
            using (var refused = client.Call(SharedDisplay.Console, ofInterface, member, signature, values))
                Assert.Equal("org.guestplane.Display1.Error.ReadOnly", refused.ErrorName);
        using var interfaces = client.Call(SharedDisplay.Console, "org.freedesktop.DBus.Properties", "Get",
            "ss", SharedDisplay.Interface, "Interfaces");
        Assert.Contains("org.guestplane.Display1.NoInput",
            ((IEnumerable<object>)Assert.IsType<DBusVariant>(interfaces.Values[0]).Value).Cast<string>());
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        using var image = listener.Next()!;
        Assert.Equal("ScanoutDMABUF2", image.Member);
        client.Dispose();
        display.Until(() => display.Server.Connections == 0);
        Assert.Empty(input.Events);
    }

    [Fact]
    public void What_two_clients_hold_is_released_when_the_last_lets_go()
    {
        const string Keyboard = "org.qemu.Display1.Keyboard";
        var input = new RecordedInput();
        using var display = new SharedDisplay(new Head("0") { Input = input });
        using var first = display.Client();
        using var second = display.Client();
        foreach (var client in (RawDBusClient[])[first, second])
            client.Call(SharedDisplay.Console, Keyboard, "Press", "u", 0x1eu).Dispose();
        // The key repeats, for who holds it.
        second.Call(SharedDisplay.Console, Keyboard, "Press", "u", 0x1eu).Dispose();
        first.Call(SharedDisplay.Console, Keyboard, "Release", "u", 0x1eu).Dispose();
        first.Call(SharedDisplay.Console, Keyboard, "Release", "u", 0x1eu).Dispose();
        Assert.Equal(["key 30 down", "key 30 down"], display.Ask(() => input.Events.ToArray()));
        second.Dispose();
        display.Until(() => input.Events is [.., "key 30 up"]);
        // A release of what nobody holds frees a key that is stuck.
        first.Call(SharedDisplay.Console, Keyboard, "Release", "u", 0x1eu).Dispose();
        Assert.Equal(["key 30 down", "key 30 down", "key 30 up", "key 30 up"], display.Ask(() => input.Events.ToArray()));
    }

    [Fact]
    public void Fingers_of_two_clients_are_two_and_those_of_one_that_goes_are_lifted()
    {
        var input = new RecordedInput();
        using var display = new SharedDisplay(new Head("0") { Input = input });
        display.Show(display.Image(1));
        using var first = display.Client();
        using var second = display.Client();
        Touch(first, TouchKind.Begin, 1);
        Touch(second, TouchKind.Begin, 2);
        Touch(second, TouchKind.Update, 2);
        Touch(first, TouchKind.End, 3);
        Touch(first, TouchKind.End, 4);
        second.Dispose();
        display.Until(() => input.Events.Count == 5);
        Assert.Equal(["touch Begin 0 at 1,1", "touch Begin 1 at 2,2", "touch Update 1 at 2,2", "touch End 0 at 3,3", "touch Cancel 1 at 2,2"],
            input.Events);

        static void Touch(RawDBusClient client, TouchKind kind, double at) => client.Call(
            SharedDisplay.Console, "org.qemu.Display1.MultiTouch", "SendEvent", "utdd", (uint)kind, 0ul, at, at).Dispose();
    }
}
