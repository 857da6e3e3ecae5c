using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// QEMU's description of a dma-buf, without the descriptors: width and height in pixels, offsets and strides in bytes, up to
/// four memory planes.
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
/// The guest's dma-bufs. QEMU sends new descriptors of the same few buffers with every flip, and does not report when a
/// framebuffer is freed. So each is recognised by its inode and layout, and dropped when it has not been shown for a while.
/// </summary>
internal sealed class DmaBufCache : IDisposable
{
    /// <summary>Guests flip between two to four buffers; a compositor in the guest may use a few more.</summary>
    private const int MostKept = 16;

    /// <summary>A kept buffer pins the guest's memory. Ten seconds are enough to switch consoles and back.</summary>
    private const long KeptForNs = 10_000_000_000;

    private readonly List<Held> _held = [];
    private Scanout? _shown;

    /// <summary>The number of dma-bufs that were added so far.</summary>
    public int Taken { get; private set; }

    /// <summary>
    /// The scanout for that memory: the same object as long as memory and layout are the same. Null, with the problem, if it is
    /// invalid.
    /// </summary>
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
        var scanout = Import(fds, layout, out problem);
        if (scanout is null)
            return null;
        Taken++;
        _held.Add(new Held(identity, layout, scanout) { LastShown = now });
        // A guest that sends ever new images and draws none of them holds no more.
        if (_held.Count > 2 * MostKept)
            Drop(_held.FindIndex(held => held.Scanout != _shown));
        return scanout;
    }

    /// <summary>Drops buffers that the guest seems not to use any more, but not <paramref name="shown"/>.</summary>
    public void Trim(Scanout? shown, long now)
    {
        _shown = shown;
        for (var i = 0; i < _held.Count;)
        {
            var held = _held[i];
            if (held.Scanout == shown || (now - held.LastShown < KeptForNs && _held.Count <= MostKept))
            {
                i++;
                continue;
            }
            Drop(i);
        }
    }

    private void Drop(int index)
    {
        var scanout = _held[index].Scanout;
        _held.RemoveAt(index);
        scanout.Dispose();
    }

    public void Dispose()
    {
        foreach (var held in _held)
            held.Scanout.Dispose();
        _held.Clear();
    }

    /// <summary>Duplicates the descriptors of a dma-buf. Null, with the problem, if it is invalid.</summary>
    /// <param name="gpu">See <see cref="Scanout.Gpu"/>.</param>
    public static Scanout? Import(ReadOnlySpan<BorrowedFd> fds, in DmaBufLayout layout, out string? problem, string? gpu = null)
    {
        var planes = new MemoryPlane[layout.PlaneCount];
        for (var i = 0; i < planes.Length; i++)
            planes[i] = new(layout[i].Offset, layout[i].Stride, long.MaxValue);
        var planeLayout = new PlaneLayout(layout.Width, layout.Height, new(layout.Fourcc), new(layout.Modifier), planes);
        problem = planeLayout.Problem();
        if (problem is not null)
            return null;
        var memory = new Fd[fds.Length];
        for (var i = 0; i < memory.Length; i++)
            memory[i] = fds[i].Duplicate();
        // Memory that shrinks kills a compositor that draws by CPU, and a file system may block everybody who reads it.
        if (Array.Exists(memory, fd => DmaBuf.Exporter(fd) is null && !Memfd.CannotShrink(fd.Borrow())))
        {
            DisposeAll(memory);
            problem = "its memory is no dma-buf, and memory that can shrink would be a danger to the compositor";
            return null;
        }
        // QEMU 11 reports the modifier INVALID for a blob in the guest's RAM. It is LINEAR: the guest's driver draws it by CPU.
        if (planeLayout.Modifier == Modifier.Invalid && DmaBuf.Exporter(memory[0]) == "udmabuf")
            planeLayout = planeLayout with { Modifier = Modifier.Linear };
        var scanout = Scanout.Create(memory, planeLayout, out problem, gpu: gpu);
        if (scanout is null)
            DisposeAll(memory);
        return scanout;
    }

    private static void DisposeAll(Fd[] memory)
    {
        foreach (var fd in memory)
            fd.Dispose();
    }

    private sealed class Held(DmaBufIdentity identity, DmaBufLayout layout, Scanout scanout)
    {
        public DmaBufIdentity Identity => identity;

        public DmaBufLayout Layout { get; } = layout;

        public Scanout Scanout => scanout;

        public long LastShown { get; set; }
    }
}
