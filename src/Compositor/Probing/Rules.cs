using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>
/// The one table of reasons why planes are not scanned out, the strongest first. The behaviour of each family of compositors was
/// read in its sources (wlroots 0.20 types/scene/wlr_scene.c, weston 15 libweston/backend-drm/state-propose.c, mutter 50
/// src/wayland/meta-wayland-surface.c and compositor/meta-compositor-view-native.c, kwin 6.7 src/compositor.cpp) and measured in
/// tests/rig.
/// </summary>
internal static class Rules
{
    /// <summary>Drivers whose display engine cannot scale (drm_atomic_helper_check_plane_state without scaling).</summary>
    private static readonly string[] s_unscaled =
    [
        "vkms", "bochs", "bochs-drm", "virtio_gpu", "virtio-gpu", "simpledrm", "simple-framebuffer", "ast", "mgag200", "qxl",
        "cirrus", "udl",
    ];

    /// <summary>Drivers whose display engine has only a primary plane; for a card that does not tell its planes.</summary>
    private static readonly string[] s_onePlane =
        ["bochs", "bochs-drm", "simpledrm", "simple-framebuffer", "cirrus", "udl", "mgag200"];

    /// <summary>Drivers on whose displays weston draws a letterbox: the image's buffer must be as large as the mode.</summary>
    private static readonly string[] s_whole = ["bochs", "bochs-drm", "simpledrm", "simple-framebuffer", "cirrus", "udl"];

    private const string HdrRemedy = "Set the output to HDR, or leave --hdr out and accept other colours.";

    /// <summary>Drivers with a cursor that is no plane (drm_crtc_funcs.cursor_set).</summary>
    private static readonly string[] s_otherCursor = ["radeon", "nouveau", "gma500"];

    /// <summary>The same for those that have a cursor plane and no overlay.</summary>
    private static readonly string[] s_twoPlanes = ["virtio_gpu", "virtio-gpu", "ast", "qxl", "vmwgfx"];

    /// <summary>Exporters whose memory other displays may fail to read. udmabuf, heaps and vGPUs have CPU memory.</summary>
    private static readonly string[] s_gpus = ["i915", "xe", "amdgpu", "radeon", "nouveau", "nvidia-drm"];

