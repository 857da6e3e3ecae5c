using System.Diagnostics;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Fakes;

/// <summary>The bytes, compared with those of a real QEMU and read by real clients.</summary>
public sealed partial class FakeQemuTests
{
    private const string Properties = "org.freedesktop.DBus.Properties";

    [Fact]
    public void Every_type_is_read_as_it_was_written()
    {
        const string signature = "ybnqiuxtdsogvayasa{sv}(ib)auh";
        object[] values =
        [
            (byte)1, true, (short)-2, (ushort)3, -4, 5u, -6L, 7ul, 8.5, "nine", "/ten", "ai", new DBusVariant("d", 1.5),
            new byte[] { 1, 2, 3 }, new[] { "a", "bc" }, new[] { new DBusEntry("key", new DBusVariant("u", 1u)) },
            new object[] { 1, false }, Array.Empty<object>(), 0u,
        ];
        var writer = new DBusWriter(new FdLedger());
        writer.Write(signature, values);
        var read = new DBusReader(writer.ToArray()).ReadAll(signature);
        Assert.Equivalent(values, read, strict: true);
    }

    [Theory]
    [InlineData("ay", "0500000001")]
    [InlineData("s", "02000000616200 00")]
    [InlineData("s", "020000006162 01")]
    [InlineData("b", "02000000")]
    [InlineData("yu", "0100000101000000")]
    [InlineData("au", "0300000001000000")]
    public void A_malformed_message_is_rejected(string signature, string hex) =>
        Assert.Throws<FormatException>(() => new DBusReader(Convert.FromHexString(hex.Replace(" ", ""))).ReadAll(signature));

