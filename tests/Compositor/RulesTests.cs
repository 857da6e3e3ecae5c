using Guestplane.Compositor;
using Guestplane.Compositor.Probing;
using Guestplane.Gvt;
using Guestplane.Linux.Drm;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>Each rule, forced; and the order in which they decide.</summary>
public sealed class RulesTests
{
    private static readonly HostFacts s_sway = new() { Name = "sway (wlroots 0.20)", Family = HostFamily.Wlroots, Version = new(0, 20), DmabufVersion = 5, HasDisplay = true, Driver = "vkms" };
    private static readonly PlaneFacts s_good = new() { Host = s_sway, Exporter = "udmabuf", HasScanoutTranche = true, IsInScanoutTranche = true };

    private static readonly Dictionary<string, GlobalFacts> s_managed = new() { ["wp_color_manager_v1"] = new(2, 0) };

    private static OutputFacts Output(string? curve) => new(1024, 768, 60000, 1) { Color = new(curve, "bt2020", 1000, 203) };

    private static readonly DrmPlanes s_planes = new(1, 1, 1) { Formats = new HashSet<uint> { Fourcc.Xrgb8888.Code } };

    private static HostFacts Host(HostFamily family, string driver = "vkms") => s_sway with { Name = family.ToString(), Family = family, Version = null, Driver = driver };

    private static readonly (string Rule, Verdict Verdict, PlaneFacts Facts)[] s_bad =
    [
        ("no-way", Verdict.Impossible, s_good with { Transport = Transport.Impossible }),
        ("forced", Verdict.Shm, s_good with { Transport = Transport.Shm, IsForced = true }),
        ("no-dma-buf", Verdict.Shm, s_good with { Transport = Transport.Copy, Memory = MemoryKind.Bytes }),
        ("host-without-dma-buf", Verdict.Shm, s_good with { Transport = Transport.Shm, Host = s_sway with { DmabufVersion = 0 } }),
        ("dma-buf-too-old", Verdict.Shm, s_good with { Transport = Transport.Shm, Host = s_sway with { DmabufVersion = 2 } }),
        ("format", Verdict.Shm, s_good with { Transport = Transport.Shm, IsFormatListed = false, IsListed = false }),
        ("modifier", Verdict.Shm, s_good with { Transport = Transport.Shm, IsListed = false }),
        ("import-refused", Verdict.Shm, s_good with { Transport = Transport.Shm }),
        ("cursor-plane", Verdict.Composited, s_good with { Plane = PlaneKind.Cursor, Cursor = CursorPlace.Subsurface }),
        ("overlay-plane", Verdict.Composited, s_good with { Plane = PlaneKind.Overlay }),
        ("no-display", Verdict.Composited, s_good with { Host = s_sway with { HasDisplay = false } }),
        ("no-display", Verdict.Composited, s_good with { Host = s_sway with { HasDisplay = null }, Kind = WpPresentationFeedbackKind.HwCompletion }),
        ("gamescope", Verdict.Unknown, s_good with { Host = Host(HostFamily.Gamescope) }),
        ("turned", Verdict.Composited, s_good with { IsTurned = true }),
        ("alpha", Verdict.Composited, s_good with { HasAlpha = true, HasOpaqueRegion = false }),
        ("not-fullscreen", Verdict.Composited, s_good with { IsFullscreen = false }),
        ("turned-output", Verdict.Unknown, s_good with { IsOutputTurned = true }),
        ("cursor-surface", Verdict.Composited, s_good with { Cursor = CursorPlace.Subsurface }),
        ("overlay-surface", Verdict.Composited, s_good with { HasOverlay = true }),
        ("software-cursor", Verdict.Composited, s_good with { Cursor = CursorPlace.Pointer, Host = Host(HostFamily.Mutter) }),
        ("crop", Verdict.Composited, s_good with { IsCropped = true, Host = s_sway with { Version = new(0, 18) } }),
        ("letterbox", Verdict.Composited, s_good with { IsLetterboxed = true, Host = Host(HostFamily.Mutter) }),
        ("letterbox-kwin", Verdict.Unknown, s_good with { IsLetterboxed = true, Host = Host(HostFamily.Kwin) }),
        ("output-scale", Verdict.Composited, s_good with { IsScaled = true, HasOutputsSize = true }),
        ("scale", Verdict.Composited, s_good with { IsScaled = true }),
        ("other-device", Verdict.Composited, s_good with { Exporter = "amdgpu", Host = Host(HostFamily.Wlroots, "i915") }),
        ("format-not-for-scanout", Verdict.Composited, s_good with { IsInScanoutTranche = false }),
        ("plane-format", Verdict.Composited, s_good with { Format = Fourcc.Xrgb2101010, Host = s_sway with { Planes = s_planes } }),
        ("color-model", Verdict.Composited, s_good with { Color = new(ColorMatrix.Bt601), Host = Host(HostFamily.Mutter) }),
        ("yuv-kwin", Verdict.Unknown, s_good with { Color = new(ColorMatrix.Bt709), Host = Host(HostFamily.Kwin) }),
        ("hdr-mutter", Verdict.Composited, s_good with { IsHdr = true, Host = Host(HostFamily.Mutter) with { Outputs = [Output("srgb")] } }),
        ("managed-colors", Verdict.Unknown, s_good with { Host = Host(HostFamily.Weston) with { Globals = s_managed } }),
        ("hdr", Verdict.Unknown, s_good with { IsHdr = true, Host = Host(HostFamily.Kwin) }),
        ("no-scanout-tranche", Verdict.Composited, s_good with { HasScanoutTranche = false, IsInScanoutTranche = null, Kind = WpPresentationFeedbackKind.Vsync }),
        ("scaler", Verdict.Unknown, s_good with { IsScaled = true, Host = Host(HostFamily.Wlroots, "i915") }),
        ("direct-scanout-setting", Verdict.Unknown, s_good with { Host = Host(HostFamily.Hyprland) }),
    ];

