namespace Guestplane.Tests.Fakes;

/// <summary>The fake compositor's behaviour for a client without mistakes.</summary>
public sealed partial class HostBehaviourTests
{
    private static readonly uint s_xr24 = HostFormat.Code("XR24");

    [Fact]
    public void A_sync_subsurface_waits_for_its_parent() => With(null, (host, client) =>
    {
        var window = client.Window();
        var child = client.Surface();
        var subsurface = client.Subsurface(child, window.Surface);
        client.Show(child);
        client.Send(subsurface, 1, 30, 40);
        client.Sync();
        var before = host.Surface(child)!;
        Assert.Equal((null, (0, 0), false), (before.Buffer, before.Position, before.IsMapped));
        client.Commit(window.Surface);
        client.Sync();
        var after = host.Surface(child)!;
        Assert.Equal(("single-pixel", (30, 40), true), (after.Buffer!.Kind, after.Position, after.IsMapped));
        Assert.Equal([window.Surface, child], host.Surface(window.Surface)!.Stack);
    });

    [Fact]
    public void A_desync_subsurface_does_not_wait_for_its_parent() => With(null, (host, client) =>
    {
        var window = client.Window();
        var child = client.Surface();
        var subsurface = client.Subsurface(child, window.Surface);
        client.Send(subsurface, 5);
        var shown = client.Pixel();
        client.Attach(child, shown);
        client.Commit(child);
        client.Sync();
        Assert.Equal(shown, host.Surface(child)!.Buffer!.Id);
        client.Send(subsurface, 4);
        var cached = client.Pixel();
        client.Attach(child, cached);
        client.Commit(child);
        client.Sync();
        Assert.Equal(shown, host.Surface(child)!.Buffer!.Id);
        // Cached state is applied at once when the subsurface becomes desync again.
        client.Send(subsurface, 5);
        client.Sync();
        Assert.Equal(cached, host.Surface(child)!.Buffer!.Id);
    });

    [Fact]
    public void The_stack_changes_with_the_parents_commit() => With(null, (host, client) =>
    {
        var window = client.Window();
        var child = client.Surface();
        var subsurface = client.Subsurface(child, window.Surface);
        client.Send(subsurface, 3, window.Surface);
        client.Commit(window.Surface);
        client.Sync();
        Assert.Equal([child, window.Surface], host.Surface(window.Surface)!.Stack);
        client.Send(subsurface, 0);
        client.Send(child, 0);
        client.Sync();
        Assert.Equal([window.Surface], host.Surface(window.Surface)!.Stack);
    });

    [Fact]
    public void A_buffer_that_is_replaced_before_its_vblank_is_released_and_discarded() =>
        With(s => s.ManualVblank = true, (host, client) =>
    {
        var window = client.Window();
        host.Vblank();
        var replaced = client.ShmBuffer(4, 4);
        client.Attach(window.Surface, replaced);
        var frame = client.New(window.Surface, 3);
        var discarded = Feedback(client, window.Surface);
        client.Commit(window.Surface);
        var presented = Feedback(client, window.Surface);
        client.Show(window.Surface);
        client.Sync();
        Assert.True(client.Has(discarded, 2) && client.Has(replaced, 0));
        Assert.False(client.Has(frame, 0));
        host.Vblank();
        client.Sync();
        Assert.True(client.Has(frame, 0) && client.Has(presented, 0));
        Assert.Equal((7u, 16_666_666u), (client.Word(presented, 1, 6), client.Word(presented, 1, 3)));
        Assert.Equal(1, client.Count(window.Surface, 0));
    });

    [Fact]
    public void A_hidden_window_gets_no_frame_callbacks_but_its_buffers_are_released() =>
        With(s => s.ManualVblank = true, (host, client) =>
    {
        var window = client.Window();
        var buffer = client.Pixel();
        client.Attach(window.Surface, buffer);
        client.Commit(window.Surface);
        host.Vblank();
        host.Faults.NeverFrame = true;
        var feedback = Feedback(client, window.Surface);
        client.Show(window.Surface);
        host.Vblank();
        client.Sync();
        Assert.DoesNotContain(client.Events, e => e.Id == feedback);
        Assert.True(client.Has(buffer, 0));
    });

    [Fact]
    public void A_compositor_that_keeps_buffers_releases_them_later() => With(s => s.ManualVblank = true, (host, client) =>
    {
        var window = client.Window();
        var buffer = client.Pixel();
        client.Attach(window.Surface, buffer);
        client.Commit(window.Surface);
        host.Vblank();
        host.Faults.NeverRelease = true;
        client.Show(window.Surface);
        host.Vblank();
        client.Sync();
        Assert.False(client.Has(buffer, 0));
        host.Faults.NeverRelease = false;
        host.Vblank();
        client.Sync();
        Assert.True(client.Has(buffer, 0));
        Assert.Equal(0, host.BuffersDestroyedInUse);
    });

    [Fact]
    public void A_window_is_configured_as_it_and_the_user_request() => With(null, (host, client) =>
    {
        var window = client.Window();
        client.Send(window.Toplevel, 11, 0u);
        client.Sync();
        Assert.Equal((1024u, 8u, 2u, 4u), (Configured(client, window, 0), Configured(client, window, 2), Configured(client, window, 3), Configured(client, window, 4)));
        host.Configure(300, 200);
        host.CloseWindows();
        client.Sync();
        Assert.Equal((300u, 4u), (Configured(client, window, 0), Configured(client, window, 2)));
        Assert.Equal(1, client.Count(window.Toplevel, 1));
        host.SetMode(800, 600, 75000);
        client.Sync();
        Assert.Equal(800u, client.Word(client.Output, 1, 1));
    });

