using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Fakes;

/// <summary>The fake QEMU behaves as the real one, as far as that was recorded or read in its sources.</summary>
public sealed partial class FakeQemuTests
{
    private const string ConsoleInterface = "org.qemu.Display1.Console";
    private const string Mouse = "org.qemu.Display1.Mouse";
    private const string Keyboard = "org.qemu.Display1.Keyboard";
    private const uint Xr24 = 0x34325258;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_listener_gets_the_scanout_replayed_and_QEMU_waits_only_for_the_handshake()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        using var listener = client.Listen(qemu.Console);
        var scanout = listener.Next()!;
        Assert.Equal(("Scanout", "uuuuay", DBusMessage.NoReplyExpected), (scanout.Member, scanout.Signature, scanout.Flags));
        Assert.Equal([640u, 480u, 2560u, QemuByteScanout.X8R8G8B8], scanout.Values[..4]);
        Assert.Equal("MouseSet", listener.Next()!.Member);
        Assert.Equal("RegisterListener", Assert.Single(qemu.Blocks).Why);
        Assert.InRange(qemu.LongestBlock, TimeSpan.FromTicks(1), s_patience);
        Assert.Empty(qemu.Violations);
    }

    [Fact]
    public void Until_the_listener_is_authenticated_QEMU_answers_only_a_ping()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        using var listener = client.SendListener(qemu.Console);
        Assert.Null(client.Next()!.ErrorName);
        client.Send(qemu.Console.Path, Keyboard, "Press", "u", 30u);
        Assert.Equal(DBusType.Return, client.Call(FakeQemu.Root, "org.freedesktop.DBus.Peer", "Ping").Type);
        Assert.Null(client.Next(TimeSpan.FromMilliseconds(50)));
        Assert.True(qemu.IsBlocked);
        listener.Authenticate();
        listener.AnswerProperties();
        Assert.Equal(DBusType.Return, client.Next()!.Type);
        Assert.True(qemu.LongestBlock >= TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_throttled_guest_waits_for_the_answer_to_an_update()
    {
        using var qemu = new FakeQemu(new QemuSetup { CallTimeout = s_patience });
        using var client = RawDBusClient.On(qemu);
        using var listener = client.Listen(qemu.Console, QemuListener.ScanoutDmabuf2);
        using var memory = Memfd.Create("scanout", 4096);
        qemu.Console.ScanoutDmabuf2(new QemuDmabuf { Fds = [memory], Width = 32, Height = 32, Strides = [128], Fourcc = Xr24 });
        qemu.Console.UpdateDmabuf(0, 0, 32, 32);
        qemu.Console.UpdateDmabuf(1, 1, 2, 2);
        using (var scanout = listener.Expect("ScanoutDMABUF2"))
            Assert.Single(scanout.Fds);
        var update = listener.Expect("UpdateDMABUF");
        Assert.Equal((0, 1), (update.Flags, qemu.Console.Waiting));
        Assert.Null(listener.Next(TimeSpan.FromMilliseconds(50)));
        listener.Answer(update);
        Assert.Equal([1, 1, 2, 2], listener.Expect("UpdateDMABUF").Values);
        Assert.True(qemu.Console.Updates[0].Duration >= TimeSpan.FromMilliseconds(50));
        Assert.Equal(((32u, 32u), 0), (qemu.Console.Size, qemu.Console.Stalls));
    }

    [Fact]
    public void A_polled_guest_does_not_wait_for_the_answer()
    {
        using var qemu = new FakeQemu(new QemuSetup { Consoles = [new() { IsThrottled = false }] });
        using var client = RawDBusClient.On(qemu);
        using var listener = client.Listen(qemu.Console);
        qemu.Console.UpdateDmabuf(0, 0, 1, 1);
        qemu.Console.UpdateDmabuf(0, 0, 2, 2);
        listener.Expect("UpdateDMABUF").Dispose();
        listener.Expect("UpdateDMABUF").Dispose();
        Assert.Equal(0, qemu.Console.Waiting);
    }

    [Fact]
    public void An_update_without_an_answer_is_a_stall_and_the_guest_continues()
    {
        using var qemu = new FakeQemu(new QemuSetup { CallTimeout = TimeSpan.FromMilliseconds(50) });
        using var client = RawDBusClient.On(qemu);
        using var listener = client.Listen(qemu.Console);
        qemu.Console.UpdateDmabuf(0, 0, 1, 1);
        qemu.Console.Disable();
        listener.Expect("Disable").Dispose();
        Assert.Equal((1, false), (qemu.Console.Stalls, qemu.Console.IsGlBlocked));
    }

    [Theory]
    [InlineData(true, "UpdateMap")]
    [InlineData(false, "Scanout")]
    public void ScanoutMap_is_synchronous_and_bytes_follow_an_error(bool works, string then)
    {
        using var qemu = new FakeQemu(new QemuSetup { CallTimeout = s_patience, Consoles = [new() { HasSurface = false }] });
        using var client = RawDBusClient.On(qemu);
        using var listener = client.Listen(qemu.Console, QemuListener.UnixMap);
        Assert.True(qemu.WaitUntil(q => q.Console.Listeners == 1, s_patience));
        using var memory = Memfd.Create("scanout", 4096);
        memory.WriteAt([1, 2, 3, 4], 0);
        qemu.Console.ScanoutMap(memory, 0, 2, 2, 8, QemuByteScanout.X8R8G8B8);
        using var map = listener.Expect("ScanoutMap");
        Assert.True(qemu.IsBlocked);
        if (works)
            listener.Answer(map);
        else
            listener.Refuse(map);
        var next = listener.Next()!;
        Assert.Equal(then, next.Member);
        if (!works)
            Assert.Equal([1, 2, 3, 4], ((byte[])next.Values[4])[..4]);
        Assert.Equal(works ? null : "org.example.No", Assert.Single(qemu.Console.Maps).Error);
    }

    [Fact]
    public void An_old_listener_gets_the_old_call_and_never_several_planes()
    {
        using var qemu = new FakeQemu(new QemuSetup { Consoles = [new() { HasSurface = false, SetsMouseAtStart = false }] });
        using var client = RawDBusClient.On(qemu);
        using var listener = client.Listen(qemu.Console);
        Assert.True(qemu.WaitUntil(q => q.Console.Listeners == 1, s_patience));
        using var memory = Memfd.Create("scanout", 4096);
        var two = new QemuDmabuf { Fds = [memory], Width = 4, Height = 4, Strides = [16, 16], Offsets = [0, 64], Fourcc = Xr24 };
        qemu.Console.ScanoutDmabuf2(two);
        qemu.Console.ScanoutDmabuf2(new QemuDmabuf { Fds = [memory], Width = 8, Height = 8, Strides = [32], Fourcc = Xr24 });
        using var scanout = listener.Next()!;
        Assert.Equal("ScanoutDMABUF", scanout.Member);
        Assert.Equal([0u, 8u, 8u, 32u, Xr24, 0ul, true], scanout.Values);
    }

    [Fact]
    public void Input_is_recorded_or_rejected_as_in_QEMU()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        var path = qemu.Console.Path;
        client.Call(path, Keyboard, "Press", "u", 30u);
        client.Call(path, Mouse, "RelMotion", "ii", -3, 4);
        Assert.Equal("org.qemu.Display1.Error.Invalid", client.Call(path, Mouse, "SetAbsPosition", "uu", 1u, 1u).ErrorName);
        qemu.Console.SetAbsolute(true);
        Assert.Equal(Mouse, client.Expect("PropertiesChanged").Values[0]);
        Assert.Equal("org.qemu.Display1.Error.Invalid", client.Call(path, Mouse, "RelMotion", "ii", 1, 1).ErrorName);
        Assert.Equal("org.qemu.Display1.Error.Invalid", client.Call(path, Mouse, "SetAbsPosition", "uu", 640u, 1u).ErrorName);
        client.Call(path, Mouse, "SetAbsPosition", "uu", 639u, 479u);
        client.Call(path, ConsoleInterface, "SetUIInfo", "qqiiuu", (ushort)300, (ushort)200, 0, 0, 800u, 600u);
        client.Call(path, "org.qemu.Display1.MultiTouch", "SendEvent", "utdd", 0u, 1ul, 2.5, 3.5);
        Assert.Equal(
            [
                new QemuKey(0, 30, true), new QemuMotion(0, -3, 4), new QemuPosition(0, 639, 479),
                new QemuUiInfo(0, 300, 200, 0, 0, 800, 600), new QemuTouch(0, 0, 1, 2.5, 3.5),
            ],
            qemu.Input);
        Assert.Equal([30u], qemu.Console.HeldKeys);
    }

    [Fact]
    public void Keys_are_released_when_the_listener_disconnects()
    {
        using var qemu = new FakeQemu();
        using var client = RawDBusClient.On(qemu);
        var listener = client.Listen(qemu.Console);
        client.Call(qemu.Console.Path, Keyboard, "Press", "u", 30u);
        Assert.Equal([30u], qemu.Console.HeldKeys);
        listener.Dispose();
        Assert.True(qemu.WaitUntil(q => q.Console is { Listeners: 0, HeldKeys.Count: 0 }, s_patience));
    }

    [Fact]
    public void The_objects_belong_to_the_newest_client()
    {
        using var qemu = new FakeQemu();
        using var first = RawDBusClient.On(qemu);
        using var second = RawDBusClient.On(qemu);
        Assert.Null(first.Next());
        Assert.True(first.IsClosed);
        Assert.Equal(DBusType.Return, second.Call(FakeQemu.Root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").Type);
    }

    [Fact]
    public void The_clipboard_works_in_both_directions()
    {
        using var qemu = new FakeQemu(new QemuSetup { ClipboardTimeout = TimeSpan.FromMilliseconds(500) });
        using var client = RawDBusClient.On(qemu);
        const string path = FakeQemu.Root + "/Clipboard", clipboard = "org.qemu.Display1.Clipboard";
        Assert.Equal(Refused, client.Call(path, clipboard, "Grab", "uuas", 0u, 1u, Array.Empty<object>()).ErrorName);
        client.Send(path, clipboard, "Register");
        client.Answer(client.Expect("GetAll"), "a{sv}", (object)Array.Empty<object>());
        client.Expect("Register").Dispose();
        Assert.Equal(DBusType.Return, client.Next()!.Type);
        qemu.Clipboard.GuestGrab(0, 1, null);
        Assert.Equal([0u, 1u], client.Expect("Grab").Values[..2]);
        var asked = client.Send(path, clipboard, "Request", "uas", 0u, new[] { QemuClipboard.Text });
        Assert.Equal(Refused, client.Call(path, clipboard, "Request", "uas", 0u, new[] { QemuClipboard.Text }).ErrorName);
        var late = client.Next()!;
        Assert.Equal((asked, Refused), (late.ReplySerial, late.ErrorName));
        qemu.Clipboard.GuestGrab(0, 2, "from the guest");
        client.Expect("Grab").Dispose();
        var answer = client.Call(path, clipboard, "Request", "uas", 0u, new[] { QemuClipboard.Text });
        Assert.Equal("from the guest"u8.ToArray(), answer.Values[1]);
        client.Call(path, clipboard, "Grab", "uuas", 0u, 3u, new[] { QemuClipboard.Text });
        qemu.Clipboard.GuestRequest(0);
        client.Answer(client.Expect("Request"), "say", QemuClipboard.Text, "from the client"u8.ToArray());
        Assert.True(qemu.WaitUntil(q => q.Clipboard.Events[^1].Text == "from the client", s_patience));
        Assert.Empty(qemu.Violations);
    }
}
