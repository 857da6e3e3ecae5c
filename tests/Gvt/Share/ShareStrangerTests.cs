using System.Globalization;
using Guestplane.Gvt;
using Guestplane.Gvt.Share;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>Who may connect to a share, and what a bad client costs.</summary>
[Collection(Descriptors.Name)]
public sealed class ShareStrangerTests
{
    private const string Root = "/org/qemu/Display1", Manager = "org.freedesktop.DBus.ObjectManager";

    [Fact]
    public void Only_our_own_user_root_and_those_allowed_are_admitted()
    {
        const uint Stranger = 54321, Friend = 54322, Group = 54323;
        var (socket, other) = UnixSocket.Pair();
        using (socket)
        using (other)
        {
            var access = new ShareAccess();
            Assert.True(access.Allows(new(1, 0, 0), socket.Number));
            Assert.True(access.Allows(PeerCredentials.Of(socket.Number)!.Value, socket.Number));
            Assert.False(access.Allows(new(1, Stranger, Stranger), socket.Number));
            Assert.True(access.Allow(Friend.ToString(CultureInfo.InvariantCulture)) && access.Allow($":{Group}"));
            Assert.True(access.Allows(new(1, Friend, Stranger), socket.Number));
            Assert.True(access.Allows(new(1, Stranger, Group), socket.Number));
            Assert.False(access.Allows(new(1, Stranger, Friend), socket.Number));
            Assert.False(access.Allow("no-such-user"));
            Assert.False(access.Allow(":no-such-group"));
        }
    }