    [Fact]
    public void Each_rule_can_decide_and_says_why_and_what_to_change()
    {
        foreach (var (rule, verdict, facts) in s_bad)
        {
            var judged = Rules.Judge(facts);
            Assert.Equal((rule, verdict), (judged.Rule?.Name, judged.Verdict));
            Assert.NotEmpty(judged.Why);
            Assert.EndsWith(".", judged.Change);
        }
        Assert.Equal(Rules.Table.Select(rule => rule.Name).Order(), s_bad.Select(bad => bad.Rule).Distinct().Order());
    }

    [Theory]
    [InlineData("XR24", PlaneKind.Primary, null)]
    [InlineData("AR24", PlaneKind.Primary, null)]
    [InlineData("AB24", PlaneKind.Primary, "plane-format")]
    [InlineData("NV12", PlaneKind.Primary, "plane-format")]
    [InlineData("AB24", PlaneKind.Cursor, null)]
    public void An_image_is_scanned_out_in_a_format_of_the_planes_or_in_its_opaque_one(string format, PlaneKind plane, string? rule)
    {
        var host = Host(HostFamily.Weston) with { Planes = new(1, 1, 1, HasZpos: true) { Formats = s_planes.Formats } };
        var facts = s_good with { Host = host, Format = new(HostFormat.Code(format)), Plane = plane };
        Assert.Equal(rule, Rules.Judge(facts).Rule?.Name);
    }

