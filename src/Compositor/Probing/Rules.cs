using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>
/// Why planes are not scanned out: one table, the strongest reasons first. What the families of hosts do is from their
/// sources (wlroots 0.20 types/scene/wlr_scene.c, weston 15 libweston/backend-drm/state-propose.c, mutter 50
/// src/wayland/meta-wayland-surface.c and compositor/meta-compositor-view-native.c, kwin 6.7 src/compositor.cpp), and from
/// runs in tests/rig.
/// </summary>
internal static class Rules
{
    /// <summary>Display engines that show an image only as large as it is (drm_atomic_helper_check_plane_state without scaling).</summary>
    private static readonly string[] s_unscaled = ["vkms", "bochs", "bochs-drm", "virtio_gpu", "virtio-gpu", "simpledrm", "simple-framebuffer", "ast", "mgag200", "qxl", "cirrus", "udl"];

    /// <summary>Those with a primary plane and nothing else.</summary>
    private static readonly string[] s_onePlane = ["bochs", "bochs-drm", "simpledrm", "simple-framebuffer", "cirrus", "udl"];

    /// <summary>Exporters whose memory may be out of another display engine's reach; udmabuf's, a heap's or a vGPU's is the CPU's.</summary>
    private static readonly string[] s_gpus = ["i915", "xe", "amdgpu", "radeon", "nouveau", "nvidia-drm"];

