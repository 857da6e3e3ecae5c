using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Fakes;

/// <summary>Each fault occurs at the stage that was chosen, and once.</summary>
public sealed partial class FakeQemuTests
{
    private const string Refused = "org.qemu.Display1.Error.Failed";

    /// <summary>How long to wait for a further message; each hang costs this once.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromMilliseconds(500);

    public static TheoryData<QemuStage, QemuFault> EveryFault()
    {
        var all = new TheoryData<QemuStage, QemuFault>();
        foreach (var stage in Enum.GetValues<QemuStage>())
            foreach (var fault in new[] { QemuFault.Die, QemuFault.Disconnect, QemuFault.Hang })
                all.Add(stage, fault);
        foreach (var stage in new[] { QemuStage.ControlAuth, QemuStage.ControlNegotiate, QemuStage.GetManagedObjects,
            QemuStage.RegisterListener, QemuStage.ListenerAuth, QemuStage.ListenerNegotiate })
            all.Add(stage, QemuFault.Refuse);
        return all;
    }

    [Theory]
    [MemberData(nameof(EveryFault))]
    public void A_fault_occurs_at_its_stage(QemuStage stage, QemuFault fault)
    {
        using var qemu = new FakeQemu();
        qemu.Faults.At(stage, fault);
        // The stage at which a client notices.
        var seen = stage switch
        {
            QemuStage.ControlBegin => QemuStage.GetManagedObjects,
            QemuStage.ListenerRegistered => QemuStage.ListenerAuth,
            _ => stage,
        };
        var outcome = fault switch
        {
            QemuFault.Hang => "silence",
            QemuFault.Refuse => "refused",
            _ => "closed",
        };
        Assert.Equal((seen, outcome), Reach(qemu, fault == QemuFault.Hang ? seen : null));
        // A QEMU that waits for a listener waits for ever, and that is not a violation.
        var isStuck = fault == QemuFault.Hang && stage is >= QemuStage.ListenerRegistered and <= QemuStage.ListenerBegin;
        Assert.True(qemu.WaitUntil(q => q.IsBlocked == isStuck, s_patience));
        Assert.Empty(qemu.Violations);
        if (!isStuck)
            Assert.Null(Reach(qemu));
    }

