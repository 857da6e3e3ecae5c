using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

internal enum CursorPlace
{
    Nowhere,
    Subsurface,
    Pointer,
}

/// <summary>The facts about a plane in its window from which the rules predict its verdict.</summary>
internal sealed record PlaneFacts
{
    public required HostFacts Host { get; init; }

    public PlaneKind Plane { get; init; } = PlaneKind.Primary;

    public Transport Transport { get; init; }

    public string? TransportReason { get; init; }

    /// <summary>True if the user excluded dma-bufs (--transport).</summary>
    public bool IsForced { get; init; }

    public MemoryKind Memory { get; init; }

    /// <summary>The driver that exported the memory ("udmabuf", "i915"). Null if unknown.</summary>
    public string? Exporter { get; init; }

    /// <summary>The format as sent to the compositor.</summary>
    public Fourcc Format { get; init; } = Fourcc.Xrgb8888;

    public Modifier Modifier { get; init; }

    /// <summary>What the compositor was told about the colours of a Y'CbCr image; null if nothing.</summary>
    public ColorModel? Color { get; init; }

    /// <summary>True if the compositor was told that the image is HDR.</summary>
    public bool IsHdr { get; init; }

    /// <summary>True if the compositor lists the format with any modifier.</summary>
    public bool IsFormatListed { get; init; } = true;

    /// <summary>True if the compositor lists the format with this modifier.</summary>
    public bool IsListed { get; init; } = true;

    /// <summary>True if the surface's feedback has or had a scanout tranche. Null if there is no feedback for surfaces.</summary>
    public bool? HasScanoutTranche { get; init; }

    /// <summary>True if a scanout tranche had format and modifier. Null if there was no scanout tranche.</summary>
    public bool? IsInScanoutTranche { get; init; }

    /// <summary>True if the scanout tranches belong to another GPU than those that the compositor draws with.</summary>
    public bool IsOtherDevice { get; init; }

    public bool HasAlpha { get; init; }

    public bool HasOpaqueRegion { get; init; } = true;

    public bool IsTurned { get; init; }

    public bool IsCropped { get; init; }

    public bool IsScaled { get; init; }

    /// <summary>True if the image, without what is cropped, is as large as the output that the window fills.</summary>
    public bool HasOutputsSize { get; init; }

    /// <summary>True if the window is as large as an output.</summary>
    public bool IsFullscreen { get; init; } = true;

    /// <summary>True if that output has a transform.</summary>
    public bool IsOutputTurned { get; init; }

    /// <summary>True if the window is larger than the plane.</summary>
    public bool IsLetterboxed { get; init; }

    public CursorPlace Cursor { get; init; }

    public bool HasOverlay { get; init; }

    /// <summary>The presentation flags of the last frame. Null if none was presented.</summary>
    public WpPresentationFeedbackKind? Kind { get; init; }

    /// <summary>The facts about a head's primary plane.</summary>
    public static PlaneFacts OfPrimary(HostFacts host, HeadResult head, Watch watch, ShowOptions options)
    {
        var (layout, image) = (head.Layout, head.Primary.Image);
        return Of(host, head.Primary, options) with
        {
            HasScanoutTranche = watch.HasScanoutTranche,
            IsInScanoutTranche = watch.HasScanoutTranche == true ? watch.IsInScanoutTranche : null,
            IsOtherDevice = watch.IsOtherDevice,
            IsTurned = layout.IsBottomUp,
            IsCropped = image is not null && layout.Source != (image.Width, image.Height),
            IsScaled = layout.IsTree && layout.Plane != layout.Source,
            HasOutputsSize = host.Outputs.Any(
                output => output.IsFilledBy(layout.Window) && (output.Width, output.Height) == layout.Source),
            IsLetterboxed = layout.IsTree
                && (layout.Plane.Width < layout.Window.Width || layout.Plane.Height < layout.Window.Height),
            IsFullscreen = host.Outputs.Any(output => output.IsFilledBy(layout.Window)),
            IsOutputTurned = host.Outputs.Any(output => output.IsTurned && output.IsFilledBy(layout.Window)),
            // Without a pointer in the window its image lies on nothing.
            Cursor = head is { IsCursorPointer: true, HasPointer: false } ? CursorPlace.Nowhere : CursorOf(head),
            HasOverlay = head.Overlay is { IsShown: true },
            Kind = watch.Kind,
        };
    }

    /// <summary>The facts about a plane above the primary one.</summary>
    public static PlaneFacts OfUpper(HostFacts host, HeadResult head, PlaneKind kind, PlaneResult plane, ShowOptions options) =>
        Of(host, plane, options) with { Plane = kind, HasOpaqueRegion = false, Cursor = CursorOf(head) };

    private static CursorPlace CursorOf(HeadResult head) => head.Cursor is not { IsShown: true } ? CursorPlace.Nowhere
        : head.IsCursorPointer ? CursorPlace.Pointer : CursorPlace.Subsurface;

    private static PlaneFacts Of(HostFacts host, PlaneResult plane, ShowOptions options)
    {
        var image = plane.Image;
        var (format, modifier) = (plane.Choice?.Format ?? image?.Format ?? default, image?.Modifier ?? default);
        return new()
        {
            Host = host,
            Transport = plane.Choice?.Transport ?? Transport.Impossible,
            TransportReason = plane.Reason,
            IsForced = options.Transport is not null and not Transport.DmaBuf,
            Memory = image?.Memory ?? MemoryKind.DmaBuf,
            Exporter = image?.Exporter,
            Format = format,
            Modifier = modifier,
            Color = plane.Color,
            IsHdr = plane.IsHdr,
            IsFormatListed = host.Listed.Any(listed => listed.Format == format),
            IsListed = host.Listed.Contains((format, modifier)),
            HasAlpha = PixelFormat.Find(format)?.Opaque is not null,
        };
    }
}
