using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The arguments of ScanoutDMABUF2. The defaults describe an image that fills its memory.</summary>
public sealed class QemuDmabuf
{
    /// <summary>One for each plane; QEMU sends fewer if they are the same, and the client then uses the first.</summary>
    public required IReadOnlyList<SafeHandle> Fds { get; init; }

    public required uint Width { get; init; }

    public required uint Height { get; init; }

    /// <summary>One for each plane.</summary>
    public required IReadOnlyList<uint> Strides { get; init; }

    public required uint Fourcc { get; init; }

    public IReadOnlyList<uint> Offsets { get; init; } = [0];

    public uint X { get; init; }

    public uint Y { get; init; }

    public uint? BackingWidth { get; init; }

    public uint? BackingHeight { get; init; }

    /// <summary>DRM_FORMAT_MOD_LINEAR.</summary>
    public ulong Modifier { get; init; }

    public bool IsTopFirst { get; init; } = true;

    /// <summary>The plane count in the message, if it differs from the number of strides.</summary>
    public uint? Planes { get; init; }
}
