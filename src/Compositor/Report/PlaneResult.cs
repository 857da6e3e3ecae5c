using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>An image that a plane showed. The guest may be gone by now.</summary>
/// <param name="Format">The guest's format code.</param>
/// <param name="Modifier">The layout of the pixels in memory.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Memory">The kind of memory.</param>
/// <param name="Exporter">The driver that made the dma-buf; null if unknown, or if the guest has dropped the image.</param>
internal sealed record ImageResult(Fourcc Format, Modifier Modifier, int Width, int Height, MemoryKind Memory, string? Exporter);

/// <summary>The result of one plane. In JSON a head's <c>cursor</c>, with fields in this order: doc/report.md.</summary>
internal sealed record PlaneResult : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("transport", Transport), ("reason", Reason), ("format", Format), ("modifier", Modifier), ("committed", Committed),
        ("moves", Moves), ("imports", Imports),
    ];

    public string? Transport => Choice?.Transport.Spelled();

    public string? Reason => Choice?.Reason;

    /// <summary>As sent to the compositor: without alpha if the plane is opaque.</summary>
    public string? Format => Choice?.Format.ToString();

    public string? Modifier => Image?.Modifier.ToString();

    /// <summary>What the compositor was told about the colours of a Y'CbCr image; null if nothing.</summary>
    public ColorModel? Color { get; init; }

    /// <summary>True if the compositor was told that the image is HDR.</summary>
    public bool IsHdr { get; init; }

    public long Committed { get; init; }

    /// <summary>Moves without a new image.</summary>
    public long Moves { get; init; }

    public int Imports { get; init; }

    /// <summary>How the last image was sent to the compositor; null if there was none.</summary>
    public TransportChoice? Choice { get; init; }

    /// <summary>The last image, also if it could not be shown or the plane is off now; null if there was none.</summary>
    public ImageResult? Image { get; init; }

    /// <summary>True if the plane has an image now.</summary>
    public bool IsShown { get; init; }

    public override string ToString() => Choice is null ? "nothing shown"
        : $"{Transport} {Format} {Modifier} {Image?.Width}x{Image?.Height}{(Reason is null ? "" : $" ({Reason})")}";
}
