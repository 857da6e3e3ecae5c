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
        var ladder = new Ladder(_host, null, opaque: true);
        new BufferPool(first, ladder, _ => Assert.Fail("an answer to a pool that is gone")).Dispose();
        var answers = 0;
        var pool = new BufferPool(second, ladder, _ => answers++);
        _host.RoundTrip(_loop);
        Assert.Equal(1, answers);
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
        var ladder = new Ladder(_host, null, opaque: true);
        var pool = new BufferPool(image, ladder, _ => { });
        _host.RoundTrip(_loop);
        var first = pool.Acquire(isShown: false);
        Assert.NotNull(first);
        Assert.Same(first, pool.Acquire(isShown: false));
        Assert.Equal(1, ladder.Stats.Imports);
        pool.Dispose();
    }

    [Fact]
    public void A_further_import_that_fails_is_not_tried_again()
    {
        using var image = Image();
        var ladder = new Ladder(_host, null, opaque: true);
        var pool = new BufferPool(image, ladder, _ => { });
        _host.RoundTrip(_loop);
        _server.Faults.FailImport = _ => true;
        for (var i = 0; i < 20; i++)
        {
            Assert.NotNull(pool.Acquire(isShown: true));
            _host.RoundTrip(_loop);
        }
        Assert.Equal(2, ladder.Stats.Imports);
        Assert.Equal(Transport.DmaBuf, pool.Step.Transport);
        pool.Dispose();
    }
}
