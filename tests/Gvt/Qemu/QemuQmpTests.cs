using System.Net.Sockets;
using System.Text;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>A VM by its QMP socket, and sockets that are none.</summary>
[Collection(Descriptors.Name)]
public sealed class QemuQmpTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-qmp-");

    private string SocketPath => Path.Combine(_folder.FullName, "qmp");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_client_is_added_even_if_events_arrive_in_between(bool sendsEvents)
    {
        using var qemu = new FakeQemu();
        var qmp = new FakeQmp(qemu, SocketPath) { SendsEvents = sendsEvents };
        using var loop = new Loop();
        using var guest = QemuVm.Open($"qemu:qmp={SocketPath}", loop);
        Assert.Single(guest.Heads);
        Assert.Equal(["qmp_capabilities", "getfd", "add_client"], qmp.Commands);
        Assert.True(QemuSource.Parse(guest.Source, null).CanReturn);
    }

    [Fact]
    public void A_QEMU_with_another_display_is_reported_with_the_remedy()
    {
        using var qemu = new FakeQemu();
        _ = new FakeQmp(qemu, SocketPath) { RefusesClients = true };
        Assert.Contains("-display dbus,p2p=yes", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_that_is_not_there_is_named() => Assert.Contains(SocketPath, Refusal(), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_a_socket_is_named()
    {
        File.WriteAllText(SocketPath, "");
        Assert.Contains(SocketPath, Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("\0\0\0\0\n")]
    [InlineData("{\n")]
    [InlineData("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no.\"}}\n")]
    [InlineData("{\"error\": {\"class\": \"GenericError\"}}\n")]
    [InlineData("{\"error\": 5}\n")]
    [InlineData("{\"error\": null}\n")]
    [InlineData("{\"error\": {\"desc\": 5}}\n")]
    [InlineData("{\"error\": {\"desc\": \"\\ud800\"}}\n")]
    [InlineData("{\"error\": {\"desc\": \"\u00ff\"}}\n")]
    [InlineData("{\"\\udfff\": 1}\n")]
    [InlineData("[1, 2]\n17\n\"QMP\"\n")]
    [InlineData("\n\n\n")]
    [InlineData("{\"QMP\": 1}\n{\"return\": 1}\n{\"return\": 1}\n{\"return\": 1}\n")]
    [InlineData("{\"QMP\": 1}\n{\"QMP\": 1}\n")]
    public void A_peer_that_does_not_speak_QMP_is_one_sentence_and_leaks_nothing(string says)
    {
        var live = Fd.Live;
        Assert.Matches("^qemu:qmp=[^\n]*[.]$", RefusalOf(Encoding.Latin1.GetBytes(says)));
        Assert.Equal(live, Fd.Live);
    }

    [Fact]
    public void An_endless_line_is_not_QMP() =>
        Assert.Contains("does not speak QMP", RefusalOf(Enumerable.Repeat((byte)'a', 3 << 20).ToArray()), StringComparison.Ordinal);

    [Fact]
    public void A_QEMU_that_closes_the_passed_socket_is_one_sentence()
    {
        var live = Fd.Live;
        var sentence = RefusalOf(client =>
        {
            client.Send("{\"QMP\": 1}\n"u8);
            // A plain read closes the descriptors that it has no room for.
            while (client.Receive(new byte[4096]) > 0)
                client.Send("{\"return\": {}}\n"u8);
        });
        Assert.Matches("^qemu:qmp=[^\n]*[.]$", sentence);
        Assert.Equal(live, Fd.Live);
    }

    /// <summary>Each greeting would be answered, and awaited for five seconds more.</summary>
    [Fact]
    public void A_second_greeting_is_not_QMP() =>
        Assert.Contains("does not speak QMP", RefusalOf("{\"QMP\": 1}\n{\"QMP\": 1}\n"u8.ToArray()), StringComparison.Ordinal);

    /// <summary>Its patience with all steps is shorter than that with each of them.</summary>
    [Fact]
    public void An_attempt_ends_with_its_guest()
    {
        using var socket = Listening();
        using var loop = new Loop();
        var live = Fd.Live;
        var guest = new QemuGuest(QemuSource.Parse($"qemu:qmp={SocketPath}", null), loop);
        guest.Open(problem => Assert.Fail($"{problem}"));
        Assert.NotEqual(live, Fd.Live);
        guest.Dispose();
        Assert.Equal(live, Fd.Live);
    }

    /// <summary>QEMU's backlog is 1, and it accepts nobody while it serves somebody.</summary>
    [Fact]
    public void A_socket_where_others_wait_already_is_that_of_a_QEMU_that_serves_another_client()
    {
        using var socket = Listening(backlog: 0);
        using var other = UnixSocket.Connect(SocketPath);
        Assert.Contains("QEMU serves one client, so end another one", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_attempt_without_descriptors_is_one_that_failed()
    {
        using var socket = Listening();
        using var loop = new Loop();
        var live = Fd.Live;
        // For the QMP socket, and none for the display's.
        const int Free = 1;
        SourceException? refused = null;
        Descriptors.WithOnly(Free, () =>
            refused = Record.Exception(() => QemuVm.Open($"qemu:qmp={SocketPath}", loop)) as SourceException);
        Assert.Equal($"qemu:qmp={SocketPath} cannot be shown: socketpair: Too many open files.", refused?.Message);
        Assert.Equal(live, Fd.Live);
    }

    private Socket Listening(int backlog = 8)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(SocketPath));
        socket.Listen(backlog);
        return socket;
    }

    /// <summary>Of a socket that says this to whoever comes, and then hangs up.</summary>
    private string RefusalOf(byte[] says) => RefusalOf(client =>
    {
        client.Send(says);
        client.Shutdown(SocketShutdown.Send);
        while (client.Receive(new byte[4096]) > 0)
        {
        }
    });

    private string RefusalOf(Action<Socket> serve)
    {
        using var socket = Listening();
        var served = Task.Run(() =>
        {
            using var client = socket.Accept();
            try
            {
                serve(client);
            }
            catch (SocketException e)
            {
                // It has heard enough.
                Assert.NotEqual(SocketError.Success, e.SocketErrorCode);
            }
        });
        var sentence = Refusal();
        Assert.True(served.Wait(TimeSpan.FromSeconds(10)));
        return sentence;
    }

    private string Refusal()
    {
        using var loop = new Loop();
        var refused = Assert.Throws<SourceException>(() => QemuVm.Open($"qemu:qmp={SocketPath}", loop));
        Assert.Equal(SourceFault.NotThere, refused.Fault);
        return refused.Message;
    }
}
