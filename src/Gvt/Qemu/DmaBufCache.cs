using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// What QEMU says of a dma-buf, its descriptors aside: bytes, but for the sizes in pixels. Up to four memory planes.
/// </summary>
internal record struct DmaBufLayout(uint Width, uint Height, uint Fourcc, ulong Modifier, int PlaneCount)
{
    public const int MaxPlanes = 4;

    private (uint Offset, uint Stride) _plane0, _plane1, _plane2, _plane3;

    public (uint Offset, uint Stride) this[int plane]
    {
        readonly get => plane switch { 0 => _plane0, 1 => _plane1, 2 => _plane2, _ => _plane3 };
        set
        {
            switch (plane)
            {
                case 0: _plane0 = value; break;
                case 1: _plane1 = value; break;
                case 2: _plane2 = value; break;
                default: _plane3 = value; break;
            }
        }
    }
}

/// <summary>
/// The guest's dma-bufs. QEMU sends new descriptors of the same few with every flip, and never tells which framebuffer is
/// gone: each is known by its inode and layout, and let go when it has not been shown for a while.
/// </summary>
internal sealed class DmaBufCache : IDisposable
{
    /// <summary>Guests flip between two to four; a desktop's compositor may have a few more.</summary>
    private const int MostKept = 16;

    /// <summary>What is kept pins the guest's memory: long enough for a switch of consoles and back.</summary>
    private const long KeptForNs = 10_000_000_000;

    private readonly List<Held> _held = [];

    /// <summary>dma-bufs that were taken so far.</summary>
    public int Taken { get; private set; }

    /// <summary>The scanout of that memory, the same object as long as it is the same; null, with what is wrong with it.</summary>
    public Scanout? Find(ReadOnlySpan<BorrowedFd> fds, in DmaBufLayout layout, long now, out string? problem)
    {
        problem = null;
        var identity = DmaBuf.Identity(fds[0]);
        foreach (var held in _held)
        {
            if (held.Identity != identity || held.Layout != layout)
                continue;
            held.LastShown = now;
            return held.Scanout;
        }
        var scanout = Take(fds, layout, out problem);
        if (scanout is not null)
            _held.Add(new Held(identity, layout, scanout) { LastShown = now });
        return scanout;
    }

    /// <summary>Lets go of what the guest seems to have done with; <paramref name="shown"/> stays.</summary>
    public void Trim(Scanout? shown, long now)
    {
        for (var i = 0; i < _held.Count;)
        {
            var held = _held[i];
            if (held.Scanout == shown || (now - held.LastShown < KeptForNs && _held.Count <= MostKept))
            {
                i++;
                continue;
            }
            _held.RemoveAt(i);
            held.Scanout.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var held in _held)
            held.Scanout.Dispose();
        _held.Clear();
    }

    private Scanout? Take(ReadOnlySpan<BorrowedFd> fds, in DmaBufLayout layout, out string? problem)
    {
        var planes = new MemoryPlane[layout.PlaneCount];
        for (var i = 0; i < planes.Length; i++)
            planes[i] = new(layout[i].Offset, layout[i].Stride, long.MaxValue);
        var told = new PlaneLayout(layout.Width, layout.Height, new(layout.Fourcc), new(layout.Modifier), planes);
        problem = told.Problem();
        if (problem is not null)
            return null;
        var memory = new Fd[fds.Length];
        for (var i = 0; i < memory.Length; i++)
            memory[i] = fds[i].Duplicate();
        // QEMU 11 says "unknown" of a blob in the guest's RAM, where nothing but rows can be: the guest's driver drew it by CPU.
        if (told.Modifier == Modifier.Invalid && DmaBuf.Exporter(memory[0]) == "udmabuf")
            told = told with { Modifier = Modifier.Linear };
        var scanout = Scanout.Create(memory, told, out problem);
        if (scanout is not null)
            Taken++;
        else
            foreach (var fd in memory)
                fd.Dispose();
        return scanout;
    }

    private sealed class Held(DmaBufIdentity identity, DmaBufLayout layout, Scanout scanout)
    {
        public DmaBufIdentity Identity => identity;

        public DmaBufLayout Layout { get; } = layout;

        public Scanout Scanout => scanout;

        public long LastShown { get; set; }
    }
}
