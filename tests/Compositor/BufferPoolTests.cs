using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

public sealed class BufferPoolTests : IDisposable
{
    private readonly FakeHost _server = new(new HostSetup(Repository.Protocols));
    private readonly Loop _loop = new();
    private readonly Host _host;

    public BufferPoolTests() => _host = Host.Connect(_loop, _server.SocketPath);

    public void Dispose()
    {
        _host.Dispose();
        _loop.Dispose();
        _server.Dispose();
    }

    private static Scanout Image()
    {
        var memory = Memfd.Create("image", 640 * 480 * 4);
        return Scanout.Create([memory], new(640, 480, Fourcc.Xrgb8888, Modifier.Linear, [new(0, 2560, 0)]), out _)!;
    }

    /// <summary>The server makes the buffer's id; libwayland must learn of it, or takes the next one for a mistake.</summary>
    [Fact]
    public void A_pool_that_ends_before_its_import_is_answered_leaves_the_connection_whole()
    {
        using var first = Image();
        using var second = Image();
        var transports = new PlaneTransports(_host, null, opaque: true);
        var (gone, owner) = (new Owner(), new Owner());
        new BufferPool(first, transports, gone).Dispose();
        var pool = new BufferPool(second, transports, owner);
        _host.RoundTrip(_loop);
        Assert.Equal((0, 1), (gone.Changes, owner.Changes));
        Assert.NotNull(pool.Acquire(isShown: false));
        pool.Dispose();
        _host.RoundTrip(_loop);
        Assert.Equal(0, _server.LiveBuffers);
        Assert.Empty(_server.Violations);
    }

    [Fact]
    public void A_guest_that_flips_back_needs_no_second_buffer_whether_the_first_was_released_or_not()
    {
        using var image = Image();
        var transports = new PlaneTransports(_host, null, opaque: true);
        var pool = new BufferPool(image, transports, new Owner());
        _host.RoundTrip(_loop);
        var first = pool.Acquire(isShown: false);
        Assert.NotNull(first);
        Assert.Same(first, pool.Acquire(isShown: false));
        Assert.Equal(1, transports.Stats.Imports);
        pool.Dispose();
    }

    [Fact]
    public void A_further_import_that_fails_is_not_tried_again()
    {
        using var image = Image();
        var transports = new PlaneTransports(_host, null, opaque: true);
        var pool = new BufferPool(image, transports, new Owner());
        _host.RoundTrip(_loop);
        _server.Faults.FailImport = _ => true;
        for (var i = 0; i < 20; i++)
        {
            Assert.NotNull(pool.Acquire(isShown: true));
            _host.RoundTrip(_loop);
        }
        Assert.Equal(2, transports.Stats.Imports);
        Assert.Equal(Transport.DmaBuf, pool.Choice.Transport);
        pool.Dispose();
    }

    private sealed class Owner : IBufferPoolOwner
    {
        public int Changes { get; private set; }

        public void OnPoolChanged(Scanout scanout) => Changes++;

        public void OnBufferReleased(uint buffer) { }

        public void OnRetired(Scanout scanout) { }
    }
}