    [Fact]
    public void QEMU_can_die_while_it_waits_for_a_listener()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        using var listener = client.SendListener(qemu.Console);
        Assert.True(qemu.WaitUntil(q => q.IsBlocked, s_patience));
        qemu.Die();
        Assert.Null(listener.Line());
        Assert.True(listener.IsClosed);
        Assert.Equal((false, false), (qemu.IsBlocked, qemu.HasClient));
        Assert.Null(Reach(qemu));
    }

    [Fact]
    public void Any_message_can_be_sent()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        using var listener = client.Listen(qemu.Console);
        listener.Expect("MouseSet").Dispose();
        Assert.Equal(DBusType.Return, client.Next()!.Type);
        using var memory = Memfd.Create("raw", 4096);
        var body = QemuRawMessage.Marshal("uuuuay", 4u, 4u, 16u, 1u, new byte[64]);
        qemu.Console.SendRaw(new QemuRawMessage { Member = "Scanout", Signature = "uuuuay", Body = body[..^60] });
        Assert.Throws<FormatException>(() => listener.Next()!.Values);
        qemu.Console.SendRaw(new QemuRawMessage { Member = "Disable", Fds = [memory, memory], FdCount = 1 });
        using (var disable = listener.Next()!)
            Assert.Single(disable.Fds);
        qemu.Console.SendBytes("l1234567890123456"u8.ToArray());
        Assert.Throws<FormatException>(() => listener.Next());
        qemu.SendRaw(new QemuRawMessage { Type = 4, Path = "/", Interface = "a.b", Member = "C", BodySize = 1 << 20 });
        Assert.Null(client.Next(TimeSpan.FromMilliseconds(50)));
    }

    [Theory]
    [InlineData("x", "the first byte of a connection is not nul")]
    [InlineData("\0AUTH EXTERNAL 39393939\r\n", "another uid: 39393939")]
    [InlineData("\0HELLO\r\n", "'HELLO' in the authentication")]
    public void A_client_that_cannot_authenticate_is_a_violation(string said, string violation)
    {
        using var qemu = new FakeQemu();
        using var client = new RawDBusClient(qemu.Connect());
        client.Say(said);
        Assert.Null(client.Line());
        Assert.Equal(["control: " + violation], qemu.Violations);
    }

    /// <summary>libsystemd sends all lines at once, and no uid.</summary>
    [Fact]
    public void All_lines_may_arrive_at_once()
    {
        using var qemu = new FakeQemu();
        using var client = new RawDBusClient(qemu.Connect());
        client.Say("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");
        Assert.Equal("DATA", client.Line());
        Assert.StartsWith("OK ", client.Line());
        Assert.Equal("AGREE_UNIX_FD", client.Line());
        Assert.Equal(DBusType.Return, client.Call(FakeQemu.Root, "org.freedesktop.DBus.Peer", "Ping").Type);
    }

    [Fact]
    public void RegisterListener_needs_a_socket()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        using var memory = Memfd.Create("none", 4096);
        var register = (object fd) => client.Call(qemu.Console.Path, ConsoleInterface, "RegisterListener", "h", fd).ErrorName;
        Assert.Equal((Refused, Refused), (register(0u), register(memory)));
        Assert.Equal((false, 2), (qemu.IsBlocked, qemu.Violations.Count));
    }

    [Fact]
    public void A_console_comes_and_goes()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        var added = qemu.AddConsole(new QemuConsoleSetup { Head = 1 });
        Assert.Equal("/org/qemu/Display1/Console_1", client.Expect("InterfacesAdded").Values[0]);
        var changed = (List<object>)client.Expect("PropertiesChanged").Values[1];
        Assert.Equal([0u, 1u], (List<object>)((DBusVariant)((DBusEntry)changed[0]).Value).Value);
        using var listener = client.Listen(added);
        listener.Expect("Scanout").Dispose();
        qemu.RemoveConsole(added);
        Assert.Equal("/org/qemu/Display1/Console_1", client.Expect("InterfacesRemoved").Values[0]);
        Assert.Null(listener.Next() is { Member: "MouseSet" } ? listener.Next() : null);
        Assert.True(listener.IsClosed);
    }

    [Fact]
    public void Qmp_adds_a_client()
    {
        using var qemu = new FakeQemu();
        var folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
        var qmp = new FakeQmp(qemu, Path.Combine(folder.FullName, "qmp")) { SendsEvents = true };
        using var monitor = new RawQmpClient(qmp.SocketPath);
        Assert.Contains("CommandNotFound", monitor.Do("""{"execute": "getfd"}""")[^1]);
        Assert.Equal("""{"return": {}, "id": 7}""", monitor.Do("""{"execute": "qmp_capabilities", "id": 7}""")[^1]);
        Assert.Contains("has not been found", monitor.Do("""{"execute": "quit-now"}""")[^1]);
        Assert.Contains("No file descriptor supplied", monitor.Do("""{"execute": "getfd", "arguments": {"fdname": "d"}}""")[^1]);
        var (ours, theirs) = QemuLibc.SocketPair();
        using (var end = new HostFd(theirs, new FdLedger()))
            Assert.Contains("NIC_RX", monitor.Do("""{"execute": "getfd", "arguments": {"fdname": "d"}}""", end)[0]);
        var add = (string to) => """{"execute": "add_client", "arguments": {"protocol": "P", "fdname": "d"}}""".Replace("P", to);
        Assert.Contains("is invalid", monitor.Do(add("vnc"))[^1]);
        using var lost = new RawDBusClient(ours);
        (ours, theirs) = QemuLibc.SocketPair();
        using (var end = new HostFd(theirs, new FdLedger()))
            monitor.Do("""{"execute": "getfd", "arguments": {"fdname": "d"}}""", end);
        Assert.Equal("""{"return": {}}""", monitor.Do(add("@dbus-display"))[^1]);
        using var client = new RawDBusClient(ours);
        client.Authenticate();
        Assert.True(qemu.WaitUntil(q => q.HasClient, s_patience));
        Assert.Equal("add_client", qmp.Commands[^1]);
        folder.Delete(recursive: true);
    }

    /// <summary>Runs a client as far as it gets: the stage and what happens there, or null after a scanout.</summary>
    /// <param name="qemu">The VM.</param>
    /// <param name="silent">The stage that is expected to hang.</param>
    private static (QemuStage Stage, string Outcome)? Reach(FakeQemu qemu, QemuStage? silent = null)
    {
        using var client = new RawDBusClient(qemu.Connect());
        if (Authenticate(client, QemuStage.ControlAuth, silent) is { } control)
            return (QemuStage.ControlAuth + control.Line, control.Outcome);
        client.Send(FakeQemu.Root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
        if (Outcome(client, Patience(QemuStage.GetManagedObjects, silent)) is { } objects)
            return (QemuStage.GetManagedObjects, objects);
        using var listener = client.SendListener(qemu.Console);
        if (Outcome(client, Patience(QemuStage.RegisterListener, silent)) is { } registered)
            return (QemuStage.RegisterListener, registered);
        if (Authenticate(listener, QemuStage.ListenerAuth, silent) is { } shaken)
            return (QemuStage.ListenerAuth + shaken.Line, shaken.Outcome);
        if (listener.Next(Patience(QemuStage.ListenerBegin, silent)) is not { } properties)
            return (QemuStage.ListenerBegin, listener.IsClosed ? "closed" : "silence");
        listener.Answer(properties, "a{sv}", (object)Array.Empty<object>());
        return Outcome(listener, Patience(QemuStage.ListenerReplay, silent)) is { } replayed ? (QemuStage.ListenerReplay, replayed) : null;
    }

    private static TimeSpan Patience(QemuStage stage, QemuStage? silent) => stage == silent ? s_silence : s_patience;

    private static (int Line, string Outcome)? Authenticate(RawDBusClient client, QemuStage first, QemuStage? silent)
    {
        string[] lines = [$"\0AUTH EXTERNAL {RawDBusClient.Hex()}\r\n", "NEGOTIATE_UNIX_FD\r\n"];
        for (var i = 0; i < lines.Length; i++)
        {
            client.Say(lines[i]);
            var answer = client.Line(Patience(first + i, silent));
            if (answer is null)
                return (i, client.IsClosed ? "closed" : "silence");
            if (answer.StartsWith("REJECTED", StringComparison.Ordinal) || answer == "ERROR")
                return (i, "refused");
        }
        client.Say("BEGIN\r\n");
        return null;
    }

    private static string? Outcome(RawDBusClient client, TimeSpan patience) => client.Next(patience) switch
    {
        null => client.IsClosed ? "closed" : "silence",
        { Type: DBusType.Error } => "refused",
        _ => null,
    };
}
