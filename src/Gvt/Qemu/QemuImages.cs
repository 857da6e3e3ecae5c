using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>A console's images. They outlive the connection: the last one is on screen until the next VM sends one.</summary>
internal sealed class QemuImages : IDisposable
{
    private readonly List<Scanout> _oldMaps = [];

    public DmaBufCache DmaBufs { get; } = new();

    /// <summary>What guestplane share has registered.</summary>
    public PlaneImages Planes { get; } = new();

    public BytesImage Bytes { get; } = new();

    public QemuCursor Cursor { get; } = new();

    /// <summary>QEMU's own surface in shared memory.</summary>
    public Scanout? Mapped { get; private set; }

    /// <summary>Duplicates the descriptor of QEMU's memory. Returns null, or the problem.</summary>
    public string? Map(BorrowedFd fd, PlaneLayout layout)
    {
        if (!Memfd.IsShared(fd))
            return "its memory is no shared memory";
        var memory = fd.Duplicate();
        var scanout = Scanout.Create([memory], layout, out var problem, MemoryKind.Shared);
        if (scanout is null)
        {
            memory.Dispose();
            return problem;
        }
        if (Mapped is not null)
            _oldMaps.Add(Mapped);
        Mapped = scanout;
        return null;
    }

    /// <summary>True if QEMU has made its memory smaller: a compositor ends the connection of whoever shows it.</summary>
    public bool HasMapShrunk => Mapped is { } mapped && DmaBuf.Size(mapped.Memory(0)) < mapped.Layout.Planes[0].BufferSize;

    /// <summary>Drops what is no longer shown.</summary>
    public void Trim(Scanout? shown, long now)
    {
        DmaBufs.Trim(shown, now);
        Bytes.DropOld();
        foreach (var old in _oldMaps)
            old.Dispose();
        _oldMaps.Clear();
    }

    public void Dispose()
    {
        DmaBufs.Dispose();
        Planes.Dispose();
        Bytes.Dispose();
        Cursor.Dispose();
        foreach (var old in _oldMaps)
            old.Dispose();
        Mapped?.Dispose();
    }
}
