using Guestplane.Linux;

namespace Guestplane.Gvt;

/// <summary>What an image's memory is.</summary>
public enum MemoryKind
{
    DmaBuf,

    /// <summary>A descriptor that can be mapped by anyone (a memfd), and is no dma-buf.</summary>
    Shared,

    /// <summary>Bytes without a descriptor to hand on: a device's region, or what came in messages.</summary>
    Bytes,
}

/// <summary>
/// An image that a plane shows: its memory, and everything that travels beside it. Immutable, and the same object for
/// as long as the guest means the same memory: who has made something of it (a wl_buffer) may keep that until
/// <see cref="Retired"/>. The guest owns it, and its descriptors.
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

    /// <summary>The GPU's folder in /sys/devices if no other device can read this memory; null for memory of the machine.</summary>
    public string? Gpu { get; init; }

    /// <summary>The image as bytes, row 0 first; null for memory that has a descriptor, which is never mapped.</summary>
    public Mapping? Pixels { get; }

    /// <summary>How many descriptors there are: of one memory, or one for each plane.</summary>
    public int MemoryCount => _memory.Length;

    /// <summary>The descriptor of a memory plane. Fewer descriptors than planes: the rest lie in the first one.</summary>
    public Fd Memory(int plane) => _memory[plane < _memory.Length ? plane : 0];

    /// <summary>The guest will not show it again; raised once, before its descriptors are closed.</summary>
    public event Action<Scanout>? Retired;

    /// <summary>Checks and takes over memory that has descriptors. On failure they stay the caller's.</summary>
    /// <param name="memory">One to four descriptors, taken over on success.</param>
    /// <param name="layout">The planes, their buffer sizes not yet known.</param>
    /// <param name="problem">The sentence that says why not.</param>
    /// <param name="kind">What they are of.</param>
    /// <param name="gpu">The only device that can read it.</param>
    public static Scanout? Create(Fd[] memory, PlaneLayout layout, out string? problem, MemoryKind kind = MemoryKind.DmaBuf, string? gpu = null)
    {
        var sized = layout with
        {
            Planes = [.. layout.Planes.Select((plane, i) => plane with { BufferSize = DmaBuf.Size(memory[i < memory.Length ? i : 0]) })],
        };
        problem = sized.Problem();
        return problem is null ? new Scanout(sized, kind, memory, null) { Gpu = gpu } : null;
    }

    /// <summary>Checks and takes over mapped memory. On failure the mapping stays the caller's.</summary>
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
