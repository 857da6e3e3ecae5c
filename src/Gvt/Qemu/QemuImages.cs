using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// All that a console has given us to show, by whichever way. It outlives the connection that it came by: the last image of
/// a VM that has gone stays on the screen until there is another.
/// </summary>
internal sealed class QemuImages : IDisposable
{
    private readonly List<Scanout> _oldMaps = [];

    public DmaBufCache DmaBufs { get; } = new();

    public BytesImage Bytes { get; } = new();

    public QemuCursor Cursor { get; } = new();

    /// <summary>QEMU's own surface in shared memory.</summary>
    public Scanout? Mapped { get; private set; }

    /// <summary>Takes QEMU's memory; null, or what is wrong with it.</summary>
    public string? Map(BorrowedFd fd, PlaneLayout layout)
    {
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

    /// <summary>Lets go of what is not shown any more.</summary>
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
        Bytes.Dispose();
        Cursor.Dispose();
        foreach (var old in _oldMaps)
            old.Dispose();
        Mapped?.Dispose();
    }
}
