using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The dma-bufs that guestplane share has registered, by their ids. One that is shown outlives its id, and the connection, until
/// its plane shows another.
/// </summary>
internal sealed class PlaneImages : IDisposable
{
    private readonly Dictionary<ulong, Scanout> _known = [];
    private readonly List<Scanout> _old = [];
    private readonly Scanout?[] _shown = new Scanout?[3];

    /// <summary>The number of dma-bufs that were registered so far.</summary>
    public int Taken { get; private set; }

    public int Count => _known.Count;

    public bool Has(ulong id) => _known.ContainsKey(id);

    public Scanout? Find(ulong id) => _known.GetValueOrDefault(id);

    /// <summary>Duplicates the descriptors. Returns null, or what is wrong with the dma-buf.</summary>
    public string? Add(ulong id, ReadOnlySpan<BorrowedFd> fds, in DmaBufLayout layout, string? gpu)
    {
        if (DmaBufCache.Import(fds, layout, out var problem, gpu) is not { } scanout)
            return problem;
        _known.Add(id, scanout);
        Taken++;
        return null;
    }

    /// <summary>Whether a plane shows an image of ours.</summary>
    public bool Shows(PlaneKind plane) => _shown[(int)plane] is not null;

    /// <summary>A plane shows this now, or nothing of ours (null). What was kept only for it is dropped.</summary>
    public void Show(PlaneKind plane, Scanout? scanout)
    {
        var before = _shown[(int)plane];
        _shown[(int)plane] = scanout;
        if (before is not null && before != scanout && _old.Count > 0 && !_shown.Contains(before) && _old.Remove(before))
            before.Dispose();
    }

    /// <summary>The id means nothing from now on.</summary>
    public void Forget(ulong id)
    {
        if (!_known.Remove(id, out var scanout))
            return;
        if (_shown.Contains(scanout))
            _old.Add(scanout);
        else
            scanout.Dispose();
    }

    /// <summary>Forgets all ids: the connection has ended, and the next one has its own.</summary>
    public void ForgetAll()
    {
        foreach (var id in _known.Keys.ToArray())
            Forget(id);
    }

    public void Dispose()
    {
        foreach (var scanout in _known.Values)
            scanout.Dispose();
        foreach (var scanout in _old)
            scanout.Dispose();
        _known.Clear();
        _old.Clear();
    }
}
