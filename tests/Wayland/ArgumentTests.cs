using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

public sealed class ArgumentTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a title")]
    [InlineData("Grüße, 世界 🖥")]
    public void A_string_arrives_unchanged(string title) => Arrives(title);

    [Theory]
    [InlineData(254)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(4000)]
    public void A_string_around_and_beyond_the_stack_limit_arrives_unchanged(int length) =>
        Arrives(new string('x', length - 1) + "y");

    [Fact]
    public void Strings_of_events_are_read()
    {
        using var client = new HostedClient();
        string? name = null;
        var bytes = 0;
        client.Bind<WlOutput>("wl_output").Name += (_, e) => (name, bytes) = (e.Name, e.NameUtf8.Length);
        client.Sync();
        Assert.Equal(("FAKE-1", 6), (name, bytes));
    }

    [Fact]
    public void A_null_object_argument_arrives_as_null()
    {
        using var client = new HostedClient();
        var (surface, toplevel) = client.Window();
        toplevel.SetParent(null);
        toplevel.SetFullscreen(null);
        surface.SetInputRegion(null);
        client.Sync();
        Assert.Single(client.Host.Transcript.Matching("set_parent(nil)"));
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void Fixed_point_numbers_arrive_unchanged()
    {
        using var client = new HostedClient();
        var (surface, _) = client.Window();
        var viewport = client.Bind<WpViewporter>("wp_viewporter").GetViewport(surface);
        viewport.SetSource(WlFixed.From(0.25), WlFixed.From(0.5), WlFixed.From(0.5), WlFixed.From(0.125));
        viewport.SetDestination(10, 20);
        surface.Commit();
        client.Sync();
        Assert.Equal((0.25, 0.5, 0.5, 0.125), client.Host.Surface(surface.ProxyId)!.ViewportSource);
        Assert.Equal((10, 20), client.Host.Surface(surface.ProxyId)!.ViewportDestination);
    }

    [Fact]
    public void Objects_and_arrays_of_events_are_read()
    {
        using var client = new HostedClient();
        var (surface, toplevel) = client.Window();
        WlSurface? entered = null;
        var states = Array.Empty<byte>();
        client.Bind<WlSeat>("wl_seat").GetPointer().Enter += (_, e) => entered = e.Surface;
        toplevel.Configure += (_, e) => states = e.States.ToArray();
        client.Sync();
        client.Host.PointerEnter(surface.ProxyId, 0, 0);
        client.Host.Configure(10, 10, fullscreen: true);
        client.Sync();
        Assert.Same(surface, entered);
        Assert.Equal([2, 0, 0, 0, 4, 0, 0, 0], states);
    }

    [Fact]
    public async Task Garbage_collections_move_no_memory_that_is_in_use()
    {
        using var client = new HostedClient();
        var (surface, toplevel) = client.Window();
        var (frames, collections) = (0, new List<Task>());
        for (var i = 0; i < 60; i++)
        {
            // Full and compacting, on another thread: some of them meet this one inside libwayland.
            if (i % 6 == 0)
                collections.Add(Task.Run(() => GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true), CancellationToken.None));
            toplevel.SetTitle($"frame {i}");
            surface.Frame().Done += (_, _) => frames++;
            surface.Commit();
            client.Host.Vblank();
            client.Sync();
            Assert.Equal($"frame {i}", client.Host.Surface(surface.ProxyId)!.Title);
        }
        await Task.WhenAll(collections);
        client.Host.Vblank();
        client.Sync();
        Assert.True(frames >= 50);
        Assert.Empty(client.Host.Violations);
    }

    private static void Arrives(string title)
    {
        using var client = new HostedClient();
        var (surface, toplevel) = client.Window();
        toplevel.SetTitle(title);
        client.Sync();
        Assert.Equal(title, client.Host.Surface(surface.ProxyId)!.Title);
        Assert.Empty(client.Host.Violations);
    }
}
