using Guestplane.Gvt;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>Signals and calls on the control connection that no QEMU makes: they change nothing, or what they say that is valid.</summary>
public sealed class QemuControlStrangerTests
{
    private const string Console = "org.qemu.Display1.Console", Mouse = "org.qemu.Display1.Mouse", Clipboard = "org.qemu.Display1.Clipboard";

    private static readonly Dictionary<string, QemuRawMessage> s_messages = new()
    {
        ["Changes cut in the middle"] = Cut(Changed(Console, ("Width", "u", 1u)), 50),
        ["Changes without a body"] = Cut(Changed(Console, ("Width", "u", 1u)), 0),
        ["Changes of another signature"] = Signal("s", "Width"),
        ["A width that is text"] = Changed(Console, ("Width", "s", "wide"), ("Height", "d", 1.5)),
        ["A mouse that is a number"] = Changed(Mouse, ("IsAbsolute", "u", 1u)),
        ["Modifiers that are a list"] = Changed("org.qemu.Display1.Keyboard", ("Modifiers", "au", new[] { 1u, 2u })),
        ["Properties in properties"] = Changed(Console, ("Label", "v", new DBusVariant("v", new DBusVariant("s", "x")))),
        ["A grab cut in its types"] = Cut(Call("Grab", "uuas", 0u, 1u, new[] { "text/plain;charset=utf-8" }), 14),
        ["A grab of another signature"] = Call("Grab", "us", 0u, "x"),
        ["A grab of a selection that is none"] = Call("Grab", "uuas", 99u, 1u, new[] { "text/plain;charset=utf-8" }),
        ["A request of another signature"] = Call("Request", "u", 0u),
        ["A request cut in its types"] = Cut(Call("Request", "uas", 0u, new[] { "text/plain;charset=utf-8" }), 6),
        ["A release of nothing"] = Cut(Call("Release", "u", 0u), 0),
        ["A member that is none"] = Call("Explode", ""),
    };

    public static TheoryData<string> Messages => [.. s_messages.Keys];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_wrong_message_changes_nothing(string name)
    {
        using var vm = new QemuVm();
        vm.Turn(() => vm.Qemu.Clipboard.IsRegistered);
        var (offers, flips) = (0, vm.Flips.Count);
        vm.Guest.Clipboard!.Clipboard.Changed += () => offers++;
        vm.Qemu.SendRaw(s_messages[name]);
        // What comes next is heard, and is heard after it.
        vm.Qemu.Console.SetAbsolute(true);
        vm.Turn(() => vm.Input.IsAbsolute);
        vm.TurnFor(100);
        Assert.Equal((0, flips, 0, 0), (offers, vm.Flips.Count, vm.Lost.Count, vm.Refused.Count));
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(uint.MaxValue, 1u)]
    [InlineData(1u, uint.MaxValue)]
    public void An_invalid_size_keeps_the_image_or_makes_a_valid_one(uint width, uint height)
    {
        using var vm = new QemuVm();
        vm.Qemu.SendRaw(Changed(Console, ("Width", "u", width), ("Height", "u", height)));
        vm.TurnFor(150);
        Assert.InRange(vm.Last.Scanout!.Width, 1, 16384);
        Assert.InRange(vm.Last.Scanout.Height, 1, 16384);
        Assert.Empty(vm.Lost);
    }

    private static QemuRawMessage Changed(string ofInterface, params (string Name, string Signature, object Value)[] changed) =>
        Signal("sa{sv}as", ofInterface, changed.Select(c => new DBusEntry(c.Name, new DBusVariant(c.Signature, c.Value))).ToList(), Array.Empty<string>());

    private static QemuRawMessage Signal(string signature, params object[] values) => new()
    {
        Type = 4,
        Path = FakeQemu.Root + "/Console_0",
        Interface = "org.freedesktop.DBus.Properties",
        Member = "PropertiesChanged",
        Signature = signature,
        Body = QemuRawMessage.Marshal(signature, values),
    };

    private static QemuRawMessage Call(string member, string signature, params object[] values) => new()
    {
        Path = FakeQemu.Root + "/Clipboard",
        Interface = Clipboard,
        Member = member,
        Signature = signature,
        Body = QemuRawMessage.Marshal(signature, values),
    };

    private static QemuRawMessage Cut(QemuRawMessage message, int length) => new()
    {
        Type = message.Type,
        Path = message.Path,
        Interface = message.Interface,
        Member = message.Member,
        Signature = message.Signature,
        Body = message.Body[..length],
    };
}
