using Guestplane.Gvt.Share;
using Guestplane.Gvt.Vfio;

namespace Guestplane.Compositor;

/// <summary>What the user wants of <c>guestplane share</c>.</summary>
internal sealed record ShareOptions
{
    /// <summary>
    /// Four times the rate of a usual guest: its flips are seen within 4 ms, and none is missed because polls and flips drift.
    /// </summary>
    private const double UsualRate = 240;

    public required string Source { get; init; }

    /// <summary>Null for the service manager's socket, or else <see cref="ShareSocket.Default"/>.</summary>
    public string? Socket { get; init; }

    /// <summary>The message bus to serve on, in place of a socket: "session", "system" or an address. Null for none.</summary>
    public string? Bus { get; init; }

    /// <summary>The group that may connect; null for none.</summary>
    public uint? Group { get; init; }

    public ShareAccess Access { get; init; } = new();

    /// <summary>How often a vGPU is polled, Hz.</summary>
    public double Rate { get; init; } = UsualRate;

    public Edid? Edid { get; init; }

    public uint? Console { get; init; }

    /// <inheritdoc cref="ShowOptions.Connection"/>
    public string? Connection { get; init; }

    public bool Wait { get; init; }

    /// <summary>How long the device stays open when nobody looks any more, ns; null for as long as we run.</summary>
    public long? Linger { get; init; }

    /// <summary>The socket's permissions. Whoever connects is checked again, by user.</summary>
    public int Mode => Access.HasNames ? Everybody : Group is null ? OwnerOnly : WithGroup;

    private const int OwnerOnly = 0x180, WithGroup = 0x1b0, Everybody = 0x1b6;
}