    public static readonly IReadOnlyList<Rule> Table =
    [
        new("no-way", Verdict.Impossible, f => f.Transport == Transport.Impossible,
            f => $"no way to this host is left: {f.TransportReason ?? "the guest has shown nothing"}",
            "Let the guest show something that the host lists, or use another host."),
        new("forced", Verdict.Shm, f => f.IsForced && IsShm(f), _ => "--transport leaves out dma-bufs", "Leave --transport away."),
        new("no-dma-buf", Verdict.Shm, f => f.Memory != MemoryKind.DmaBuf && IsShm(f),
            f => f.Memory == MemoryKind.Bytes ? "the guest gives bytes, not a dma-buf" : "the guest gives shared memory, not a dma-buf",
            "Give the VM a display with dma-bufs: QEMU with gl=on, virtio-gpu with blob=true, or a vGPU that serves them."),
        new("host-without-dma-buf", Verdict.Shm, f => f.Host.DmabufVersion == 0,
            _ => "the host has no zwp_linux_dmabuf_v1", "Run the host with a GL or Vulkan renderer, not a software one (WLR_RENDERER, weston --renderer)."),
        new("dma-buf-too-old", Verdict.Shm, f => f.Host.DmabufVersion is > 0 and < 3,
            f => $"the host's zwp_linux_dmabuf_v1 is version {f.Host.DmabufVersion}, which tells no modifiers", "Use a host with version 3 or later."),
        new("format", Verdict.Shm, f => !f.IsFormatListed && IsShm(f),
            f => $"the host takes no dma-buf of format {f.Format}", "Let the guest use a format that the host lists, XR24 best."),
        new("modifier", Verdict.Shm, f => !f.IsListed && IsShm(f),
            f => $"the host does not take {f.Format} with modifier {f.Modifier}", "Let the guest allocate LINEAR, or a modifier that the host lists."),
        // virtio-gpu without blobs imports nobody else's memory; a GPU's memory may be out of another's reach.
        new("import-refused", Verdict.Shm, f => f.IsListed && IsShm(f),
            f => $"the host listed {f.Format} {f.Modifier} and refused to import it: {f.TransportReason}",
            "Show on the GPU that made the memory; on virtio-gpu give the outer VM blob=true."),
        new("cursor-plane", Verdict.Composited, f => f.Plane == PlaneKind.Cursor && !HasSparePlane(f),
            f => f.Cursor == CursorPlace.Pointer ? "the host draws a dma-buf pointer image" : "the host draws the cursor plane's surface",
            "With --cursor pointer it at least leaves the primary plane alone."),
        new("overlay-plane", Verdict.Composited, f => f.Plane == PlaneKind.Overlay && !HasSparePlane(f),
            _ => "the host gives an overlay no hardware plane", "Use weston, or KWin with KWIN_USE_OVERLAYS=1."),
        // Presentation flags as hosts without a display say them: weston and wlroots 0, mutter HW_COMPLETION alone.
        new("no-display", Verdict.Composited, f => f.Host.HasDisplay == false || HasNoVblank(f),
            _ => "the host shows on no display of its own (headless, nested, or seen from afar)", "Run the host on a card (DRM/KMS)."),
        // One composited image is all that gamescope hands on; it says zero_copy of every frame.
        new("gamescope", Verdict.Unknown, f => f.Host.Family == HostFamily.Gamescope,
            _ => "gamescope says zero_copy of every frame", "Ask DRM: run this as root, which reads its debugfs."),
        new("turned", Verdict.Composited, f => f.IsTurned,
            _ => "the image is upside down in memory (y0_top), and the host turns it over", "Let the guest draw top row first (QEMU with gl=on: virtio-gpu blob=true)."),
        // All hosts: what is below would shine through (weston takes the opaque twin, wlroots and mutter ask the region).
        new("alpha", Verdict.Composited, f => f.Plane == PlaneKind.Primary && f.HasAlpha && !f.HasOpaqueRegion,
            f => $"{f.Format} has alpha, and the surface no opaque region", "Let the guest use the format without alpha (XR24 for AR24)."),
        // mutter: paint box equals the view. kwin: all visible windows full screen. wlroots: more than one entry to draw. kiosks make all full.
        new("not-fullscreen", Verdict.Composited, f => f.Plane == PlaneKind.Primary && !f.IsFullscreen,
            _ => "the window does not fill a display, and there is more to draw than it", "Show it with --fullscreen."),
        // wlroots: exactly one entry (wlr_scene.c, scene_entry_try_direct_scanout). mutter: one surface. kwin: planes only by KWIN_USE_OVERLAYS.
        new("cursor-surface", Verdict.Composited, f => f.Cursor == CursorPlace.Subsurface && f.Plane == PlaneKind.Primary && !HasSparePlane(f),
            _ => "the guest's cursor plane lies on it, on a surface that the host has no hardware plane for",
            "Use --cursor pointer, or none; let the guest draw its pointer itself."),
        new("overlay-surface", Verdict.Composited, f => f.HasOverlay && !HasSparePlane(f),
            _ => "the guest's overlay lies on it, and the host has no hardware plane for that", "Let the guest use one plane."),
        // mutter takes a dma-buf pointer image for a software cursor, which is in the way; others draw it into the cursor plane.
        new("software-cursor", Verdict.Composited, f => f.Cursor == CursorPlace.Pointer && f.Plane == PlaneKind.Primary && (f.Host.Family == HostFamily.Mutter || HasOnePlane(f)),
            _ => "the host draws the pointer image into the picture", "Use --cursor none, or hide the guest's pointer."),
        // wlroots before 0.20 (types/scene/wlr_scene.c): the buffer is as large as the display and not cropped.
        new("crop", Verdict.Composited, f => f.IsCropped && f.Host is { Family: HostFamily.Wlroots } && IsBefore(f, 0, 20),
            _ => "only a part of the image is shown", "Let the guest show all of its framebuffer."),
        new("letterbox", Verdict.Composited, f => f.IsLetterboxed && IsLetterboxDrawn(f),
            _ => "the image does not fill the display, and this host then draws", "Let the guest use the display's size (for a vGPU: --edid)."),
        new("scale", Verdict.Composited, f => f.IsScaled && (IsOneOf(s_unscaled, f.Host.Driver) || IsBefore(f, 0, 20)),
            f => $"the image is scaled, and {f.Host.Driver ?? "the display engine"} does not", "Let the guest use the display's size (for a vGPU: --edid), or show it with --scale 1:1."),
        new("other-device", Verdict.Composited, f => f.IsOtherDevice || IsForeign(f),
            f => $"the memory ({f.Exporter ?? "of another GPU"}) is not of the card that shows ({f.Host.Driver ?? "unknown"})", "Show it on the GPU that the guest draws with."),
        // wlroots, mutter and kwin tell what the plane takes; a format that is not among it fails in AddFB2 or the atomic test.
        new("format-not-for-scanout", Verdict.Composited, f => f.IsInScanoutTranche == false,
            f => $"no tranche for scanout has {f.Format} {f.Modifier}", "Let the guest use a format and modifier of the scanout tranche (guestplane probe lists them)."),
        // weston and kwin scan out without having told one (measured).
        new("no-scanout-tranche", Verdict.Composited, f => f is { HasScanoutTranche: false, Kind: not null, Host.Family: not (HostFamily.Weston or HostFamily.Kwin) },
            _ => "the host tells no tranche for scanout for this window", "See that nothing of the host's own lies above it (bars, notifications), and that its renderer is GL or Vulkan."),
        // Seen to do both, on vkms, with nothing changed (tests/rig).
        new("letterbox-kwin", Verdict.Unknown, f => f.IsLetterboxed && f.Host.Family == HostFamily.Kwin,
            _ => "the image does not fill the display, and KWin scans such a one out at times", "Let the guest use the display's size (for a vGPU: --edid)."),
        new("scaler", Verdict.Unknown, f => f.IsScaled,
            _ => "the image is scaled: whether the display engine can do that, only its driver knows", "Let the guest use the display's size to be sure."),
    ];