    public static readonly IReadOnlyList<Rule> Table =
    [
        new("no-way", Verdict.Impossible, f => f.Transport == Transport.Impossible,
            f => $"no way to this compositor is left: {f.TransportReason ?? "the VM has shown nothing"}",
            "Let the VM show something that the compositor lists, or use another compositor."),
        new("forced", Verdict.Shm, f => f.IsForced && IsShm(f), _ => "--transport excludes dma-bufs", "Leave --transport out."),
        new("no-dma-buf", Verdict.Shm, f => f.Memory != MemoryKind.DmaBuf && IsShm(f),
            f => $"the VM gives {(f.Memory == MemoryKind.Bytes ? "bytes" : "shared memory")}, not a dma-buf",
            "Give the VM a display with dma-bufs: QEMU with gl=on, virtio-gpu with blob=true, or a vGPU that serves them."),
        new("host-without-dma-buf", Verdict.Shm, f => f.Host.DmabufVersion == 0,
            _ => "the compositor has no zwp_linux_dmabuf_v1",
            "Run the compositor with a GL or Vulkan renderer, not a software one (WLR_RENDERER, weston --renderer)."),
        new("dma-buf-too-old", Verdict.Shm, f => f.Host.DmabufVersion is > 0 and < 3,
            f => $"the compositor's zwp_linux_dmabuf_v1 is version {f.Host.DmabufVersion}, which has no modifiers",
            "Use a compositor with version 3 or later."),
        new("format", Verdict.Shm, f => !f.IsFormatListed && IsShm(f),
            f => $"the compositor takes no dma-buf of format {f.Format}",
            "Let the VM use a format that the compositor lists, XR24 best."),
        new("modifier", Verdict.Shm, f => !f.IsListed && IsShm(f),
            f => $"the compositor does not take {f.Format} with modifier {f.Modifier}",
            "Let the VM allocate LINEAR, or a modifier that the compositor lists."),
        // virtio-gpu without blobs cannot import, and one GPU may be unable to read another's memory.
        new("import-refused", Verdict.Shm, f => f.IsListed && IsShm(f),
            f => $"the compositor listed {f.Format} {f.Modifier} and refused to import it: {f.TransportReason}",
            "Show on the GPU that made the memory; on virtio-gpu give the outer VM blob=true."),
        new("cursor-plane", Verdict.Composited, f => f.Plane == PlaneKind.Cursor && !HasSparePlane(f),
            f => f.Cursor == CursorPlace.Pointer ? "the compositor draws a pointer image that is a dma-buf"
                : "the compositor draws the cursor plane's surface",
            "With --cursor pointer it at least does not affect the primary plane."),
        new("overlay-plane", Verdict.Composited, f => f.Plane == PlaneKind.Overlay && !HasSparePlane(f),
            _ => "the compositor gives an overlay no hardware plane", "Use weston, or KWin with KWIN_USE_OVERLAYS=1."),
        // Compositors without a display: weston and wlroots set no presentation flags, mutter only HW_COMPLETION.
        new("no-display", Verdict.Composited, f => f.Host.HasDisplay == false || HasNoVblank(f),
            _ => "the compositor has no display of its own (headless, nested, or seen from afar)",
            "Run the compositor on a card (DRM/KMS)."),
        // gamescope passes on one composited image, and sets zero_copy for every frame.
        new("gamescope", Verdict.Unknown, f => f.Host.Family == HostFamily.Gamescope,
            _ => "gamescope reports zero_copy for every frame", "Run this as root, to read DRM's debugfs."),
        new("turned", Verdict.Composited, f => f.IsTurned,
            _ => "the image is upside down in memory (y0_top), and the compositor turns it over",
            "Let the VM draw the top row first (QEMU with gl=on: virtio-gpu blob=true)."),
        // What is below would shine through. weston uses the format without alpha; wlroots and mutter check the opaque region.
        new("alpha", Verdict.Composited, f => f.Plane == PlaneKind.Primary && f.HasAlpha && !f.HasOpaqueRegion,
            f => $"{f.Format} has alpha, and the surface no opaque region",
            "Let the VM use the format without alpha (XR24 for AR24)."),
        // mutter: the paint box must equal the view. kwin: all visible windows must be full screen. wlroots: nothing else may be
        // drawn. Kiosk shells make every window full screen.
        new("not-fullscreen", Verdict.Composited, f => f.Plane == PlaneKind.Primary && !f.IsFullscreen,
            _ => "the window does not fill a display, and there is more to draw than it", "Show it with --fullscreen."),
        // Only some displays can turn a plane by themselves, and only some compositors let them.
        new("turned-output", Verdict.Unknown, f => f.IsOutputTurned,
            _ => "the output is rotated or flipped, and the image is not", "Turn the image in the VM, not the output."),
        // wlroots: exactly one entry (wlr_scene.c, scene_entry_try_direct_scanout). mutter: one surface. kwin: planes only with
        // KWIN_USE_OVERLAYS.
        new("cursor-surface", Verdict.Composited,
            f => f.Cursor == CursorPlace.Subsurface && f.Plane == PlaneKind.Primary && !HasSparePlane(f),
            _ => "the VM's cursor plane is on top of it, on a surface for which the compositor has no hardware plane",
            "Use --cursor pointer, or none; let the VM draw its pointer itself."),
        new("overlay-surface", Verdict.Composited, f => f.HasOverlay && !HasSparePlane(f),
            _ => "the VM's overlay is on top of it, and the compositor has no hardware plane for that",
            "Let the VM use one plane."),
        // mutter draws a dma-buf pointer image in software, into the picture. Others put it on the cursor plane.
        new("software-cursor", Verdict.Composited,
            f => f.Cursor == CursorPlace.Pointer && f.Plane == PlaneKind.Primary
                && (f.Host.Family == HostFamily.Mutter || !HasCursorPlane(f)),
            _ => "the compositor draws the pointer image into the picture", "Use --cursor none, or hide the VM's pointer."),
        // wlroots before 0.20 (types/scene/wlr_scene.c): the buffer must be as large as the display, and not cropped.
        new("crop", Verdict.Composited, f => f.IsCropped && (IsWholeOnly(f) || IsBefore(f, 0, 20)),
            _ => "only a part of the image is shown", "Let the VM show all of its framebuffer."),
        new("letterbox", Verdict.Composited, f => f.IsLetterboxed && IsLetterboxDrawn(f),
            _ => "the image does not fill the display, and this compositor then draws",
            "Let the VM use the display's size (for a vGPU: --edid)."),
        // labwc's window has 683x512 logical pixels on 1024x768 by 1.5: 1025x768 (tests/rig).
        new("output-scale", Verdict.Composited, f => f.HasOutputsSize && IsScaleDrawn(f),
            _ => "the output's scale does not divide its size, and the image is scaled by a pixel to fill the window",
            "Give the output a scale that divides its width and its height."),
        new("scale", Verdict.Composited, IsScaleDrawn,
            f => $"the image is scaled, and {(IsWholeOnly(f) ? "this compositor then draws"
                : $"{f.Host.Driver ?? "the display engine"} cannot do that")}",
            "Let the VM use the display's size (for a vGPU: --edid), or show it with --scale 1:1."),
        new("other-device", Verdict.Composited, f => f.IsOtherDevice || IsForeign(f),
            f => $"the memory ({f.Exporter ?? "another GPU's"}) does not belong to the card of the display "
                + $"({f.Host.Driver ?? "unknown"})",
            "Show it on the GPU that the VM draws with."),
        // wlroots, mutter and kwin list what the plane takes; other formats fail in AddFB2 or in the atomic test.
        new("format-not-for-scanout", Verdict.Composited, f => f.IsInScanoutTranche == false,
            f => $"no tranche for scanout has {f.Format} {f.Modifier}",
            "Let the VM use a format and modifier of the scanout tranche (guestplane probe lists them)."),
        // weston sends no such tranche until it could scan out, and so lists no formats in one.
        new("plane-format", Verdict.Composited, f => f.Plane != PlaneKind.Cursor && !HasPlaneFormat(f),
            f => $"no hardware plane of the display takes {f.Format}", "Let the VM use another format, as XR24."),
        // mutter tells its display BT.709 of limited range, and no other (meta-compositor-view-native.c).
        new("color-model", Verdict.Composited,
            f => f.Host.Family == HostFamily.Mutter && f.Color is { } color
                && color with { Siting = default } != new ColorModel(ColorMatrix.Bt709),
            f => $"mutter scans out no image with the colours {f.Color}",
            "Let the VM use RGB or bt709, or say --color bt709 and accept other colours."),
        // mutter scans out only what has the colours of the output (meta-compositor-view-native.c).
        new("hdr-mutter", Verdict.Composited, f => f.Host.Family == HostFamily.Mutter && f.IsHdr && f.Host.IsSdr,
            _ => "the image is HDR and no output is, so that mutter converts it", HdrRemedy),
        // KWin 6.7 draws it on vkms (by hand), whose output is of standard range. Display engines with colour pipelines may
        // convert it, and an HDR output may take it as it is.
        new("hdr", Verdict.Unknown, f => f.IsHdr,
            _ => "the image is HDR: only the compositor knows whether it must be converted, and whether its display can do that",
            HdrRemedy),
        // weston 16 with color-management=true scans out nothing on vkms, whatever it is told of the image (tests/rig).
        new("managed-colors", Verdict.Unknown, f => f.Host.Family == HostFamily.Weston && f.Host.ManagesColors,
            _ => "weston manages colours, and only it knows whether its display engine can convert those of the image",
            "Set color-management=false in weston.ini if you do not need it."),
        // Measured on vkms with 6.7: NV12 of full range is scanned out (tests/rig); of limited range it is not, nor is P010.
        new("yuv-kwin", Verdict.Unknown,
            f => f.Host.Family == HostFamily.Kwin && f.Color is { } color
                && (color.Range == ColorRange.Limited || f.Format == Fourcc.P010),
            _ => "the image is YUV, of which KWin scans out only some: on vkms NV12 of full range", "Let the VM use RGB."),
        // weston, kwin and Hyprland also scan out without such a tranche (measured); of others nobody knows.
        new("no-scanout-tranche", Verdict.Composited,
            f => f is { HasScanoutTranche: false, Kind: not null, Host.Family: HostFamily.Wlroots or HostFamily.Mutter },
            _ => "the compositor sends no tranche for scanout for this window",
            "Check that nothing else is above it (bars, notifications), and that the compositor's renderer is GL or Vulkan."),
        // Both results were measured on vkms, with nothing changed (tests/rig).
        new("letterbox-kwin", Verdict.Unknown, f => f.IsLetterboxed && f.Host.Family == HostFamily.Kwin,
            _ => "the image does not fill the display, and KWin scans such an image out only at times",
            "Let the VM use the display's size (for a vGPU: --edid)."),
        new("scaler", Verdict.Unknown, f => f.IsScaled,
            _ => "the image is scaled: only its driver knows whether the display engine can do that",
            "Let the VM use the display's size to be sure."),
        new("direct-scanout-setting", Verdict.Unknown, f => f.Host.Family == HostFamily.Hyprland,
            _ => "Hyprland scans out only with render:direct_scanout, and does not tell whether that is set",
            "Set render:direct_scanout = 1 in Hyprland's configuration. "
                + "As root, guestplane scanout-test sees what is scanned out."),
    ];

    /// <summary>The first rule that applies decides.</summary>
    public static Judgement Judge(PlaneFacts facts)
    {
        if (Table.Where(rule => rule.Applies(facts)).ToList() is [var first, .. var others])
            return new(first.Verdict, first, first.Sentence(facts), others);
        if (!facts.Host.Family.IsKnown())
            return new(Verdict.Unknown, null, "no rule is against it, and none was made for this compositor", []);
        return new(Verdict.Scanout, null, "no rule is against it" + (facts.Host.DmabufVersion == 3
            ? "; the compositor's zwp_linux_dmabuf_v1 is version 3, which does not say what it scans out" : ""), []);
    }

    private static bool IsShm(PlaneFacts f) => f.Transport is Transport.Shm or Transport.Copy;

    private static bool IsOneOf(string[] drivers, string? driver) => driver is not null && drivers.Contains(driver);

    /// <summary>Compositors show an opaque image of a format with alpha by the format without.</summary>
    private static bool HasPlaneFormat(PlaneFacts f) => f.Host.Planes is not { Formats: { Count: > 0 } formats }
        || formats.Contains(f.Format.Code) || (PixelFormat.Find(f.Format)?.Opaque is { } opaque && formats.Contains(opaque.Code));

    private static bool HasCursorPlane(PlaneFacts f) =>
        f.Host.Planes is { } planes ? planes.CursorOfEach > 0 || IsOneOf(s_otherCursor, f.Host.Driver)
            : !IsOneOf(s_onePlane, f.Host.Driver);

    private static bool HasOverlayPlane(PlaneFacts f) => OverlayPlanes(f) > 0;

    /// <summary>The number of overlay planes of one display that can be above one another.</summary>
    private static int OverlayPlanes(PlaneFacts f) => f.Host.Planes switch
    {
        { HasZpos: false } planes => Math.Min(planes.OverlayOfEach, 1),
        { } planes => planes.OverlayOfEach,
        null => IsOneOf(s_onePlane, f.Host.Driver) || IsOneOf(s_twoPlanes, f.Host.Driver) ? 0 : int.MaxValue,
    };

    /// <summary>
    /// True if the compositor has a hardware plane for this plane or, if it is the primary one, for each that is above it. weston
    /// gives overlay planes to as many as it can, the topmost first (measured on vkms), and the cursor plane only to what is not
    /// a dma-buf; kwin by default only on i915 and xe (6.7).
    /// </summary>
    private static bool HasSparePlane(PlaneFacts f) => f.Host.Family switch
    {
        HostFamily.Weston => OverlayPlanes(f) >= Wanted(f) && (f.Plane == PlaneKind.Primary || f.Host.HasDisplay != false),
        HostFamily.Kwin => f.Host.Driver is "i915" or "xe" && !IsBefore(f, 6, 7) && HasOverlayPlane(f),
        _ => false,
    };

    /// <summary>How many of the VM's planes above the primary one are to have a hardware plane, down to this one.</summary>
    private static int Wanted(PlaneFacts f) => f.Plane == PlaneKind.Cursor ? 1
        : (f.Cursor == CursorPlace.Subsurface ? 1 : 0) + (f.Plane == PlaneKind.Overlay || f.HasOverlay ? 1 : 0);

    private static bool IsBefore(PlaneFacts f, int major, int minor) =>
        f.Host is { Family: HostFamily.Wlroots or HostFamily.Kwin, Version: { } version }
        && major == (f.Host.Family == HostFamily.Kwin ? 6 : 0) && version < new Version(major, minor);

    /// <summary>
    /// Hyprland 0.56 (src/output/Monitor.cpp, src/desktop/view/window/Window.cpp) scans out a whole image of the display's size,
    /// on a window's only subsurface or its own surface, if render:direct_scanout is set.
    /// </summary>
    private static bool IsWholeOnly(PlaneFacts f) => f.Host.Family == HostFamily.Hyprland;

    /// <summary>
    /// mutter and Hyprland require a surface that covers the display; wlroots since 0.20 places it; weston uses a plane.
    /// </summary>
    private static bool IsLetterboxDrawn(PlaneFacts f) => f.Host.Family switch
    {
        HostFamily.Mutter or HostFamily.Hyprland => true,
        HostFamily.Wlroots => IsBefore(f, 0, 20),
        HostFamily.Weston => IsOneOf(s_whole, f.Host.Driver),
        _ => false,
    };

    private static bool IsScaleDrawn(PlaneFacts f) =>
        f.IsScaled && (IsOneOf(s_unscaled, f.Host.Driver) || IsWholeOnly(f) || IsBefore(f, 0, 20));

    private static bool IsForeign(PlaneFacts f) =>
        f is { Exporter: { } exporter, Host.Driver: { } driver } && exporter != driver && s_gpus.Contains(exporter);

    private static bool HasNoVblank(PlaneFacts f) => f.Kind is { } kind && f.Host.HasDisplay is null
        && (kind & (WpPresentationFeedbackKind.Vsync | WpPresentationFeedbackKind.HwClock)) == 0;
}
