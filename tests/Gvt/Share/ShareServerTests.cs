using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Hosts;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>The control connection of a share: its objects, their properties and calls.</summary>
[Collection(Descriptors.Name)]
public sealed class ShareServerTests
{
    private const string Root = "/org/qemu/Display1", Manager = "org.freedesktop.DBus.ObjectManager";

    [Fact]
    public void Gdbus_and_busctl_see_the_consoles()
    {
        Assert.SkipUnless(Tools.Has("gdbus") && Tools.Has("busctl"), "needs gdbus (libglib2.0-bin) and busctl (systemd)");
        using var display = new SharedDisplay();
        display.Show(display.Image(1));
        var address = $"unix:path={display.Path}";
        var objects = Tools.Run(new("gdbus", ["call", "--address", address, "--dest", "org.qemu", "--object-path", Root,
            "--method", $"{Manager}.GetManagedObjects"]));
        foreach (var part in (string[])["'Name': <'a test'>", "'ConsoleIDs': <[uint32 0]>", "'Type': <'Graphic'>", "'Width': <uint32 64>",
            "'org.qemu.Display1.Keyboard': {'Modifiers': <uint32 0>}", "'org.qemu.Display1.Mouse': {'IsAbsolute': <false>}"])
            Assert.Contains(part, objects, StringComparison.Ordinal);
        var methods = Tools.Run(new("busctl", [$"--address={address}", "introspect", "org.qemu", SharedDisplay.Console]));
        Assert.Matches(@"\.RegisterListener +method +h +-", methods);
        Assert.Matches(@"\.SetUIInfo +method +qqiiuu +-", methods);
        Assert.Equal("u 48\n", Tools.Run(new("busctl",
            [$"--address={address}", "get-property", "org.qemu", SharedDisplay.Console, SharedDisplay.Interface, "Height"])));
    }

    [Fact]
    public void The_holders_are_a_property()
    {
        using var display = new SharedDisplay();
        display.Show(display.Image(1));
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        using var scanout = listener.Next()!;
        using var holders = client.Call("/org/guestplane/Share1", "org.freedesktop.DBus.Properties", "Get", "ss", "org.guestplane.Share1", "Holders");
        var holder = (object[])Assert.Single((List<object>)((DBusVariant)holders.Values[0]).Value);
        // The last is whether it is slow, which one that does not answer is after a second.
        Assert.Equal([(uint)Environment.ProcessId, QemuLibc.Uid, 0u, "DmaBuf2"], holder[..4]);
    }

