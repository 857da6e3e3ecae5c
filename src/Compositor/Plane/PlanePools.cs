using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>A plane's buffer pools: one for each scanout, until the guest retires it.</summary>
internal sealed class PlanePools : IDisposable
{
    private readonly PlaneTransports _transports;
    private readonly IBufferPoolOwner _owner;
    private readonly Dictionary<Scanout, BufferPool> _pools = [];
    private readonly Action<Scanout> _retired;
    private readonly List<BufferPool> _stale = [];

    public PlanePools(PlaneTransports transports, IBufferPoolOwner owner) =>
        (_transports, _owner, _retired) = (transports, owner, OnRetired);

    /// <summary>The pool of a scanout, created at the first call.</summary>
    public BufferPool Get(Scanout scanout)
    {
        if (_pools.TryGetValue(scanout, out var pool))
            return pool;
        pool = new BufferPool(scanout, _transports, _owner);
        _pools.Add(scanout, pool);
        scanout.Retired += _retired;
        return pool;
    }

    /// <summary>The guest has drawn into a scanout whose pixels are copied.</summary>
    public void Damage(Scanout scanout, Rectangle area)
    {
        if (_pools.TryGetValue(scanout, out var pool))
            pool.Damage(area);
    }

    /// <summary>Chooses all transports anew. Old buffers stay until <see cref="Committed"/>: one may be on the surface.</summary>
    public void Renew()
    {
        foreach (var pool in _pools.Values)
            pool.Scanout.Retired -= _retired;
        _stale.AddRange(_pools.Values);
        _pools.Clear();
    }

    /// <summary>Destroys the old buffers: the surface has another one now, or none.</summary>
    public void Committed()
    {
        foreach (var pool in _stale)
            pool.Dispose();
        _stale.Clear();
    }

    /// <summary>Removes the pools without a transport, so that it is chosen anew.</summary>
    public void ClearImpossible()
    {
        foreach (var pool in _pools.Values.Where(pool => pool.IsImpossible).ToList())
            Remove(pool);
    }

    public void Dispose()
    {
        Renew();
        Committed();
    }

    private void Remove(BufferPool pool)
    {
        pool.Scanout.Retired -= _retired;
        _pools.Remove(pool.Scanout);
        pool.Dispose();
    }

    private void OnRetired(Scanout scanout)
    {
        Remove(_pools[scanout]);
        _owner.OnRetired(scanout);
    }
}
