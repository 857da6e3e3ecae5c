using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A wl_buffer, and whose turn it is: ours, or from attach and commit until wl_buffer.release the host's. Under explicit
/// synchronisation that event means nothing, and the buffer's own timeline tells.
/// </summary>
internal sealed class HostBuffer : IDisposable
{
    private readonly WlBuffer _proxy;
    private bool _isHeld;
    private ulong _release;

    public HostBuffer(WlBuffer proxy, Action<HostBuffer> released, Mapping? copy = null)
    {
        (_proxy, Copy) = (proxy, copy);
        proxy.Release += (_, _) =>
        {
            if (Timeline is not null)
                return;
            _isHeld = false;
            released(this);
        };
    }

    public WlBuffer Proxy => _proxy;

    /// <summary>Our own memory behind it, on the copy rung.</summary>
    public Mapping? Copy { get; }

    /// <summary>What has changed in the guest's image since it was copied last, on the copy rung.</summary>
    public Rectangle Stale { get; set; }

    public bool IsHeld => _isHeld = _isHeld && (Timeline is null || Timeline.Timeline.Reached < _release);

    /// <summary>Its release points; null under implicit synchronisation.</summary>
    public HostTimeline? Timeline { get; private set; }

    /// <summary>Order of the last attach among its scanout's buffers.</summary>
    public long AttachedAt { get; private set; }

    public void Attached(long order) => (_isHeld, AttachedAt) = (true, order);

    /// <summary>The point that the host reaches when it is done with the commit that comes now.</summary>
    public ulong NextRelease(ExplicitSync sync)
    {
        Timeline ??= sync.CreateTimeline();
        return ++_release;
    }

    public void Dispose()
    {
        _proxy.Dispose();
        Timeline?.Dispose();
        Copy?.Dispose();
    }
}
