using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

public sealed class LifetimeTests
{
    [Fact]
    public void Dispose_sends_the_destructor_once()
    {
        using var client = new HostedClient();
        var surface = client.Bind<WlCompositor>("wl_compositor").CreateSurface();
        var id = surface.ProxyId;
        surface.Dispose();
        surface.Dispose();
        client.Sync();
        Assert.False(surface.IsAlive);
        Assert.Single(client.Host.Transcript.Matching($"wl_surface#{id}.destroy"));
        Assert.Empty(client.Host.Surfaces);
    }

    [Fact]
    public void The_destructor_by_its_own_name_ends_the_object_too()
    {
        using var client = new HostedClient();
        var surface = client.Bind<WlCompositor>("wl_compositor").CreateSurface();
        surface.Destroy();
        Assert.False(surface.IsAlive);
        surface.Dispose();
        client.Sync();
        Assert.Single(client.Host.Transcript.Matching(".destroy("));
    }

    [Fact]
    public void A_destructor_that_the_version_lacks_is_not_sent()
    {
        using var client = new HostedClient();
        var old = client.Bind<WlOutput>("wl_output", 2);
        var young = client.Bind<WlOutput>("wl_output", 4);
        old.Dispose();
        young.Dispose();
        client.Sync();
        Assert.Single(client.Host.Transcript.Matching("-> wl_output#"));
        Assert.Single(client.Host.Transcript.Matching($"-> wl_output#{young.ProxyId}.release"));
    }

    [Fact]
    public void A_gone_object_sends_nothing_and_is_no_argument()
    {
        using var client = new HostedClient();
        var compositor = client.Bind<WlCompositor>("wl_compositor");
        var (gone, alive) = (compositor.CreateSurface(), compositor.CreateSurface());
        var buffer = client.Pixel();
        gone.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(gone.Commit);
        Assert.Throws<ObjectDisposedException>(() => alive.Attach(buffer, 0, 0));
        alive.Attach(null, 0, 0);
        client.Sync();
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void A_request_that_the_version_lacks_is_our_bug_and_is_not_sent()
    {
        using var client = new HostedClient();
        var surface = client.Bind<WlCompositor>("wl_compositor", 4).CreateSurface();
        var refused = Assert.Throws<InvalidOperationException>(() => surface.Offset(1, 1));
        Assert.Contains($"wl_surface#{surface.ProxyId}.offset needs version 5, and the object has 4", refused.Message);
        client.Sync();
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void Objects_have_the_version_of_what_made_them()
    {
        using var client = new HostedClient();
        using var compositor = client.Bind<WlCompositor>("wl_compositor", 3);
        Assert.Equal((3u, 3u), (compositor.ProxyVersion, compositor.CreateSurface().ProxyVersion));
        Assert.Equal($"wl_compositor#{compositor.ProxyId}", compositor.ToString());
    }

    [Fact]
    public void An_object_that_ended_by_an_event_is_gone_and_its_wrapper_used_again()
    {
        using var client = new HostedClient();
        var calls = 0;
        var first = client.Display.Sync();
        first.Tag = 7;
        first.Done += (_, _) => calls++;
        client.Until(() => calls == 1);
        Assert.False(first.IsAlive);
        first.Dispose();
        var next = client.Display.Sync();
        Assert.Same(first, next);
        Assert.True(next.IsAlive);
        Assert.Equal(0, next.Tag);
        client.Sync();
        // The handler was the first object's, not the wrapper's.
        Assert.Equal(1, calls);
    }

    [Fact]
    public void An_event_for_an_object_that_is_gone_is_dropped()
    {
        using var client = new HostedClient();
        var callback = client.Display.Sync();
        callback.Done += (_, _) => Assert.Fail("gone");
        callback.Dispose();
        client.Sync();
    }

    [Fact]
    public void A_handler_may_dispose_its_own_object()
    {
        using var client = new HostedClient();
        var isDone = false;
        var callback = client.Display.Sync();
        callback.Done += (sender, _) =>
        {
            ((WlCallback)sender!).Dispose();
            isDone = true;
        };
        client.Until(() => isDone);
        Assert.False(callback.IsAlive);
        client.Sync();
    }

    [Fact]
    public void Disconnecting_lets_go_of_everything()
    {
        using var client = new HostedClient();
        var (surface, toplevel) = client.Window();
        var callback = client.Display.Sync();
        client.Display.Dispose();
        client.Display.Dispose();
        Assert.All(new WlProxy[] { surface, toplevel, callback, client.Registry, client.Display }, proxy => Assert.False(proxy.IsAlive));
        surface.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Display.Sync());
        Assert.True(client.Host.WaitUntil(host => host.Clients == 0, TimeSpan.FromSeconds(10)));
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void Where_no_host_is_there_is_no_connection() => Assert.Null(WlDisplay.Connect("/nowhere/wayland-0"));

    [Fact]
    public void The_hosts_process_is_known()
    {
        using var client = new HostedClient();
        Assert.Equal(Environment.ProcessId, client.Display.HostProcessId);
    }
}