    [Theory]
    [InlineData(Recorded.SizeChanged)]
    [InlineData(Recorded.ListenerGetAll)]
    public void Recorded_messages_are_written_again_byte_for_byte(string recorded)
    {
        var bytes = Recorded.Bytes(recorded);
        using var message = DBusMessage.Parse(bytes, out var size, out _)!;
        Assert.Equal(bytes.Length, size);
        var again = DBusMessage.With(new FdLedger(), message, message.Values);
        again.Serial = message.Serial;
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(again.Encode(new FdLedger())));
    }

    [Fact]
    public void The_answers_match_those_of_a_real_QEMU()
    {
        using var qemu = Probe();
        using var client = RawDBusClient.On(qemu);
        client.Call(FakeQemu.Root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
        Assert.Equal(Normal(Recorded.Bytes(Recorded.Objects)), Normal(client.LastBytes));
        (string Path, string Interface, string Member, string Signature, object[] Values)[] calls =
        [
            ("/Console_0", Properties, "Get", "ss", [ConsoleInterface, "Width"]),
            ("/Console_0", Properties, "Get", "ss", [ConsoleInterface, "Nope"]),
            ("/Console_0", Properties, "Get", "ss", ["org.qemu.Display1.Nope", "Nope"]),
            ("/Console_0", Properties, "GetAll", "s", [ConsoleInterface]),
            ("/Console_0", "org.freedesktop.DBus.Peer", "Ping", "", []),
            ("/Console_9", ConsoleInterface, "SetUIInfo", "", []),
            ("/Console_0", ConsoleInterface, "Nope", "", []),
            ("/Console_0", "org.qemu.Display1.Nope", "Nope", "", []),
            ("/Console_0", ConsoleInterface, "SetUIInfo", "s", ["x"]),
            ("/Console_0", ConsoleInterface, "SetUIInfo", "qqiiuu", [(ushort)300, (ushort)200, 0, 0, 800u, 600u]),
            ("/Console_0", Mouse, "SetAbsPosition", "uu", [5u, 5u]),
            ("/Console_0", Mouse, "RelMotion", "ii", [5, 5]),
            ("/Console_0", Keyboard, "Press", "u", [30u]),
            ("/Clipboard", "org.qemu.Display1.Clipboard", "Grab", "uuas", [0u, 1u, Array.Empty<object>()]),
        ];
        foreach (var (call, recorded) in calls.Zip(Recorded.Answers))
        {
            client.Call(FakeQemu.Root + call.Path, call.Interface, call.Member, call.Signature, call.Values);
            Assert.Equal(Convert.ToHexString(Recorded.Bytes(recorded)), Convert.ToHexString(client.LastBytes));
        }
    }

    [Fact]
    public void A_listener_receives_the_bytes_of_a_real_QEMU()
    {
        using var qemu = Probe();
        using var client = RawDBusClient.On(qemu);
        using var listener = client.SendListener(qemu.Console);
        listener.Authenticate();
        var first = listener.Next()!;
        Assert.Equal(Convert.ToHexString(Recorded.Bytes(Recorded.ListenerGetAll)), Convert.ToHexString(listener.LastBytes));
        listener.Answer(first, "a{sv}", (object)Array.Empty<object>());
        listener.Next()!.Dispose();
        var head = Recorded.Bytes(Recorded.ListenerScanout);
        Assert.Equal(Convert.ToHexString(head), Convert.ToHexString(listener.LastBytes[..head.Length]));
        qemu.Console.SetSize(720, 400);
        client.Expect("PropertiesChanged").Dispose();
        // Everything except the serial.
        var changed = Recorded.Bytes(Recorded.SizeChanged);
        Assert.Equal(Convert.ToHexString(changed[12..]), Convert.ToHexString(client.LastBytes[12..]));
    }

    [Fact]
    public void Libdbus_can_read_the_objects_and_a_property()
    {
        var send = Program("dbus-send");
        using var qemu = Probe();
        string[] to = [$"--peer=unix:path={qemu.SocketPath}", "--print-reply=literal"];
        var objects = Run(send, [.. to, FakeQemu.Root, "org.freedesktop.DBus.ObjectManager.GetManagedObjects"]);
        Assert.Contains("pci/0000/02.0", objects);
        var width = Run(send, [.. to, qemu.Console.Path, Properties + ".Get", "string:" + ConsoleInterface, "string:Width"]);
        Assert.Equal("variant       uint32 640", width.Trim());
        Run(send, [.. to, qemu.Console.Path, Keyboard + ".Press", "uint32:30"]);
        Assert.Equal([new QemuKey(0, 30, true)], qemu.Input);
        Assert.Empty(qemu.Violations);
    }

    [Fact]
    public void Glib_and_systemd_find_it_on_a_bus_by_name()
    {
        var (gdbus, busctl, folder) = (Program("gdbus"), Program("busctl"), Directory.CreateTempSubdirectory("guestplane-bus-"));
        var path = Path.Combine(folder.FullName, "bus");
        using var daemon = Process.Start(new ProcessStartInfo(Program("dbus-daemon"),
            ["--session", "--nofork", "--print-address=1", $"--address=unix:path={path}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            Assert.StartsWith("unix:path=", daemon.StandardOutput.ReadLine());
            using var qemu = Probe();
            qemu.JoinBus(path);
            var objects = Run(gdbus, "call", "--address", $"unix:path={path}", "--dest", "org.qemu",
                "--object-path", FakeQemu.Root, "--method", "org.freedesktop.DBus.ObjectManager.GetManagedObjects");
            Assert.Contains("'Label': <'VGA'>, 'Head': <uint32 0>, 'Type': <'Graphic'>, 'Width': <uint32 640>", objects);
            Assert.Contains("'ConsoleIDs': <[uint32 0]>", objects);
            string[] to = [$"--address=unix:path={path}", "get-property", "org.qemu", qemu.Console.Path];
            Assert.Equal("u 480", Run(busctl, [.. to, ConsoleInterface, "Height"]).Trim());
        }
        finally
        {
            daemon.Kill();
            daemon.WaitForExit();
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The VM of <see cref="Recorded"/>.</summary>
    private static FakeQemu Probe() => new(new QemuSetup
    {
        Name = "probe",
        IsBefore8 = true,
        Consoles = [new() { Label = "VGA", TakesUiInfo = false }],
    });

    /// <summary>GDBus orders objects and interfaces as in a hash table.</summary>
    private static List<string> Normal(byte[] objects)
    {
        using var message = DBusMessage.Parse(objects, out _, out _)!;
        return ((List<object>)message.Values[0]).Cast<DBusEntry>()
            .SelectMany(o => ((List<object>)o.Value).Cast<DBusEntry>().Select(i => $"{o.Key} {i.Key} {Text(i.Value)}"))
            .Order(StringComparer.Ordinal).ToList();
    }

    private static string Text(object value) => value switch
    {
        DBusEntry entry => $"{entry.Key}={Text(entry.Value)}",
        DBusVariant variant => $"{variant.Signature}:{Text(variant.Value)}",
        List<object> all => $"[{string.Join(", ", all.Select(Text))}]",
        _ => value.ToString()!,
    };

    private static string Program(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var path = folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Assert.SkipUnless(path is not null, $"{name} is not installed");
        return path;
    }

    private static string Run(string program, params IReadOnlyList<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {error.Result}");
        return output;
    }
}