    /// <summary>mutter's rule needs to know that no output is HDR.</summary>
    [Theory]
    [InlineData("srgb", "hdr-mutter")]
    [InlineData("st2084pq", "hdr")]
    [InlineData(null, "hdr")]
    public void Whether_an_HDR_image_is_converted_depends_on_the_outputs(string? curve, string rule)
    {
        var host = Host(HostFamily.Mutter) with { Outputs = [Output("srgb"), Output(curve)] };
        Assert.Equal(rule, Rules.Judge(s_good with { IsHdr = true, Host = host }).Rule?.Name);
        Assert.Equal("hdr", Rules.Judge(s_good with { IsHdr = true, Host = host with { Outputs = [] } }).Rule?.Name);
    }

    [Theory]
    [InlineData(nameof(HostFamily.Hyprland))]
    [InlineData(nameof(HostFamily.Phoc))]
    [InlineData(nameof(HostFamily.Wayfire))]
    [InlineData(nameof(HostFamily.Other))]
    public void Of_a_compositor_that_no_rule_knows_the_verdict_is_unknown(string family) =>
        Assert.Equal(Verdict.Unknown, Rules.Judge(s_good with { Host = Host(Enum.Parse<HostFamily>(family)) }).Verdict);

    [Theory]
    [InlineData("bt709-left", nameof(HostFamily.Mutter))]
    [InlineData("bt601-full", nameof(HostFamily.Weston))]
    [InlineData("bt2020-full", nameof(HostFamily.Kwin))]
    public void Colours_that_the_compositor_tells_its_display_are_scanned_out(string model, string family) => Assert.Equal(
        Verdict.Scanout, Rules.Judge(s_good with { Color = ColorModel.Parse(model), Host = Host(Enum.Parse<HostFamily>(family)) }).Verdict);

    /// <summary>
    /// Hyprland sends that tranche to a window's own surface, not to the plane on it, and scans the plane out all the same
    /// (tests/rig).
    /// </summary>
    [Theory]
    [InlineData(nameof(HostFamily.Hyprland))]
    [InlineData(nameof(HostFamily.Phoc))]
    [InlineData(nameof(HostFamily.Wayfire))]
    [InlineData(nameof(HostFamily.Other))]
    public void A_missing_scanout_tranche_says_nothing_of_a_compositor_that_no_rule_knows(string family)
    {
        var facts = s_good with { HasScanoutTranche = false, IsInScanoutTranche = null, Kind = WpPresentationFeedbackKind.Vsync };
        Assert.Equal(Verdict.Unknown, Rules.Judge(facts with { Host = Host(Enum.Parse<HostFamily>(family)) }).Verdict);
    }

    [Fact]
    public void Hyprland_scans_out_only_an_image_of_the_displays_size()
    {
        var hyprland = s_good with { Host = Host(HostFamily.Hyprland, "i915") };
        Assert.Equal("letterbox", Rules.Judge(hyprland with { IsLetterboxed = true }).Rule?.Name);
        Assert.Equal("crop", Rules.Judge(hyprland with { IsCropped = true }).Rule?.Name);
        Assert.Equal("scale", Rules.Judge(hyprland with { IsScaled = true }).Rule?.Name);
    }

    [Theory]
    [InlineData(1024, 768, 1, true)]
    [InlineData(1025, 768, 1, false)]
    [InlineData(1025, 768, 2, true)]
    [InlineData(1023, 769, 2, true)]
    [InlineData(1026, 768, 2, false)]
    [InlineData(1024, 700, 2, false)]
    public void A_window_of_whole_logical_pixels_fills_an_output(int width, int height, int scale, bool fills) =>
        Assert.Equal(fills, new OutputFacts(1024, 768, 60000, scale).IsFilledBy((width, height)));

    [Fact]
    public void Where_no_rule_is_against_it_it_is_scanned_out() => Assert.Equal(Verdict.Scanout, Rules.Judge(s_good).Verdict);

