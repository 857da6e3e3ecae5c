using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Explicit synchronisation of one surface: its acquire points are what writes into the guest's dma-buf when it is
/// committed, its release points are on a timeline of each buffer (the protocol says why not on a common one). While
/// its object lives every commit of an image needs both, and that image must be a dma-buf.
/// </summary>
internal sealed class SurfaceSync : IDisposable
{
    /// <summary>A GPU that has not finished a frame by then is hung, or what it waits for is.</summary>
    private const long OverdueNs = 1_000_000_000;

    private readonly ExplicitSync _sync;
    private readonly WlSurface _surface;
    private readonly LoopTimer _overdue;
    private readonly Loop _loop;
    private HostTimeline? _writers;
    private WpLinuxDrmSyncobjSurfaceV1? _proxy;
    private ulong _point, _due;

    public SurfaceSync(Loop loop, ExplicitSync sync, WlSurface surface)
    {
        (_loop, _sync, _surface, _overdue) = (loop, sync, surface, new LoopTimer(_ => Look()));
        loop.Add(_overdue);
    }

    /// <summary>An image that was committed a second ago is not finished: the host waits for it, and shows nothing newer.</summary>
    public event Action? Overdue;

    /// <summary>Commits whose image was still being written.</summary>
    public long Awaited { get; private set; }

    /// <summary>Sets both points for the image that is attached now.</summary>
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

    /// <summary>What is committed from now on is no dma-buf, or nothing.</summary>
    public void Clear()
    {
        _proxy?.Dispose();
        _proxy = null;
    }

    public void Dispose()
    {
        _loop.Remove(_overdue);
        Clear();
        _writers?.Dispose();
    }

    /// <summary>Puts what still writes on our timeline; whether there is any.</summary>
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

    private void Look()
    {
        if (_writers!.Timeline.Reached < _due)
            Overdue?.Invoke();
        _due = 0;
    }

    private static uint High(ulong point) => (uint)(point >> 32);

    private static uint Low(ulong point) => (uint)point;
}