    [Fact]
    public void A_console_of_another_size_is_a_signal()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        display.Show(display.Image(1, width: 32, height: 16));
        using var signal = client.Expect("PropertiesChanged");
        Assert.Equal(SharedDisplay.Interface, signal.Values[0]);
        Assert.Equal(["Width 32", "Height 16"], ((List<object>)signal.Values[1]).Cast<DBusEntry>()
            .Select(entry => $"{entry.Key} {((DBusVariant)entry.Value).Value}"));
    }

    [Fact]
    public void A_guest_that_takes_another_kind_of_pointer_is_a_signal()
    {
        var input = new RecordedInput();
        using var display = new SharedDisplay(new Head("0") { Input = input });
        using var client = display.Client();
        display.Do(() => input.Change(isAbsolute: false, LockKeys.Caps));
        foreach (var (of, value) in ((string, object)[])[("org.qemu.Display1.Keyboard", 4u), ("org.qemu.Display1.Mouse", false)])
        {
            using var signal = client.Expect("PropertiesChanged");
            Assert.Equal(of, signal.Values[0]);
            Assert.Equal(value, ((DBusVariant)((DBusEntry)Assert.Single((List<object>)signal.Values[1])).Value).Value);
        }
    }

    [Fact]
    public void The_last_size_that_is_requested_reaches_the_guest()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var watch = Stopwatch.StartNew();
        for (var i = 1u; i <= 20; i++)
            client.Send(SharedDisplay.Console, SharedDisplay.Interface, "SetUIInfo", "qqiiuu", (ushort)300, (ushort)200, 0, 0, 640 + i, 480u);
        display.Until(() => display.Sizes.Contains(new HeadSize(660, 480, 300, 200)));
        // One every half a second.
        Assert.InRange(display.Sizes.Count, 1, 3 + (int)(watch.ElapsedMilliseconds / 500));
    }

    [Fact]
    public void A_refresh_rate_reaches_the_guest_and_what_a_client_leaves_out_stays()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        Apply(("width", "u", 800u), ("height", "u", 600u), ("width_mm", "q", (ushort)300), ("refresh_rate", "u", 75_000u), ("new", "s", "x"));
        display.Until(() => display.Sizes.Contains(new HeadSize(800, 600, 300, 0, 75_000)));
        Apply(("refresh_rate", "u", 120_000u));
        display.Until(() => display.Sizes.Contains(new HeadSize(800, 600, 300, 0, 120_000)));
        // SetUIInfo has none, and takes it back.
        client.Send(SharedDisplay.Console, SharedDisplay.Interface, "SetUIInfo", "qqiiuu", (ushort)300, (ushort)0, 0, 0, 800u, 600u);
        display.Until(() => display.Sizes.Contains(new HeadSize(800, 600, 300, 0)));

        void Apply(params (string Key, string Type, object Value)[] keys)
        {
            using var answer = client.Call(SharedDisplay.Console, "org.qemu.Display1.UIInfo", "Apply", "a{sv}",
                (object)keys.Select(key => new DBusEntry(key.Key, new DBusVariant(key.Type, key.Value))).ToArray<object>());
            Assert.Null(answer.ErrorName);
        }
    }

    [Theory]
    [InlineData("org.qemu.Display1.Error.Invalid", 0u, 480u)]
    [InlineData("org.qemu.Display1.Error.Invalid", 640u, 16385u)]
    [InlineData("org.qemu.Display1.Error.Unsupported", 640u, 480u)]
    public void A_size_that_cannot_be_is_an_error(string error, uint width, uint height)
    {
        using var display = new SharedDisplay(error.EndsWith("Unsupported", StringComparison.Ordinal) ? new Head("0") : null);
        using var client = display.Client();
        using var answer = client.Call(
            SharedDisplay.Console, SharedDisplay.Interface, "SetUIInfo", "qqiiuu", (ushort)0, (ushort)0, 0, 0, width, height);
        Assert.Equal(error, answer.ErrorName);
    }

    [Fact]
    public void A_dictionary_without_a_size_that_can_be_is_an_error_and_the_client_stays()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var endless = new DBusEntry("new", new DBusVariant("ab", Enumerable.Repeat((object)true, 2000).ToArray()));
        DBusEntry[][] wrong =
        [
            [], [Width("u", uint.MaxValue), Height], [Width("s", "800"), Height], [Width("u", 0u), Height], [Width("u", 800u), Height, endless],
            [.. Enumerable.Repeat(Height, 2000), Width("u", 800u)],
        ];
        Assert.All(wrong, keys =>
        {
            using var answer = client.Call(SharedDisplay.Console, "org.qemu.Display1.UIInfo", "Apply", "a{sv}", (object)keys.ToArray<object>());
            Assert.Equal("org.qemu.Display1.Error.Invalid", answer.ErrorName);
        });
        Assert.Empty(display.Sizes);
        // A key that nobody knows yet is no error.
        var nested = new DBusEntry("new", new DBusVariant("a{sv}", new object[] { new DBusEntry("x", new DBusVariant("u", 1u)) }));
        DBusEntry[] right = [nested, Width("u", 800u), Height];
        using var answer = client.Call(SharedDisplay.Console, "org.qemu.Display1.UIInfo", "Apply", "a{sv}", (object)right.ToArray<object>());
        Assert.Null(answer.ErrorName);
        display.Until(() => display.Sizes.Contains(new HeadSize(800, 600, 0, 0)));

        static DBusEntry Width(string type, object value) => new("width", new DBusVariant(type, value));
    }

    private static DBusEntry Height => new("height", new DBusVariant("u", 600u));

    [Fact]
    public void A_listener_that_takes_no_descriptors_gets_bytes()
    {
        using var display = new SharedDisplay();
        display.Show(display.Image(7));
        using var client = display.Client();
        using var listener = client.SendListener(SharedDisplay.Console);
        listener.Say($"\0AUTH EXTERNAL {RawDBusClient.Hex()}\r\n");
        Assert.StartsWith("OK ", listener.Line());
        listener.Say("BEGIN\r\n");
        using var call = listener.Expect("GetAll");
        listener.Answer(call, "a{sv}", (object)new object[]
        {
            new DBusEntry("Interfaces", new DBusVariant("as", (string[])[SharedDisplay.Planes, SharedDisplay.DmaBuf2, SharedDisplay.Map])),
        });
        using var image = listener.Next()!;
        Assert.Equal("Scanout", image.Member);
    }

    [Fact]
    public void A_guest_that_is_gone_is_a_disable_and_removed_consoles()
    {
        using var display = new SharedDisplay();
        display.Show(display.Image(1));
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        foreach (var _ in (int[])[1, 2])
            using (var call = listener.Next()!)
                listener.Answer(call);
        display.Do(display.Server.Remove);
        using (var disable = listener.Next()!)
            Assert.Equal("Disable", disable.Member);
        using var vm = client.Expect("InterfacesRemoved");
        using var console = client.Expect("InterfacesRemoved");
        Assert.Equal($"{SharedDisplay.Console}", console.Values[0]);
    }

    [Fact]
    public void What_is_no_listener_is_an_error()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var file = File.OpenHandle("/dev/null");
        using var answer = client.Call(SharedDisplay.Console, SharedDisplay.Interface, "RegisterListener", "h", file);
        Assert.Equal("org.qemu.Display1.Error.Failed", answer.ErrorName);
    }

    [Theory]
    [InlineData("Console", "RegisterListener", "s", "org.freedesktop.DBus.Error.InvalidArgs")]
    [InlineData("Console", "Unknown", "s", "org.freedesktop.DBus.Error.UnknownMethod")]
    [InlineData("Unknown", "Unknown", "s", "org.freedesktop.DBus.Error.UnknownMethod")]
    public void A_wrong_call_is_an_error_and_the_client_stays(string last, string member, string signature, string error)
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using (var answer = client.Call(SharedDisplay.Console, $"org.qemu.Display1.{last}", member, signature, "x"))
            Assert.Equal(error, answer.ErrorName);
        client.Call(Root, Manager, "GetManagedObjects").Dispose();
        Assert.Empty(display.Said);
    }
}
