using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The host's buffers of one scanout, found by going down the ladder once: dma-buf, wl_shm on the same descriptor, copy.
/// A scanout that is drawn in place gets a second and a third buffer while the host holds those that it has: the same one
/// attached twice in a row is released only once (wl_buffer.release is per buffer, not per commit). A guest that flips
/// between several needs one for each, released or not: hosts that scan out may never release.
/// </summary>
internal sealed class BufferPool : IDisposable
{
    // On screen, latched for the next vblank, and the one that is committed now.
    private const int MaxBuffers = 3;

    private readonly Scanout _scanout;
    private readonly Ladder _ladder;
    private readonly Action<BufferPool> _changed;
    private readonly List<HostBuffer> _buffers = [];
    private readonly Action<HostBuffer> _released;
    private ZwpLinuxBufferParamsV1? _importing;
    private WlShmPool? _shmPool;
    private long _attaches;
    private bool _isDisposed, _isFull;

    /// <param name="scanout">What the buffers are of.</param>
    /// <param name="ladder">What the host, the plane and the user allow.</param>
    /// <param name="changed">A buffer can be had now that could not before, or none ever will.</param>
    public BufferPool(Scanout scanout, Ladder ladder, Action<BufferPool> changed)
    {
        (_scanout, _ladder, _changed) = (scanout, ladder, changed);
        _released = buffer =>
        {
            Released?.Invoke(buffer);
            _changed(this);
        };
        Step = ladder.First(scanout);
        AddBuffer();
    }

    public Scanout Scanout => _scanout;

    /// <summary>Told of each buffer that the host gives back.</summary>
    public Action<HostBuffer>? Released { get; init; }

    /// <summary>The rung that it stands on, and why not on a better one.</summary>
    public Step Step { get; private set; }

    /// <summary>Whether a frame can be committed at all, now or once the import is answered.</summary>
    public bool IsImpossible => Step.Transport == Transport.Impossible;

    /// <summary>The guest has drawn there.</summary>
    public void Damage(Rectangle area)
    {
        foreach (var buffer in _buffers)
            buffer.Stale = buffer.Stale.Union(area);
    }

    /// <summary>A buffer to attach, with the frame in it; null when it has to wait.</summary>
    /// <param name="isShown">This scanout is the one on the surface: it was drawn in place.</param>
    public HostBuffer? Acquire(bool isShown)
    {
        var buffer = _buffers.Find(b => !b.IsHeld);
        var isCopy = Step.Transport == Transport.Copy;
        if (buffer is null && _buffers.Count < MaxBuffers && (isShown || isCopy || _buffers.Count == 0))
        {
            AddBuffer();
            buffer = _buffers.Find(b => !b.IsHeld);
        }
        // The memory is the guest's, and it draws when it likes: attaching a held buffer once more shows no less than
        // waiting would. What our own CPU fills must not be what the host reads.
        if (buffer is null && !isCopy)
            buffer = Oldest();
        if (buffer is null)
            return null;
        _ladder.CopyFrame(_scanout, buffer);
        buffer.Attached(++_attaches);
        return buffer;
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
        _buffers.Clear();
        _shmPool?.Dispose();
        // An import that is under way stays until it is answered: the id of the buffer that comes is the server's, and
        // libwayland must see it in use.
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
        switch (Step.Transport)
        {
            case Transport.DmaBuf when _importing is null && !_isFull:
                _importing = _ladder.Import(_scanout, Step.Format);
                _importing.Created += (_, e) => Imported(e.TakeBuffer());
                _importing.Failed += (_, _) => ImportFailed();
                break;
            case Transport.Shm:
                _shmPool ??= _ladder.PoolOn(_scanout);
                Add(new HostBuffer(Ladder.CreateShm(_shmPool, _scanout, Step.Format), _released));
                break;
            case Transport.Copy:
                Add(_ladder.CreateCopy(_scanout, Step.Format, _released));
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
        _changed(this);
    }

    private void Add(HostBuffer buffer)
    {
        _buffers.Add(buffer);
        _ladder.Stats.BuffersMade++;
    }

    /// <summary>The first import of a scanout says whether the host can take it; a further one is a convenience.</summary>
    private void ImportFailed()
    {
        _importing!.Dispose();
        _importing = null;
        _isFull = _buffers.Count > 0;
        if (_isFull || _isDisposed)
            return;
        Step = _ladder.Next(_scanout, Step);
        AddBuffer();
        _changed(this);
    }
}
