using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A wl_buffer. The compositor holds it from the commit until wl_buffer.release, or with explicit synchronisation until the
/// release point on the buffer's own timeline; the event has no meaning then.
/// </summary>
internal sealed class HostBuffer : IDisposable
{
    private readonly WlBuffer _proxy;
    private ulong _release;

    public HostBuffer(WlBuffer proxy, Action<HostBuffer> released, Mapping? copy = null)
    {
        (_proxy, Copy) = (proxy, copy);
        proxy.Release += (_, _) =>
        {
            if (Timeline is not null)
                return;
            IsHeld = false;
            released(this);
        };
    }

    public WlBuffer Proxy => _proxy;

    /// <summary>Our own memory behind the buffer; null unless the transport is a copy.</summary>
    public Mapping? Copy { get; }

    /// <summary>The area of the guest's image that has changed since it was last copied here.</summary>
    public Rectangle Stale { get; set; }

    public bool IsHeld { get; private set; }

    /// <summary>The release points; null with implicit synchronisation.</summary>
    public HostTimeline? Timeline { get; private set; }

    /// <summary>The order of the last attach among the scanout's buffers.</summary>
    public long AttachedAt { get; private set; }

    public void Attached(long order) => (IsHeld, AttachedAt) = (true, order);

    /// <summary>Reads the timeline, which has no event. True if the buffer was released since the last read.</summary>
    public bool CheckReleased()
    {
        if (!IsHeld || Timeline is null || Timeline.Timeline.Reached < _release)
            return false;
        IsHeld = false;
        return true;
    }

    /// <summary>The point that the compositor signals when it is done with the next commit.</summary>
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
