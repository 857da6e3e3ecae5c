using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

public sealed class FailureTests
{
    [Fact]
    public void A_handlers_exception_is_thrown_by_the_dispatch_and_the_connection_stays_usable()
    {
        using var client = new HostedClient();
        var thrown = new InvalidDataException("from the handler");
        client.Bind<WlSeat>("wl_seat").Capabilities += (_, _) => throw thrown;
        var said = Assert.Throws<InvalidDataException>(client.Sync);
        Assert.Same(thrown, said);
        Assert.Contains(nameof(A_handlers_exception_is_thrown_by_the_dispatch_and_the_connection_stays_usable), said.StackTrace);
        client.Sync();
        Assert.Empty(client.Host.Violations);
    }

    [Fact]
    public void The_first_of_several_exceptions_is_thrown()
    {
        using var client = new HostedClient();
        var calls = 0;
        for (var i = 0; i < 3; i++)
            client.Bind<WlSeat>("wl_seat").Capabilities += (_, _) => throw new InvalidDataException($"{++calls}");
        client.Display.Flush();
        Assert.Equal("1", Assert.Throws<InvalidDataException>(client.Sync).Message);
        while (calls < 3)
            Assert.Throws<InvalidDataException>(client.Sync);
        client.Sync();
    }

    [Fact]
    public void A_protocol_error_names_the_object_the_code_and_the_last_requests()
    {
        using var client = new HostedClient();
        var (surface, _) = client.Window();
        client.Host.Faults.ErrorAfterCommits = 1;
        surface.Damage(0, 0, 1, 1);
        surface.Commit();
        var failure = Assert.Throws<WaylandException>(client.Sync);
        Assert.True(failure.IsProtocolError);
        Assert.Equal(($"wl_surface#{surface.ProxyId}", 4242u), (failure.Source, failure.Code));
        Assert.Contains("injected", failure.Message);
        Assert.Contains($"wl_surface#{surface.ProxyId}.damage", failure.LastRequests);
        Assert.Throws<WaylandException>(client.Display.DispatchPending);
    }

    [Fact]
    public void The_last_requests_are_listed_oldest_first()
    {
        using var client = new HostedClient();
        var (surface, _) = client.Window();
        client.Host.Faults.ErrorAfterCommits = 1;
        for (var i = 0; i < 30; i++)
            surface.Damage(0, 0, 1, 1);
        surface.Commit();
        var last = Assert.Throws<WaylandException>(client.Sync).LastRequests;
        Assert.InRange(last.Count, 5, 20);
        Assert.Equal([$"wl_surface#{surface.ProxyId}.damage", $"wl_surface#{surface.ProxyId}.commit", "wl_display#1.sync"], last.TakeLast(3));
    }

    [Fact]
    public void A_compositor_that_goes_away_is_not_a_protocol_error()
    {
        using var client = new HostedClient();
        client.Host.DropClients();
        var failure = Assert.Throws<WaylandException>(() => client.Until(() => false));
        Assert.False(failure.IsProtocolError);
        Assert.Empty(failure.LastRequests);
        Assert.Contains("broke", failure.Message);
    }

    [Fact]
    public void A_compositor_that_dies_in_a_commit_is_not_a_protocol_error()
    {
        using var client = new HostedClient();
        var (surface, _) = client.Window();
        client.Host.Faults.DieAfterCommits = 1;
        surface.Commit();
        Assert.False(Assert.Throws<WaylandException>(client.Sync).IsProtocolError);
    }

    [Fact]
    public void Objects_of_a_failed_connection_can_still_be_disposed()
    {
        using var client = new HostedClient();
        var (surface, toplevel) = client.Window();
        client.Host.DropClients();
        Assert.Throws<WaylandException>(() => client.Until(() => false));
        toplevel.Dispose();
        surface.Commit();
        surface.Dispose();
        Assert.False(surface.IsAlive);
    }
}