    [Fact]
    public void Compositors_with_planes_to_spare_scan_a_cursor_surface_and_a_letterbox_out()
    {
        var weston = s_good with { Host = Host(HostFamily.Weston), Cursor = CursorPlace.Subsurface, IsLetterboxed = true };
        Assert.Equal(Verdict.Scanout, Rules.Judge(weston).Verdict);
        Assert.Equal("cursor-surface", Rules.Judge(weston with { Host = Host(HostFamily.Weston, "bochs") }).Rule?.Name);
        Assert.Equal(Verdict.Scanout, Rules.Judge(s_good with { IsLetterboxed = true }).Verdict);
    }

    /// <summary>Measured on vkms by configfs: weston puts no dma-buf on a cursor plane (tests/rig).</summary>
    [Theory]
    [InlineData(1, 0, 0, true)]
    [InlineData(1, 1, 0, true)]
    [InlineData(2, 2, 0, true)]
    [InlineData(1, 0, 1, false)]
    [InlineData(1, 1, 8, false)]
    public void Weston_has_a_plane_to_spare_where_the_card_has_an_overlay(int primary, int cursor, int overlay, bool isDrawn)
    {
        var weston = s_good with { Host = Host(HostFamily.Weston) with { Planes = new(primary, cursor, overlay) } };
        AssertDrawn("cursor-surface", weston with { Cursor = CursorPlace.Subsurface });
        AssertDrawn("overlay-surface", weston with { HasOverlay = true });
        AssertDrawn("cursor-plane", weston with { Plane = PlaneKind.Cursor, Cursor = CursorPlace.Subsurface });
        AssertDrawn("overlay-plane", weston with { Plane = PlaneKind.Overlay });
        Assert.Equal(Verdict.Scanout, Rules.Judge(weston with { IsLetterboxed = true }).Verdict);

        void AssertDrawn(string rule, PlaneFacts facts) => Assert.Equal(isDrawn ? rule : null, Rules.Judge(facts).Rule?.Name);
    }

    /// <summary>weston begins at the top. Without zpos it does not put one overlay plane over another (vkms, tests/rig).</summary>
    [Theory]
    [InlineData(1, false, "cursor-surface", "overlay-plane")]
    [InlineData(8, false, "cursor-surface", "overlay-plane")]
    [InlineData(1, true, "cursor-surface", "overlay-plane")]
    [InlineData(2, true, null, null)]
    public void Weston_needs_a_plane_for_each_that_is_above(int overlays, bool hasZpos, string? primary, string? overlay)
    {
        var both = s_good with { Host = Host(HostFamily.Weston) with { Planes = new(1, 1, overlays, hasZpos) }, Cursor = CursorPlace.Subsurface };
        Assert.Equal(primary, Rules.Judge(both with { HasOverlay = true }).Rule?.Name);
        Assert.Equal(overlay, Rules.Judge(both with { Plane = PlaneKind.Overlay }).Rule?.Name);
        Assert.Null(Rules.Judge(both with { Plane = PlaneKind.Cursor }).Rule);
    }

    /// <summary>Two overlays in all, one for each of two displays.</summary>
    [Fact]
    public void A_plane_of_another_display_is_none_to_spare()
    {
        var host = Host(HostFamily.Weston) with { Planes = new(2, 2, 2, HasZpos: true) { OverlayOfEach = 1 } };
        var both = s_good with { Host = host, Cursor = CursorPlace.Subsurface, HasOverlay = true };
        Assert.Equal("cursor-surface", Rules.Judge(both).Rule?.Name);
        Assert.Null(Rules.Judge(both with { HasOverlay = false }).Rule);
    }

    [Fact]
    public void A_cursor_that_is_no_plane_is_not_drawn_into_the_picture() => Assert.Null(Rules.Judge(s_good with
    {
        Host = Host(HostFamily.Wlroots, "radeon") with { Planes = new(1, 0, 0) },
        Exporter = "radeon",
        Cursor = CursorPlace.Pointer,
    }).Rule);

