using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Explicit synchronisation (linux-drm-syncobj-v1): each commit has an acquire point, before which the compositor must not read
/// the buffer, and a release point, which it signals when it is done. Needs a GPU driver with timelines.
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

    /// <summary>A point of <see cref="Ready"/> that has signalled.</summary>
    public const ulong ReadyPoint = 1;

    /// <summary>The acquire timeline for images without pending writes.</summary>
    public HostTimeline Ready { get; }

    /// <summary>The first commit of each buffer makes one.</summary>
    public int TimelinesMade { get; private set; }

    /// <summary>Null if it cannot be used; the kernel then synchronises implicitly.</summary>
    /// <param name="manager">Null if the compositor has none.</param>
    /// <param name="devices">
    /// The dev_t of each GPU that the compositor draws with. The first whose driver has timelines makes them; any other can
    /// import them (drm_syncobj is the kernel's, not a driver's).
    /// </param>
    public static ExplicitSync? Open(WpLinuxDrmSyncobjManagerV1? manager, IEnumerable<ulong> devices) =>
        manager is null ? null : devices.Select(device => Open(manager, device)).FirstOrDefault(sync => sync is not null);

    private static ExplicitSync? Open(WpLinuxDrmSyncobjManagerV1 manager, ulong device)
    {
        DrmNode? node = null;
        try
        {
            node = DrmNode.Open(device);
            if (node?.HasTimelines == true)
                return new ExplicitSync(node, manager);
        }
        catch (LinuxException)
        {
            // No permission for the node, or a failing driver: synchronise implicitly.
        }
        node?.Dispose();
        return null;
    }

    public WpLinuxDrmSyncobjSurfaceV1 Of(WlSurface surface) => _manager.GetSurface(surface);

    public HostTimeline CreateTimeline()
    {
        var timeline = new SyncTimeline(_node);
        using var fd = timeline.Export();
        TimelinesMade++;
        return new HostTimeline(timeline, _manager.ImportTimeline(fd));
    }

    public void Dispose()
    {
        Ready.Dispose();
        _node.Dispose();
    }
}

/// <summary>A timeline that is shared with the compositor.</summary>
internal sealed record HostTimeline(SyncTimeline Timeline, WpLinuxDrmSyncobjTimelineV1 Proxy) : IDisposable
{
    public void Dispose()
    {
        Proxy.Dispose();
        Timeline.Dispose();
    }
}