    /// <summary>The first rule that applies decides.</summary>
    public static Judgement Judge(PlaneFacts facts)
    {
        var applying = Table.Where(rule => rule.Applies(facts)).ToList();
        return applying is [var first, .. var others] ? new(first.Verdict, first, first.Sentence(facts), others)
            : new(Verdict.Scanout, null, facts.Host.DmabufVersion == 3
                ? "no rule is against it; the host's zwp_linux_dmabuf_v1 is version 3, which does not tell what it scans out" : "no rule is against it", []);
    }

    private static bool IsShm(PlaneFacts f) => f.Transport is Transport.Shm or Transport.Copy;

    private static bool IsOneOf(string[] drivers, string? driver) => driver is not null && drivers.Contains(driver);

    private static bool HasOnePlane(PlaneFacts f) => IsOneOf(s_onePlane, f.Host.Driver);

    /// <summary>weston puts what it can on planes (measured on vkms); kwin by default only on i915 and xe (6.7).</summary>
    private static bool HasSparePlane(PlaneFacts f) => f.Host.Family switch
    {
        HostFamily.Weston => !HasOnePlane(f) && (f.Plane == PlaneKind.Primary || f.Host.HasDisplay != false),
        HostFamily.Kwin => f.Host.Driver is "i915" or "xe" && !IsBefore(f, 6, 7),
        _ => false,
    };

    private static bool IsBefore(PlaneFacts f, int major, int minor) =>
        f.Host is { Family: HostFamily.Wlroots or HostFamily.Kwin, Version: { } version } && major == (f.Host.Family == HostFamily.Kwin ? 6 : 0)
        && version < new Version(major, minor);

    /// <summary>mutter wants a surface that covers the display; wlroots since 0.20 places it; weston uses a plane.</summary>
    private static bool IsLetterboxDrawn(PlaneFacts f) => f.Host.Family switch
    {
        HostFamily.Mutter => true,
        HostFamily.Wlroots => IsBefore(f, 0, 20),
        HostFamily.Weston => HasOnePlane(f),
        _ => false,
    };

    private static bool IsForeign(PlaneFacts f) =>
        f is { Exporter: { } exporter, Host.Driver: { } driver } && exporter != driver && s_gpus.Contains(exporter);

    private static bool HasNoVblank(PlaneFacts f) => f.Kind is { } kind && f.Host.HasDisplay is null
        && (kind & (WpPresentationFeedbackKind.Vsync | WpPresentationFeedbackKind.HwClock)) == 0;
}