    [Fact]
    public void An_unmapped_window_is_configured_again() => With(null, (host, client) =>
    {
        var window = client.Window();
        client.Attach(window.Surface, 0);
        client.Commit(window.Surface);
        client.Sync();
        Assert.False(host.Surface(window.Surface)!.IsMapped);
        var configured = client.Count(window.Xdg, 0);
        client.Commit(window.Surface);
        client.Sync();
        Assert.Equal(configured + 1, client.Count(window.Xdg, 0));
        client.Send(window.Toplevel, 0);
        client.Send(window.Xdg, 0);
        client.Send(window.Surface, 0);
        client.Sync();
    });

    [Fact]
    public void A_ping_waits_for_its_pong() => With(null, (host, client) =>
    {
        host.Ping();
        client.Sync();
        Assert.False(host.PingsAnswered());
        client.Send(client.WmBase, 3, client.Word(client.WmBase, 0, 0));
        client.Sync();
        Assert.True(host.PingsAnswered());
    });

    [Fact]
    public void The_pointer_enters_moves_and_has_a_cursor() => With(null, (host, client) =>
    {
        var window = client.Window();
        var pointer = client.New(client.Seat, 0);
        client.Sync();
        host.PointerEnter(window.Surface, 3.5, 4);
        client.Sync();
        Assert.Equal(RawClient.Fixed(3.5), client.Word(pointer, 0, 2));
        var cursor = client.Surface();
        client.Send(pointer, 0, client.Word(pointer, 0, 0), cursor, 1, 2);
        client.Show(cursor);
        client.Sync();
        Assert.Equal((cursor, 1, 2), host.Cursor);
        Assert.Equal(("cursor", true), (host.Surface(cursor)!.Role, host.Surface(cursor)!.IsMapped));
        host.PointerMove(1, 1);
        host.PointerButton(0x110, true);
        host.PointerLeave();
        client.Sync();
        Assert.Equal(4, client.Count(pointer, 5));
    });

    [Fact]
    public void A_stalled_compositor_reads_nothing_until_it_continues() => With(null, (host, client) =>
    {
        client.Sync();
        host.Faults.Stall = true;
        var before = host.Requests;
        for (var i = 0; i < 100; i++)
            client.New(RawClient.Display, 0);
        Assert.False(host.WaitUntil(h => h.Requests > before, TimeSpan.FromMilliseconds(50)));
        host.Faults.Stall = false;
        Assert.True(host.WaitUntil(h => h.Requests == before + 100, TimeSpan.FromSeconds(10)));
    });

    [Fact]
    public void Globals_come_and_go() => With(null, (host, client) =>
    {
        var added = new HostSetup(Repository.Protocols).Globals.Count + 1;
        host.RemoveGlobal("wl_output");
        host.AddGlobal("wl_output", 4);
        client.Sync();
        Assert.Equal((4u, (uint)added), (client.Word(client.Registry, 1, 0), client.Word(client.Registry, 0, 0)));
        // The old global may still be bound: the client may not know of its removal yet.
        client.Bind(4, "wl_output", 4);
        client.Bind(added, "wl_output", 4);
        client.Sync();
    });

    [Fact]
    public void The_compositor_dies_fails_or_closes_at_the_chosen_commit()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        host.Faults.DieAfterCommits = 2;
        using (var client = new RawClient(host).BindAll())
        {
            client.Window();
            client.Sync();
            Assert.True(client.IsClosed);
            Assert.Null(client.Error);
        }
        host.Faults.ErrorAfterCommits = 1;
        using (var client = new RawClient(host).BindAll())
        {
            var surface = client.Surface();
            client.Commit(surface);
            client.Sync();
            Assert.Equal((surface, 4242u), client.Error);
        }
        host.Faults.CloseAfterCommits = 2;
        using (var client = new RawClient(host).BindAll())
        {
            var window = client.Window();
            client.Sync();
            Assert.Equal(1, client.Count(window.Toplevel, 1));
            host.DropClients();
            client.Sync();
            Assert.True(client.IsClosed);
        }
        Assert.Empty(host.Violations);
        Assert.Equal(3, host.Connections);
    }

    [Fact]
    public void A_client_that_reads_nothing_is_dropped()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var client = new RawClient(host).BindAll();
        client.Sync();
        for (var i = 0; i < 60_000 && host.Clients == 1; i++)
            client.New(RawClient.Display, 1);
        Assert.True(host.WaitUntil(h => h.Clients == 0, TimeSpan.FromSeconds(10)));
        Assert.Contains(host.Violations, violation => violation.Text.Contains("does not read", StringComparison.Ordinal));
    }

    [Fact]
    public void A_second_compositor_can_start_at_the_same_address()
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-test-").FullName;
        for (var i = 0; i < 2; i++)
        {
            using var host = new FakeHost(new HostSetup(Repository.Protocols) { RuntimeDir = folder });
            using var client = new RawClient(host).BindAll();
            client.Sync();
            Assert.Equal(1, host.Clients);
        }
        Directory.Delete(folder, recursive: true);
    }

    private static uint Configured(RawClient client, (uint Surface, uint Xdg, uint Toplevel) window, int word) => client.Word(window.Toplevel, 0, word);

    private static uint Feedback(RawClient client, uint surface)
    {
        var id = client.NewId();
        client.Send(client.Presentation, 1, surface, id);
        return id;
    }

    /// <summary>zwp_linux_buffer_params_v1.create, and its answer.</summary>
    private static void With(Action<HostSetup>? change, Action<FakeHost, RawClient> act)
    {
        var setup = new HostSetup(Repository.Protocols);
        change?.Invoke(setup);
        using var host = new FakeHost(setup);
        using var client = new RawClient(host).BindAll();
        act(host, client);
        Assert.Empty(host.Violations);
    }
}
