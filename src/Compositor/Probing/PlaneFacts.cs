using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>Where the cursor plane is.</summary>
internal enum CursorPlace
{
    Nowhere,
    Subsurface,
    Pointer,
}

/// <summary>What the rules ask of a plane in its window. All of it is known before the host says how it went.</summary>
internal sealed record PlaneFacts
{
    public required HostFacts Host { get; init; }

    public PlaneKind Plane { get; init; } = PlaneKind.Primary;

    /// <summary>The rung that it stands on, and why not a better one.</summary>
    public Transport Transport { get; init; }

    public string? TransportReason { get; init; }

    /// <summary>The user left out dma-bufs (--transport).</summary>
    public bool IsForced { get; init; }

    public MemoryKind Memory { get; init; }

    /// <summary>The driver that made its memory ("udmabuf", "i915"); null when unknown.</summary>
    public string? Exporter { get; init; }

    /// <summary>As the host is told.</summary>
    public Fourcc Format { get; init; } = Fourcc.Xrgb8888;

    public Modifier Modifier { get; init; }

    /// <summary>The host lists the format, with some modifier.</summary>
    public bool IsFormatListed { get; init; } = true;

    /// <summary>The host lists format and modifier together.</summary>
    public bool IsListed { get; init; } = true;

    /// <summary>The surface's feedback has, or had, a tranche for scanout; null: the host tells nothing of surfaces.</summary>
    public bool? HasScanoutTranche { get; init; }

    /// <summary>A tranche for scanout had format and modifier; null: there is none.</summary>
    public bool? IsInScanoutTranche { get; init; }

    /// <summary>The tranches for scanout are of another GPU than the one that the host draws with.</summary>
    public bool IsOtherDevice { get; init; }

    public bool HasAlpha { get; init; }

    public bool HasOpaqueRegion { get; init; } = true;

    public bool IsTurned { get; init; }

    public bool IsCropped { get; init; }

    public bool IsScaled { get; init; }

    /// <summary>Its window is as large as a display.</summary>
    public bool IsFullscreen { get; init; } = true;

    /// <summary>The window is larger than the plane.</summary>
    public bool IsLetterboxed { get; init; }

    public CursorPlace Cursor { get; init; }

    public bool HasOverlay { get; init; }

    /// <summary>The kinds with which frames were presented so far; null: none yet.</summary>
    public WpPresentationFeedbackKind? Kind { get; init; }

    /// <summary>The primary plane of a screen as it stands.</summary>
    /// <param name="host">Its host.</param>
    /// <param name="watch">What was seen of it so far.</param>
    /// <param name="options">The user's wishes.</param>
    public static PlaneFacts Primary(Host host, Watch watch, ShowOptions options)
    {
        var screen = watch.Screen;
        var (place, image, scanout) = (screen.Placement, screen.Image, screen.Primary.LastScanout);
        var (width, height) = (screen.ToDevice(place.Window.Width), screen.ToDevice(place.Window.Height));
        return Of(host, screen.Primary, options) with
        {
            HasScanoutTranche = watch.HasScanoutTranche,
            IsInScanoutTranche = watch.HasScanoutTranche == true ? watch.IsInScanoutTranche : null,
            IsOtherDevice = watch.IsOtherDevice,
            IsTurned = image.IsBottomUp,
            IsCropped = scanout is not null && (place.Source.Width, place.Source.Height) != (scanout.Width, scanout.Height),
            IsScaled = screen.IsTree && (screen.ToDevice(place.Plane.Width), screen.ToDevice(place.Plane.Height)) != (place.Source.Width, place.Source.Height),
            IsLetterboxed = screen.IsTree && (place.Plane.Width < place.Window.Width || place.Plane.Height < place.Window.Height),
            IsFullscreen = host.Globals.Outputs.Any(output => output.Mode == (width, height)),
            Cursor = CursorOf(screen),
            HasOverlay = screen.Overlay?.Shown is not null,
            Kind = watch.Kind,
        };
    }

    /// <summary>A plane that lies on the primary one.</summary>
    public static PlaneFacts Upper(Host host, PlaneKind kind, PlaneSurface plane, Screen screen, ShowOptions options) =>
        Of(host, plane, options) with { Plane = kind, HasOpaqueRegion = false, Cursor = CursorOf(screen) };

    private static CursorPlace CursorOf(Screen screen) => screen.Cursor.Plane?.Shown is null ? CursorPlace.Nowhere
        : screen.Cursor.IsPointer ? CursorPlace.Pointer : CursorPlace.Subsurface;

    private static PlaneFacts Of(Host host, PlaneSurface plane, ShowOptions options)
    {
        var scanout = plane.LastScanout;
        var (format, modifier) = (plane.Step?.Format ?? scanout?.Layout.Format ?? default, scanout?.Layout.Modifier ?? default);
        return new()
        {
            Host = HostFacts.Of(host),
            Transport = plane.Step?.Transport ?? Transport.Impossible,
            TransportReason = plane.Step?.Reason,
            IsForced = options.Transport is not null and not Transport.DmaBuf,
            Memory = scanout?.Kind ?? MemoryKind.DmaBuf,
            Exporter = scanout is { Kind: MemoryKind.DmaBuf } ? Linux.DmaBuf.Exporter(scanout.Memory(0)) : null,
            Format = format,
            Modifier = modifier,
            IsFormatListed = host.Feedback.Tranches.Any(tranche => tranche.Formats.Any(listed => listed.Format == format)),
            IsListed = host.Feedback.Accepts(format, modifier),
            HasAlpha = PixelFormat.Find(format)?.Opaque is not null,
        };
    }
}
