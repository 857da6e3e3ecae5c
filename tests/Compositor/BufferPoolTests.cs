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

    private static Scanout Image(string? gpu = null)
    {
        var memory = Memfd.Create("image", 640 * 480 * 4);
        return Scanout.Create([memory], new(640, 480, Fourcc.Xrgb8888, Modifier.Linear, [new(0, 2560, 0)]), out _, gpu: gpu)!;
    }

    [Fact]
    public void Memory_of_one_GPU_does_not_get_to_another()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols) { MainDevice = AnyDevice(out var gpu) });
        using var host = Host.Connect(_loop, server.SocketPath);
        Assert.Equal([gpu], host.Feedback.Gpus);
        using var theirs = Image(gpu);
        using var others = Image("/sys/devices/pci0000:00/0000:00:02.9");
        var ladder = new Ladder(host, null, opaque: true);
        Assert.Equal((Transport.DmaBuf, (string?)null), (ladder.First(theirs).Transport, ladder.First(theirs).Reason));
        Assert.Equal(Transport.Shm, ladder.First(others).Transport);
        Assert.Contains("only the GPU 0000:00:02.9 can read it", ladder.First(others).Reason);
    }

    /// <summary>Any character device of the machine that sysfs knows the device of stands in for a GPU.</summary>
    private static ulong AnyDevice(out string gpu)
    {
        var link = Directory.EnumerateDirectories("/sys/dev/char").FirstOrDefault(entry => Directory.Exists(Path.Combine(entry, "device")));
        Assert.SkipWhen(link is null, "this machine has no character device with a device in sysfs");
        gpu = Directory.ResolveLinkTarget(Path.Combine(link, "device"), returnFinalTarget: true)!.FullName;
        var numbers = Path.GetFileName(link).Split(':').Select(ulong.Parse).ToArray();
        return numbers[1] & 0xff | numbers[0] << 8 | (numbers[1] & ~0xfful) << 12;
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
