using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A wl_buffer, and whose turn it is: ours, or from attach and commit until wl_buffer.release the host's.</summary>
internal sealed class HostBuffer : IDisposable
{
    private readonly WlBuffer _proxy;

    public HostBuffer(WlBuffer proxy, Action<HostBuffer> released, Mapping? copy = null)
    {
        (_proxy, Copy) = (proxy, copy);
        proxy.Release += (_, _) =>
        {
            IsHeld = false;
            released(this);
        };
    }

    public WlBuffer Proxy => _proxy;

    /// <summary>Our own memory behind it, on the copy rung.</summary>
    public Mapping? Copy { get; }

    /// <summary>What has changed in the guest's image since it was copied last, on the copy rung.</summary>
    public Rectangle Stale { get; set; }

    public bool IsHeld { get; private set; }

    /// <summary>Order of the last attach among its scanout's buffers.</summary>
    public long AttachedAt { get; private set; }

    public void Attached(long order) => (IsHeld, AttachedAt) = (true, order);

    public void Dispose()
    {
        _proxy.Dispose();
        Copy?.Dispose();
    }
}
