using Guestplane.Linux;
using Guestplane.Tests.Linux;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>Descriptors that come with events: a handler takes them, or they are closed.</summary>
[Collection(Descriptors.Name)]
public sealed class DescriptorTests
{
    [Fact]
    public void A_descriptor_that_is_taken_is_owned_by_the_handler()
    {
        using var client = new HostedClient();
        var dmabuf = client.Bind<ZwpLinuxDmabufV1>("zwp_linux_dmabuf_v1");
        var (live, open) = (Fd.Live, Descriptors.Open);
        Fd? table = null;
        uint size = 0;
        using var feedback = dmabuf.GetDefaultFeedback();
        feedback.FormatTable += (_, e) => (table, size) = (e.TakeFd(), e.Size);
        client.Sync();
        Assert.Equal((live + 1, open + 1), (Fd.Live, Descriptors.Open));
        Assert.Equal(size, DmaBuf.Size(table!));
        table!.Dispose();
        Assert.Equal((live, open), (Fd.Live, Descriptors.Open));
    }

    [Fact]
    public void A_descriptor_that_is_not_taken_is_closed()
    {
        using var client = new HostedClient();
        var dmabuf = client.Bind<ZwpLinuxDmabufV1>("zwp_linux_dmabuf_v1");
        var (live, open) = (Fd.Live, Descriptors.Open);
        using var deaf = dmabuf.GetDefaultFeedback();
        using var heard = dmabuf.GetDefaultFeedback();
        heard.FormatTable += (_, e) => Assert.True(e.Size > 0);
        using var gone = dmabuf.GetDefaultFeedback();
        gone.Dispose();
        client.Sync();
        Assert.Equal((live, open), (Fd.Live, Descriptors.Open));
    }

    [Fact]
    public void A_handler_that_throws_leaks_no_descriptor()
    {
        using var client = new HostedClient();
        var dmabuf = client.Bind<ZwpLinuxDmabufV1>("zwp_linux_dmabuf_v1");
        var (live, open) = (Fd.Live, Descriptors.Open);
        using var feedback = dmabuf.GetDefaultFeedback();
        feedback.FormatTable += (_, _) => throw new InvalidDataException();
        Assert.Throws<InvalidDataException>(client.Sync);
        client.Sync();
        Assert.Equal((live, open), (Fd.Live, Descriptors.Open));
    }

    [Fact]
    public void A_descriptor_can_be_taken_only_once()
    {
        using var client = new HostedClient();
        using var feedback = client.Bind<ZwpLinuxDmabufV1>("zwp_linux_dmabuf_v1").GetDefaultFeedback();
        feedback.FormatTable += (_, e) =>
        {
            e.TakeFd().Dispose();
            e.TakeFd();
        };
        Assert.Throws<InvalidOperationException>(client.Sync);
        client.Sync();
    }

    [Fact]
    public void A_descriptor_that_is_sent_keeps_its_owner()
    {
        using var client = new HostedClient();
        using var memory = Memfd.Create("guestplane-test", 4096);
        var (live, open) = (Fd.Live, Descriptors.Open);
        using (client.Bind<WlShm>("wl_shm").CreatePool(memory, 4096))
            client.Sync();
        client.Sync();
        Assert.Equal((live, open), (Fd.Live, Descriptors.Open));
        Assert.Equal(4096, DmaBuf.Size(memory));
        Assert.Equal(1, client.Host.ShmPoolsCreated);
    }

    [Fact]
    public void A_descriptor_that_is_closed_cannot_be_sent()
    {
        using var client = new HostedClient();
        var shm = client.Bind<WlShm>("wl_shm");
        var memory = Memfd.Create("guestplane-test", 4096);
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => shm.CreatePool(memory, 4096));
        client.Sync();
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void A_server_made_object_can_be_taken_and_used()
    {
        using var client = new HostedClient();
        var (surface, _) = client.Window();
        WlBuffer? buffer = null;
        using var made = Params(client, out var memory);
        made.Created += (_, e) => buffer = e.TakeBuffer();
        made.Create(8, 4, Xr24, 0);
        client.Until(() => buffer is not null);
        surface.Attach(buffer, 0, 0);
        surface.Commit();
        client.Sync();
        Assert.Equal(buffer!.ProxyId, client.Host.Surface(surface.ProxyId)!.Buffer!.Id);
        Assert.True(buffer.ProxyId >= 0xff000000);
        memory.Dispose();
        buffer.Dispose();
        client.Sync();
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void A_connection_closes_all_its_descriptors_when_it_ends()
    {
        using (var first = new HostedClient())
            first.Window();
        var (live, open) = (Fd.Live, Descriptors.Open);
        for (var i = 0; i < 5; i++)
            using (var client = new HostedClient())
                client.Window();
        Assert.Equal((live, open), (Fd.Live, Descriptors.Open));
    }

    private static uint Xr24 => Fakes.HostFormat.Code("XR24");

    private static ZwpLinuxBufferParamsV1 Params(HostedClient client, out Fd memory)
    {
        var made = client.Bind<ZwpLinuxDmabufV1>("zwp_linux_dmabuf_v1").CreateParams();
        memory = Memfd.Create("guestplane-test", 4096);
        made.Add(memory, 0, 0, 64, 0, 0);
        return made;
    }
}
