namespace Guestplane.Tests.Fakes;

/// <summary>dma-bufs: imports and feedback, by version.</summary>
public sealed partial class HostBehaviourTests
{
    private const string Dmabuf = "zwp_linux_dmabuf_v1";

    [Fact]
    public void Pixels_of_a_dmabuf_are_read_and_its_id_is_in_the_servers_range() => With(null, (host, client) =>
    {
        const uint ServersFirst = 0xff000000;
        var window = client.Window();
        var made = client.Params();
        using var fd = client.Memory(4096);
        RandomAccess.Write(fd.Handle, Enumerable.Range(0, 4096).Select(i => (byte)i).ToArray(), 0);
        client.SendFds(made, 1, [fd], 0, 32, 64, 0, 0);
        client.Send(made, 2, 8, 4, s_xr24, 0);
        client.Sync();
        Assert.Equal(ServersFirst, client.Word(made, 0, 0));
        client.Attach(window.Surface, ServersFirst);
        client.Commit(window.Surface);
        client.Sync();
        var pixels = host.ReadPixels(host.Surface(window.Surface)!);
        Assert.Equal((64, 256, 33), (pixels.Stride, pixels.Bytes.Length, pixels.Bytes[1]));
        Assert.Equal(("dmabuf", 1), (host.CurrentBuffers[0].Kind, host.Imports));
        client.Show(window.Surface);
        client.Send(ServersFirst, 0);
        client.Sync();
        Assert.DoesNotContain(client.Events, e => e is { Id: RawClient.Display, Opcode: 1 } && BitConverter.ToUInt32(e.Body) == ServersFirst);
        var again = Import(client, 8, s_xr24);
        Assert.Equal(ServersFirst, client.Word(again, 0, 0));
    });

    [Fact]
    public void An_import_fails_when_the_test_says_so() => With(null, (host, client) =>
    {
        host.Faults.FailImport = import => import.Width == 8;
        Assert.True(client.Has(Import(client, 8, s_xr24), 1));
        Assert.True(client.Has(Import(client, 4, s_xr24), 0));
        Assert.Equal((1, 1), (host.ImportsFailed, host.Imports));
    });

    [Fact]
    public void Feedback_is_sent_with_or_without_its_table() => With(s => s.ScanoutFormats = [new("XR24")], (host, client) =>
    {
        var feedback = client.New(client.Dmabuf, 3, client.Surface());
        client.Sync();
        Assert.Equal((1, 7u * 16, 2), (client.Fds.Count, client.Word(feedback, 1, 0), client.Count(feedback, 3)));
        host.ResendFeedback(false, new HostFormat("XR24"));
        client.Sync();
        Assert.Single(client.Fds);
        host.ResendFeedback(true, new HostFormat("XR24"), new HostFormat("AR30"));
        client.Sync();
        Assert.Equal((2, 3), (client.Fds.Count, client.Count(feedback, 0)));
        // The client may have sent the buffer before its format left the list.
        Assert.True(client.Has(Import(client, 8, HostFormat.Code("RG16")), 0));
    });

    [Fact]
    public void Version_6_has_flags_in_place_of_the_main_device() => With(s => s.With(Dmabuf, 6).ScanoutFormats = [new("XR24")], (_, client) =>
    {
        var feedback = client.New(client.Bind(7, Dmabuf, 6), 2);
        var older = client.New(client.Dmabuf, 2);
        client.Sync();
        Assert.Equal((0, 1, 2u), (client.Count(feedback, 2), client.Count(feedback, 3), client.Word(feedback, 6, 0)));
        Assert.Equal((1, 1, 0u), (client.Count(older, 2), client.Count(older, 3), client.Word(older, 6, 0)));
    });

    [Fact]
    public void A_buffer_is_imported_to_the_device_that_it_names_while_that_samples() => With(s => s.With(Dmabuf, 6), (host, client) =>
    {
        var (device, dmabuf) = (host.Setup.MainDevice, client.Bind(7, Dmabuf, 6));
        Assert.True(client.Has(Import(device), 0));
        host.ResendTranches(new HostTranche(device + 1, HostTranche.Sampling, [new("XR24")]), new(device, HostTranche.Scanout, [new("XR24")]));
        Assert.True(client.Has(Import(device), 1));
        Assert.True(client.Has(Import(device + 1), 0));

        uint Import(ulong to)
        {
            var made = client.New(dmabuf, 1);
            client.AddPlane(made, 0, 0, 32, 256);
            client.Send(made, 4, 8, BitConverter.GetBytes(to));
            client.Send(made, 2, 8, 8, s_xr24, 0);
            client.Sync();
            return made;
        }
    });

    [Fact]
    public void Many_descriptors_are_sent_in_several_messages() => With(null, (_, client) =>
    {
        for (var i = 0; i < 200; i++)
            client.New(client.Dmabuf, 2);
        client.Sync();
        Assert.Equal(200, client.Fds.Count);
    });

    [Fact]
    public void An_old_dmabuf_version_lists_modifiers()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols).With("zwp_linux_dmabuf_v1", 3));
        using var client = new RawClient(host).GetRegistry();
        var dmabuf = client.Bind(7, "zwp_linux_dmabuf_v1", 3);
        client.Sync();
        Assert.Equal(7, client.Count(dmabuf, 1));
    }

    private static uint Import(RawClient client, int width, uint format)
    {
        var made = client.Params();
        client.AddPlane(made, 0, 0, 64, 4096);
        client.Send(made, 2, width, 4, format, 0);
        client.Sync();
        return made;
    }
}
