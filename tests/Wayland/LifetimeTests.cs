using System.Runtime.InteropServices;
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
    public void Calling_the_destructor_request_destroys_the_object_too()
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
    public void A_destroyed_object_sends_nothing_and_is_rejected_as_an_argument()
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
    public void A_request_that_the_version_lacks_throws_and_is_not_sent()
    {
        using var client = new HostedClient();
        var surface = client.Bind<WlCompositor>("wl_compositor", 4).CreateSurface();
        var refused = Assert.Throws<InvalidOperationException>(() => surface.Offset(1, 1));
        Assert.Contains($"wl_surface#{surface.ProxyId}.offset needs version 5, and the object has 4", refused.Message);
        client.Sync();
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void Objects_inherit_the_version_of_the_object_that_created_them()
    {
        using var client = new HostedClient();
        using var compositor = client.Bind<WlCompositor>("wl_compositor", 3);
        Assert.Equal((3u, 3u), (compositor.ProxyVersion, compositor.CreateSurface().ProxyVersion));
        Assert.Equal($"wl_compositor#{compositor.ProxyId}", compositor.ToString());
    }

    [Fact]
    public void An_object_that_an_event_destroys_is_dead_and_its_wrapper_is_re_used()
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
    public void An_event_for_a_destroyed_object_is_dropped()
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
    public void Disconnecting_frees_all_objects()
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
    public void A_window_frame_can_be_disposed_twice()
    {
        using var client = new HostedClient();
        var frame = new LibdecorFrame(client.Display);
        frame.Dispose();
        // The runtime reuses a freed handle for the next object.
        var other = GCHandle.Alloc(new object());
        frame.Dispose();
        Assert.NotNull(other.Target);
        other.Free();
    }

    [Fact]
    public void Connect_returns_null_without_a_compositor() => Assert.Null(WlDisplay.Connect("/nowhere/wayland-0"));

    [Fact]
    public void The_compositors_process_id_is_known()
    {
        using var client = new HostedClient();
        Assert.Equal(Environment.ProcessId, client.Display.HostProcessId);
    }
}