    [Fact]
    public void A_descriptor_that_did_not_come_costs_the_client_its_connection_and_one_line()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        client.Send(SharedDisplay.Console, SharedDisplay.Interface, "RegisterListener", "h", 5u);
        Assert.Null(client.Next());
        display.WaitFor("could not be answered");
        Assert.Single(display.Said);
    }

    /// <summary>sd-bus answers the last two by itself.</summary>
    [Theory]
    [InlineData(Root, Manager, "GetManagedObjects")]
    [InlineData(Root, "org.freedesktop.DBus.Peer", "Ping")]
    [InlineData("/no/such/path", "no.such.Interface", "No")]
    public void A_client_that_asks_and_does_not_read_is_closed(string path, string @interface, string member)
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        var sent = 0;
        while (display.Said.IsEmpty && sent++ < 100_000)
            client.Send(path, @interface, member);
        display.WaitFor("has not read 256 messages");
    }

    [Fact]
    public void A_client_that_does_not_read_what_it_is_notified_of_is_closed()
    {
        using var display = new SharedDisplay();
        Scanout[] images = [display.Image(1), display.Image(1, width: 32)];
        using var client = display.Client();
        for (var i = 0; display.Said.IsEmpty && i < 100_000; i++)
            display.Show(images[i % 2]);
        display.WaitFor("has not read 256 messages");
    }

    [Fact]
    public void A_listener_that_does_not_authenticate_is_closed()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = client.SendListener(SharedDisplay.Console);
        display.WaitFor("did not authenticate it");
        Assert.Null(listener.Next());
        Assert.Equal(0, display.Ask(() => display.Server.Listeners));
    }

    /// <summary>As by SIGSTOP. The handshake of each takes several steps, which follow when the share runs again.</summary>
    [Fact]
    public async Task A_pause_of_the_share_itself_is_no_clients_fault()
    {
        const long Pause = 5_100_000_000;
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var other = display.Connect();
        using var listener = client.SendListener(SharedDisplay.Console);
        display.Until(() => display.Server is { Listeners: 1, Connections: 2 });
        using var isPaused = new ManualResetEventSlim();
        var pause = Task.Run(() => display.Do(() =>
        {
            isPaused.Set();
            var end = Clock.Now + Pause;
            SpinWait.SpinUntil(() => Clock.Now > end);
        }), TestContext.Current.CancellationToken);
        isPaused.Wait(TestContext.Current.CancellationToken);
        other.Authenticate();
        listener.Authenticate();
        using (var call = listener.Expect("GetAll"))
            listener.Answer(call, "a{sv}", (object)Array.Empty<object>());
        display.Show(display.Image(1));
        listener.Expect("ScanoutDMABUF").Dispose();
        other.Call(Root, Manager, "GetManagedObjects").Dispose();
        await pause;
        Assert.Empty(display.Said);
    }

    /// <summary>sd-bus ends the connection for each of them, and the client sees no reason.</summary>
    [Theory]
    [InlineData("a descriptor before its time")]
    [InlineData("a byte order that is none")]
    [InlineData("a message of 128 MiB")]
    public void What_cannot_be_read_costs_the_client_its_connection_and_one_line(string what)
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var other = display.Connect();
        using var listener = client.SendListener(SharedDisplay.Console);
        foreach (var one in (RawDBusClient[])[other, listener])
        {
            if (what[0..12] == "a descriptor")
            {
                using var file = File.OpenHandle("/dev/null");
                one.Say([0], QemuRawMessage.Duplicates([file], new FdLedger()));
                continue;
            }
            one.Authenticate();
            byte[] header = what[2] == 'b' ? [.. "X234567890123456"u8]
                : [(byte)'l', 1, 0, 1, .. BitConverter.GetBytes(128 << 20), 1, 0, 0, 0, 0, 0, 0, 0];
            one.Say(header, []);
        }
        display.WaitFor("The connection of process");
        display.WaitFor("A listener of process");
        Assert.All(display.Said, line => Assert.Contains(" was closed: what it sent cannot be read (", line, StringComparison.Ordinal));
        Assert.Equal(2, display.Said.Count);
    }

    /// <summary>sd-bus takes up to 128 MiB of each, and waits for the rest for ever.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_that_is_long_and_not_complete_takes_little_memory(bool isListener)
    {
        const int Length = 127 << 20, Chunk = 1 << 16;
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var one = isListener ? SharedDisplay.Listen(client) : display.Client();
        one.Say([(byte)'l', 1, 0, 1, .. BitConverter.GetBytes(Length), 1, 0, 0, 0, 0, 0, 0, 0], []);
        for (var sent = 0; display.Said.IsEmpty && sent < Length - Chunk; sent += Chunk)
            one.Say(new byte[Chunk], []);
        display.WaitFor("what it sent cannot be read (a message is longer than 1 MiB)");
    }

    [Fact]
    public void Many_messages_that_sd_bus_answers_are_no_long_one()
    {
        const int Bytes = 2 << 20, Each = 256;
        using var display = new SharedDisplay();
        using var client = display.Client();
        for (var sent = 0; sent < Bytes; sent += Each)
            client.Call("/", "org.freedesktop.DBus.Peer", "Ping").Dispose();
        Assert.Empty(display.Said);
    }

    [Fact]
    public void A_listener_with_more_interfaces_than_anybody_has_is_closed()
    {
        using var display = new SharedDisplay();
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, [.. Enumerable.Repeat("x", 2000)]);
        display.WaitFor("its properties cannot be read");
    }

    [Fact]
    public void A_client_that_leaves_is_not_worth_a_line()
    {
        using var display = new SharedDisplay();
        var image = display.Image(1);
        display.Show(image);
        using var client = display.Client();
        using var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2);
        foreach (var _ in (int[])[1, 2])
            using (var call = listener.Next()!)
                listener.Answer(call);
        // The server finds out when it sends.
        display.Do(() =>
        {
            listener.Dispose();
            client.Dispose();
            display.Head.Raise(new Flip(PlaneKind.Primary, image, default, default, Changed: true, Clock.Now));
            display.Head.Raise(new Flip(PlaneKind.Primary, display.Image(2, width: 32), default, default, Changed: true, Clock.Now));
        });
        display.Until(() => display.Server is { Listeners: 0, Connections: 0 });
        Assert.Empty(display.Said);
    }

    [Fact]
    public void There_is_an_end_to_connections_and_listeners()
    {
        const int Connections = 64, ListenersOfOne = 16;
        using var display = new SharedDisplay();
        List<RawDBusClient> clients = [.. Enumerable.Range(0, Connections).Select(_ => display.Client())];
        using (var refused = display.Connect())
            Assert.Null(refused.Line());
        display.WaitFor("was refused: its user has 64 connections already.");
        for (var i = 0; i < ListenersOfOne; i++)
            clients.Add(SharedDisplay.Listen(clients[0]));
        using var one = clients[0].SendListener(SharedDisplay.Console);
        Assert.Null(one.Line());
        clients.ForEach(client => client.Dispose());
        display.Until(() => display.Server.Listeners == 0);
    }

    /// <summary>Clients that go in each state of the handshake.</summary>
    [Fact]
    public void Descriptors_are_flat_over_hundreds_of_connections()
    {
        const int WarmUp = 20, Rounds = 80;
        using var display = new SharedDisplay();
        display.Show(display.Image(1));
        var (live, open) = (0, 0);
        for (var i = 0; i < WarmUp + Rounds; i++)
        {
            if (i == WarmUp)
            {
                display.Until(() => display.Server is { Listeners: 0, Connections: 0 });
                (live, open) = (Fd.Live, Descriptors.Open);
            }
            display.Connect().Dispose();
            using (var greeted = display.Connect())
                greeted.Say("\0AUTH EXTERNAL");
            using var client = display.Client();
            using (client.SendListener(SharedDisplay.Console))
            using (var listener = SharedDisplay.Listen(client, SharedDisplay.DmaBuf2))
                listener.Next()!.Dispose();
        }
        display.Until(() => display.Server is { Listeners: 0, Connections: 0 });
        Assert.Equal(live, Fd.Live);
        Assert.InRange(Descriptors.Open, 0, open + 2);
    }
}
