namespace Guestplane.Compositor;

/// <summary>The code base of a compositor. Each has its own rules for scanout.</summary>
internal enum HostFamily
{
    Other,
    Wlroots,
    Weston,
    Mutter,
    Kwin,
    Gamescope,
    Hyprland,
    Wayfire,
    Phoc,
}

/// <summary>What is known of families in general.</summary>
internal static class HostFamilies
{
    /// <summary>Words of <see cref="Host.Name"/>. The first that it has counts: wayfire and phoc are built on wlroots.</summary>
    private static readonly (string Word, HostFamily Family)[] s_names =
    [
        ("phoc", HostFamily.Phoc), ("wayfire", HostFamily.Wayfire), ("Hyprland", HostFamily.Hyprland),
        ("gamescope", HostFamily.Gamescope), ("wlroots", HostFamily.Wlroots), ("sway", HostFamily.Wlroots),
        ("cage", HostFamily.Wlroots), ("labwc", HostFamily.Wlroots), ("weston", HostFamily.Weston),
        ("mutter", HostFamily.Mutter), ("gnome-shell", HostFamily.Mutter), ("kwin", HostFamily.Kwin),
    ];

    /// <summary>Where sway began to use wlroots' scene graph.</summary>
    private static readonly Version s_sceneGraph = new(0, 18);

    /// <summary>The family of a compositor with that <see cref="Host.Name"/>: "sway (wlroots 0.20)".</summary>
    public static HostFamily Of(string name) =>
        s_names.FirstOrDefault(known => name.Contains(known.Word, StringComparison.OrdinalIgnoreCase)).Family;

    /// <summary>
    /// True if wp_presentation's zero_copy flag can be trusted. KWin and Hyprland never set it; gamescope, phoc and wayfire set
    /// it for every frame, wl_shm too (measured on Debian forky).
    /// </summary>
    public static bool TellsZeroCopy(this HostFamily family) => family
        is not (HostFamily.Kwin or HostFamily.Hyprland or HostFamily.Gamescope or HostFamily.Phoc or HostFamily.Wayfire);

    /// <summary>
    /// True if compositors of this family scan out only windows of a single surface: phoc 0.58 (src/output.c), and sway before
    /// 1.10, which is built on wlroots before 0.18 (sway/desktop/output.c, scan_out_fullscreen_view). Others that count surfaces
    /// leave those out that cannot be seen.
    /// </summary>
    /// <param name="family">The family.</param>
    /// <param name="version">Of the library that the compositor is built on; null if unknown.</param>
    public static bool CountsSurfaces(this HostFamily family, Version? version) =>
        family == HostFamily.Phoc || (family == HostFamily.Wlroots && version is not null && version < s_sceneGraph);

    /// <summary>
    /// The version of the library in a <see cref="Host.Name"/>; null if it has none. Before 0.18 the file's number is that of the
    /// ABI: libwlroots.so.10 is 0.15, and each release had the next one.
    /// </summary>
    public static Version? VersionOf(string name)
    {
        const int AbiAhead = 5;
        var number = name.TrimEnd(')').Split(' ')[^1];
        if (Version.TryParse(number, out var version))
            return version;
        return !int.TryParse(number, out var major) ? null
            : name.Contains("wlroots", StringComparison.Ordinal) ? new(0, major + AbiAhead) : new(major, 0);
    }

    /// <summary>True if <c>Rules</c> knows when compositors of this family scan out.</summary>
    public static bool IsKnown(this HostFamily family) =>
        family is HostFamily.Wlroots or HostFamily.Weston or HostFamily.Mutter or HostFamily.Kwin;
}
