using Guestplane.Linux;

namespace Guestplane.Gvt;

/// <summary>The kind of an image's memory.</summary>
public enum MemoryKind
{
    DmaBuf,

    /// <summary>A descriptor that any process can map (a memfd) and that is not a dma-buf.</summary>
    Shared,

    /// <summary>Bytes without a descriptor to pass on: a device region, or data that arrived in messages.</summary>
    Bytes,
}

/// <summary>
/// An image that a plane shows: its memory and its description. Immutable, and the same object as long as the guest uses the
/// same memory for it, so that objects made from it (a wl_buffer) can be kept until <see cref="Retired"/>. The guest owns it
/// and its descriptors.
/// </summary>
public sealed class Scanout : IDisposable
{
    private readonly Fd[] _memory;
    private bool _retired;

    private Scanout(PlaneLayout layout, MemoryKind kind, Fd[] memory, Mapping? pixels)
    {
        (Layout, Kind, _memory, Pixels) = (layout, kind, memory, pixels);
        Format = PixelFormat.Find(layout.Format)!;
    }

    public PlaneLayout Layout { get; }

    public PixelFormat Format { get; }

    public int Width => (int)Layout.Width;

    public int Height => (int)Layout.Height;

    public MemoryKind Kind { get; }

    /// <summary>The /sys/devices folder of the only GPU that can read this memory; null for system memory.</summary>
    public string? Gpu { get; init; }

    /// <summary>The image as bytes, row 0 first; null for memory with a descriptor, which is never mapped.</summary>
    public Mapping? Pixels { get; }

    /// <summary>The number of descriptors: one for all memory planes, or one for each.</summary>
    public int MemoryCount => _memory.Length;

    /// <summary>The descriptor of a memory plane. Planes without one of their own are in the first.</summary>
    public Fd Memory(int plane) => _memory[plane < _memory.Length ? plane : 0];

    /// <summary>The guest will not show it again. Raised once, before its descriptors are closed.</summary>
    public event Action<Scanout>? Retired;

    /// <summary>Checks memory with descriptors and takes ownership of it. On failure the caller keeps it.</summary>
    /// <param name="memory">One to four descriptors.</param>
    /// <param name="layout">The planes; their buffer sizes are filled in here.</param>
    /// <param name="problem">A clause that says why it was rejected.</param>
    /// <param name="kind">The kind of the descriptors.</param>
    /// <param name="gpu">See <see cref="Gpu"/>.</param>
    public static Scanout? Create(
        Fd[] memory, PlaneLayout layout, out string? problem, MemoryKind kind = MemoryKind.DmaBuf, string? gpu = null)
    {
        long SizeOf(int plane) => DmaBuf.Size(memory[plane < memory.Length ? plane : 0]);
        var sized = layout with { Planes = [.. layout.Planes.Select((plane, i) => plane with { BufferSize = SizeOf(i) })] };
        problem = sized.Problem();
        return problem is null ? new Scanout(sized, kind, memory, null) { Gpu = gpu } : null;
    }

    /// <summary>Checks mapped memory and takes ownership of it. On failure the caller keeps it.</summary>
    public static Scanout? Create(Mapping pixels, PlaneLayout layout, out string? problem)
    {
        problem = layout.Problem();
        return problem is null ? new Scanout(layout, MemoryKind.Bytes, [], pixels) : null;
    }

    public override string ToString() => $"{Layout.Format} {Layout.Modifier} {Width}x{Height}";

    public bool IsRetired => _retired;

    public void Dispose()
    {
        if (_retired)
            return;
        _retired = true;
        Retired?.Invoke(this);
        foreach (var fd in _memory)
            fd.Dispose();
        Pixels?.Dispose();
    }
}
