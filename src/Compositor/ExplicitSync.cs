using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Explicit synchronisation with the host (linux-drm-syncobj-v1): for each commit a point before which the host must not
/// read, and one by which it tells that it has. There where the host offers it and its GPU's driver has timelines.
/// </summary>
internal sealed class ExplicitSync : IDisposable
{
    private readonly DrmNode _node;
    private readonly WpLinuxDrmSyncobjManagerV1 _manager;

    private ExplicitSync(DrmNode node, WpLinuxDrmSyncobjManagerV1 manager)
    {
        (_node, _manager) = (node, manager);
        Ready = CreateTimeline();
        Ready.Timeline.Signal(ReadyPoint);
    }

    /// <summary>A point of <see cref="Ready"/> that is reached.</summary>
    public const ulong ReadyPoint = 1;

    /// <summary>For images that nobody writes into any more.</summary>
    public HostTimeline Ready { get; }

    /// <summary>Null where it cannot be: implicit synchronisation, which the kernel does by itself, is what there was before.</summary>
    public static ExplicitSync? Open(WpLinuxDrmSyncobjManagerV1? manager, ulong device)
    {
        if (manager is null)
            return null;
        DrmNode? node = null;
        try
        {
            node = DrmNode.Open(device);
            if (node?.HasTimelines == true)
                return new ExplicitSync(node, manager);
        }
        catch (LinuxException)
        {
            // A node that we may not open, or a driver that has the capability and fails: no worse than a host without.
        }
        node?.Dispose();
        return null;
    }

    public WpLinuxDrmSyncobjSurfaceV1 Of(WlSurface surface) => _manager.GetSurface(surface);

    public HostTimeline CreateTimeline()
    {
        var timeline = new SyncTimeline(_node);
        using var fd = timeline.Export();
        return new HostTimeline(timeline, _manager.ImportTimeline(fd));
    }

    public void Dispose()
    {
        Ready.Dispose();
        _node.Dispose();
    }
}

/// <summary>A timeline that the host knows, too.</summary>
internal sealed record HostTimeline(SyncTimeline Timeline, WpLinuxDrmSyncobjTimelineV1 Proxy) : IDisposable
{
    public void Dispose()
    {
        Proxy.Dispose();
        Timeline.Dispose();
    }
}
