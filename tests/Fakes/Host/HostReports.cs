namespace Guestplane.Tests.Fakes;

/// <summary>A wl_buffer. Format is a DRM fourcc, also for wl_shm; Kind is dmabuf, shm or single-pixel.</summary>
public sealed record HostBufferInfo(
    int Client, uint Id, string Kind, int Width, int Height, uint Format, ulong Modifier, bool IsBusy, bool IsDestroyed)
{
    public override string ToString() =>
        $"wl_buffer#{Id} {Kind} {Width}x{Height} {HostFormat.Text(Format)}:0x{Modifier:x}";
}

/// <summary>A surface with its applied state. Regions are null if unset, which for the input region means everything.</summary>
public sealed record HostSurfaceInfo
{
    public required int Client { get; init; }

    public required uint Id { get; init; }

    /// <summary>xdg_toplevel, wl_subsurface, cursor, or null.</summary>
    public required string? Role { get; init; }

    public required uint? Parent { get; init; }

    /// <summary>Relative to the parent, as applied by the parent's commit.</summary>
    public required (int X, int Y) Position { get; init; }

    public required bool IsSync { get; init; }

    public required bool IsMapped { get; init; }

    public required int Commits { get; init; }

    /// <summary>The applied buffer, which the next vblank shows.</summary>
    public required HostBufferInfo? Buffer { get; init; }

    /// <summary>The buffer shown since a vblank.</summary>
    public required HostBufferInfo? Latched { get; init; }

    public required int Scale { get; init; }

    public required int Transform { get; init; }

    public required (double X, double Y, double Width, double Height)? ViewportSource { get; init; }

    public required (int Width, int Height)? ViewportDestination { get; init; }

    public required HostColor Color { get; init; }

    /// <inheritdoc cref="SurfaceState.Description"/>
    public required string Description { get; init; }

    public required IReadOnlyList<HostRect>? OpaqueRegion { get; init; }

    public required IReadOnlyList<HostRect>? InputRegion { get; init; }

    /// <summary>The stack from the bottom up: the subsurfaces and this surface.</summary>
    public required IReadOnlyList<uint> Stack { get; init; }

    public required string? Title { get; init; }

    public required string? AppId { get; init; }

    public required bool WantsFullscreen { get; init; }

    public required HostRect? WindowGeometry { get; init; }

    public bool IsInputEmpty => InputRegion is { Count: 0 };
}

/// <summary>An import request (zwp_linux_buffer_params_v1.create or create_immed).</summary>
public sealed record DmabufImport(
    int Width, int Height, HostFormat Format, uint Flags, IReadOnlyList<(uint Offset, uint Stride)> Planes, bool IsImmediate)
{
    /// <summary>dev_t of the device that the client names (set_sampling_device); null: none.</summary>
    public ulong? SamplingDevice { get; init; }
}

/// <summary>One plane of a buffer as the compositor reads it now.</summary>
public sealed record HostPixels(int Width, int Height, int Stride, uint Format, byte[] Bytes);
