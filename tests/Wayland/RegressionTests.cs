using System.Net.Sockets;
using System.Reflection;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Linux;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>What once went wrong.</summary>
[Collection(Descriptors.Name)]
public sealed class RegressionTests
{
    [Fact]
    public void An_exception_in_an_objects_last_event_still_destroys_the_object()
    {
        using var client = new HostedClient();
        var callback = client.Display.Sync();
        callback.Done += (_, _) => throw new InvalidDataException();
        Assert.Throws<InvalidDataException>(() => client.Until(() => false));
        Assert.False(callback.IsAlive);
        Assert.Same(callback, client.Display.Sync());
        client.Sync();
    }

    [Fact]
    public void A_connection_has_no_limit_of_requests()
    {
        using var client = new HostedClient();
        var count = typeof(WlDisplay).GetField("_requestCount", BindingFlags.Instance | BindingFlags.NonPublic)!;
        count.SetValue(client.Display, int.MaxValue - 5);
        for (var i = 0; i < 10; i++)
            client.Sync();
    }

    [Fact]
    public void A_socket_is_owned_by_the_connection_after_Connect()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols) { ManualVblank = true });
        var live = Fd.Live;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(host.SocketPath));
        var fd = Fd.Own(Libc.Fcntl(socket.SafeHandle, Libc.F_DUPFD_CLOEXEC, 0));
        using (WlDisplay.Connect(fd))
            Assert.True(fd.IsClosed);
        fd.Dispose();
        Assert.Equal(live, Fd.Live);
    }

    [Fact]
    public void A_server_made_object_can_be_taken_only_once()
    {
        using var client = new HostedClient();
        using var memory = Memfd.Create("guestplane-test", 4096);
        using var made = client.Bind<ZwpLinuxDmabufV1>("zwp_linux_dmabuf_v1").CreateParams();
        made.Add(memory, 0, 0, 64, 0, 0);
        made.Created += (_, e) =>
        {
            e.TakeBuffer().Dispose();
            e.TakeBuffer();
        };
        made.Create(8, 4, HostFormat.Code("XR24"), 0);
        Assert.Throws<InvalidOperationException>(() => client.Until(() => false));
        client.Sync();
    }
}