    [Theory]
    [InlineData("bochs", true)]
    [InlineData("mgag200", true)]
    [InlineData("virtio_gpu", true)]
    [InlineData("ast", true)]
    [InlineData("vkms", false)]
    [InlineData("amdgpu", false)]
    public void Of_a_card_that_does_not_tell_its_planes_the_driver_decides(string driver, bool isDrawn)
    {
        var weston = s_good with { Host = Host(HostFamily.Weston, driver), Exporter = null, Cursor = CursorPlace.Subsurface };
        Assert.Equal(isDrawn ? "cursor-surface" : null, Rules.Judge(weston).Rule?.Name);
        var asked = weston with { Host = weston.Host with { Planes = new(1, 1, isDrawn ? 1 : 0) } };
        Assert.Equal(isDrawn ? null : "cursor-surface", Rules.Judge(asked).Rule?.Name);
    }

    [Theory]
    [InlineData(nameof(HostFamily.Wlroots), 0, true)]
    [InlineData(nameof(HostFamily.Weston), 0, true)]
    [InlineData(nameof(HostFamily.Kwin), 0, true)]
    [InlineData(nameof(HostFamily.Wlroots), 1, false)]
    [InlineData(nameof(HostFamily.Weston), 1, false)]
    [InlineData(nameof(HostFamily.Kwin), 1, false)]
    public void A_pointer_image_is_drawn_where_the_card_has_no_cursor_plane(string family, int cursors, bool isDrawn)
    {
        var host = Host(Enum.Parse<HostFamily>(family)) with { Planes = new(1, cursors, 0) };
        Assert.Equal(isDrawn ? "software-cursor" : null, Rules.Judge(s_good with { Host = host, Cursor = CursorPlace.Pointer }).Rule?.Name);
    }

    [Fact]
    public void What_else_applies_is_reported_too() =>
        Assert.Contains(Rules.Judge(s_good with { IsTurned = true, IsScaled = true }).Also, rule => rule.Name == "scale");

    /// <summary>Before 0.18 the file's number is the ABI's: Debian 12 has sway 1.7 on libwlroots.so.10.</summary>
    [Theory]
    [InlineData("sway (wlroots 10)", "0.15", true)]
    [InlineData("sway (wlroots 12)", "0.17", true)]
    [InlineData("sway (wlroots 0.18)", "0.18", false)]
    [InlineData("sway (wlroots 0.20)", "0.20", false)]
    [InlineData("sway", null, false)]
    [InlineData("phoc (wlroots 0.19)", "0.19", true)]
    [InlineData("phoc", null, true)]
    [InlineData("weston (weston 16)", "16.0", false)]
    [InlineData("kwin_wayland (kwin 6.7.4)", "6.7.4", false)]
    [InlineData("niri", null, false)]
    public void A_compositor_has_a_version_and_may_scan_out_only_windows_of_one_surface(string name, string? version, bool counts)
    {
        Assert.Equal(version, HostFamilies.VersionOf(name)?.ToString());
        Assert.Equal(counts, HostFamilies.Of(name).CountsSurfaces(HostFamilies.VersionOf(name)));
    }

    [Theory]
    [InlineData("sway (wlroots 0.20)", nameof(HostFamily.Wlroots))]
    [InlineData("weston (weston 16)", nameof(HostFamily.Weston))]
    [InlineData("kwin_wayland (kwin 6.7.4)", nameof(HostFamily.Kwin))]
    [InlineData("gnome-shell (mutter 18)", nameof(HostFamily.Mutter))]
    [InlineData("gamescope-wl", nameof(HostFamily.Gamescope))]
    [InlineData("phoc (wlroots 0.19)", nameof(HostFamily.Phoc))]
    [InlineData("wayfire (wlroots 0.19)", nameof(HostFamily.Wayfire))]
    [InlineData("Hyprland", nameof(HostFamily.Hyprland))]
    [InlineData("niri", nameof(HostFamily.Other))]
    public void A_compositor_is_of_a_family(string name, string family) => Assert.Equal(family, HostFamilies.Of(name).ToString());
}
