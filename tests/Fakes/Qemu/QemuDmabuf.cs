using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The arguments of ScanoutDMABUF2. What is not given is as for an image that fills its memory.</summary>
public sealed class QemuDmabuf
{
    /// <summary>One for each plane; QEMU sends fewer when they are the same, and the client uses the first again.</summary>
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

    /// <summary>The count in the message, when it is not that of the strides.</summary>
    public uint? Planes { get; init; }
}
