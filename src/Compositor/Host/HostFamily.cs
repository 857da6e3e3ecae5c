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

    /// <summary>The family of a compositor with that <see cref="Host.Name"/>: "sway (wlroots 0.20)".</summary>
    public static HostFamily Of(string name) =>
        s_names.FirstOrDefault(known => name.Contains(known.Word, StringComparison.OrdinalIgnoreCase)).Family;

    /// <summary>
    /// True if wp_presentation's zero_copy flag can be trusted. KWin and Hyprland never set it; gamescope, phoc and wayfire set
    /// it for every frame, wl_shm too (measured on Debian forky).
    /// </summary>
    public static bool TellsZeroCopy(this HostFamily family) => family
        is not (HostFamily.Kwin or HostFamily.Hyprland or HostFamily.Gamescope or HostFamily.Phoc or HostFamily.Wayfire);

    /// <summary>True if <c>Rules</c> knows when compositors of this family scan out.</summary>
    public static bool IsKnown(this HostFamily family) =>
        family is HostFamily.Wlroots or HostFamily.Weston or HostFamily.Mutter or HostFamily.Kwin;
}
