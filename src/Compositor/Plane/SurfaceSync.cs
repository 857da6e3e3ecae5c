using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Explicit synchronisation of one surface. An acquire point stands for the pending writes to the dma-buf; release points are
/// on each buffer's own timeline (why: linux-drm-syncobj-v1.xml). While the protocol object exists, every image must be a
/// dma-buf and needs both points.
/// </summary>
internal sealed class SurfaceSync : IDisposable
{
    /// <summary>If a frame is not finished after this time, its GPU hangs, or waits for something that does.</summary>
    private const long OverdueNs = 1_000_000_000;

    private readonly ExplicitSync _sync;
    private readonly PlaneObserver _observer;
    private readonly LoopTimer _overdue;
    private readonly Loop _loop;
    private WlSurface _surface;
    private HostTimeline? _writers;
    private WpLinuxDrmSyncobjSurfaceV1? _proxy;
    private ulong _point, _due;

    public SurfaceSync(Loop loop, ExplicitSync sync, WlSurface surface, PlaneObserver observer)
    {
        (_loop, _sync, _surface, _observer, _overdue) = (loop, sync, surface, observer, new LoopTimer(_ => CheckFence()));
        loop.Add(_overdue);
    }

    /// <summary>The number of commits with pending writes.</summary>
    public long Awaited { get; private set; }

    /// <summary>Sets both points for the buffer that is attached now.</summary>
    public void Set(HostBuffer buffer, Scanout scanout)
    {
        _proxy ??= _sync.Of(_surface);
        if (Await(scanout))
            _proxy.SetAcquirePoint(_writers!.Proxy, High(_point), Low(_point));
        else
            _proxy.SetAcquirePoint(_sync.Ready.Proxy, High(ExplicitSync.ReadyPoint), Low(ExplicitSync.ReadyPoint));
        var release = buffer.NextRelease(_sync);
        _proxy.SetReleasePoint(buffer.Timeline!.Proxy, High(release), Low(release));
    }

    /// <summary>Ends explicit synchronisation: the next commit has no dma-buf.</summary>
    public void Clear()
    {
        _proxy?.Dispose();
        _proxy = null;
    }

    /// <summary>The plane is on another surface from the next commit on.</summary>
    public void MoveTo(WlSurface surface)
    {
        Clear();
        _surface = surface;
    }

    public void Dispose()
    {
        _loop.Remove(_overdue);
        Clear();
        _writers?.Dispose();
    }

    /// <summary>Attaches the pending writes to our timeline. True if there are any.</summary>
    private bool Await(Scanout scanout)
    {
        var isAwaited = false;
        for (var i = 0; i < scanout.MemoryCount; i++)
        {
            if (DmaBuf.IsWritten(scanout.Memory(i)))
                continue;
            _writers ??= _sync.CreateTimeline();
            _writers.Timeline.AwaitWriters(scanout.Memory(i), ++_point);
            isAwaited = true;
        }
        if (!isAwaited)
            return false;
        Awaited++;
        if (_due > 0)
            return true;
        _due = _point;
        _overdue.Set(Clock.Now + OverdueNs);
        return true;
    }

    private void CheckFence()
    {
        if (_writers!.Timeline.Reached < _due)
            _observer.FenceOverdue();
        _due = 0;
    }

    private static uint High(ulong point) => (uint)(point >> 32);

    private static uint Low(ulong point) => (uint)point;
}
