using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The plane that attaches a pool's buffers.</summary>
internal interface IBufferPoolOwner
{
    /// <summary>The pool may have a buffer for the scanout now, or has become impossible.</summary>
    void OnPoolChanged(Scanout scanout);

    /// <summary>The compositor released a buffer, named by its protocol id.</summary>
    void OnBufferReleased(uint buffer);

    /// <summary>The guest will not show the scanout again; its buffers are destroyed.</summary>
    void OnRetired(Scanout scanout);
}

/// <summary>
/// The wl_buffers of one scanout, by the best transport that works. A scanout that is drawn in place gets up to three, because
/// a buffer attached twice is released only once (wl_buffer.release is per buffer, not per commit). If the guest flips between
/// scanouts, one each is enough, released or not: compositors that scan out may never release.
/// </summary>
internal sealed class BufferPool : IDisposable
{
    // One on screen, one latched for the next vblank, one committed now.
    private const int MaxBuffers = 3;

    private readonly Scanout _scanout;
    private readonly PlaneTransports _transports;
    private readonly IBufferPoolOwner _owner;
    private readonly List<HostBuffer> _buffers = [];
    private readonly Action<HostBuffer> _released;
    private ZwpLinuxBufferParamsV1? _importing;
    private WlShmPool? _shmPool;
    private long _attaches;
    private bool _isDisposed, _isFull;

    public BufferPool(Scanout scanout, PlaneTransports transports, IBufferPoolOwner owner)
    {
        (_scanout, _transports, _owner, _released) = (scanout, transports, owner, OnReleased);
        Choice = transports.First(scanout);
        AddBuffer();
    }

    public Scanout Scanout => _scanout;

    /// <summary>The transport in use, and why no better one is.</summary>
    public TransportChoice Choice { get; private set; }

    /// <summary>True if no transport works, so that no frame can be committed.</summary>
    public bool IsImpossible => Choice.Transport == Transport.Impossible;

    /// <summary>The guest has drawn in an area.</summary>
    public void Damage(Rectangle area)
    {
        foreach (var buffer in _buffers)
            buffer.Stale = buffer.Stale.Union(area);
    }

    /// <summary>A buffer to attach, with the frame in it; null if there is none yet.</summary>
    /// <param name="isShown">True if this scanout is on the surface: it was drawn in place.</param>
    public HostBuffer? Acquire(bool isShown)
    {
        foreach (var held in _buffers)
            if (held.CheckReleased())
                _owner.OnBufferReleased(held.Proxy.ProxyId);
        var buffer = _buffers.Find(b => !b.IsHeld);
        var isCopy = Choice.Transport == Transport.Copy;
        if (buffer is null && _buffers.Count < MaxBuffers && (isShown || isCopy || _buffers.Count == 0))
        {
            AddBuffer();
            buffer = _buffers.Find(b => !b.IsHeld);
        }
        // The guest draws into its memory at any time, so attaching a held buffer again shows no less than waiting.
        // But our CPU must not write into a copy that the compositor reads.
        if (buffer is null && !isCopy)
            buffer = Oldest();
        if (buffer is null)
            return null;
        _transports.CopyFrame(_scanout, buffer);
        buffer.Attached(++_attaches);
        return buffer;
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
        _buffers.Clear();
        _shmPool?.Dispose();
        // A pending import stays until it is answered: its wl_buffer gets a server-side id, which libwayland must know.
        _isDisposed = true;
    }

    private HostBuffer? Oldest()
    {
        HostBuffer? oldest = null;
        foreach (var buffer in _buffers)
            if (oldest is null || buffer.AttachedAt < oldest.AttachedAt)
                oldest = buffer;
        return oldest;
    }

    private void AddBuffer()
    {
        switch (Choice.Transport)
        {
            case Transport.DmaBuf when _importing is null && !_isFull:
                _importing = _transports.Import(_scanout, Choice);
                _importing.Created += (_, e) => Imported(e.TakeBuffer());
                _importing.Failed += (_, _) => ImportFailed();
                break;
            case Transport.Shm:
                _shmPool ??= _transports.PoolOn(_scanout);
                Add(new HostBuffer(PlaneTransports.CreateShm(_shmPool, _scanout, Choice.Format), _released));
                break;
            case Transport.Copy:
                Add(_transports.CreateCopy(_scanout, Choice.Format, _released));
                break;
        }
    }

    private void Imported(WlBuffer proxy)
    {
        _importing!.Dispose();
        _importing = null;
        if (_isDisposed)
        {
            proxy.Dispose();
            return;
        }
        Add(new HostBuffer(proxy, _released));
        _owner.OnPoolChanged(_scanout);
    }

    private void OnReleased(HostBuffer buffer)
    {
        _owner.OnBufferReleased(buffer.Proxy.ProxyId);
        _owner.OnPoolChanged(_scanout);
    }

    private void Add(HostBuffer buffer)
    {
        _buffers.Add(buffer);
        _transports.Stats.BuffersMade++;
    }

    /// <summary>Only a scanout's first import decides about the transport; further ones are optional.</summary>
    private void ImportFailed()
    {
        _importing!.Dispose();
        _importing = null;
        _isFull = _buffers.Count > 0;
        if (_isFull || _isDisposed)
            return;
        Choice = _transports.Next(_scanout, Choice);
        AddBuffer();
        _owner.OnPoolChanged(_scanout);
    }
}
