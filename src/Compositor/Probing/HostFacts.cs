using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>What a host is built on: each has rules of its own for what it scans out.</summary>
internal enum HostFamily
{
    Other,
    Wlroots,
    Weston,
    Mutter,
    Kwin,
    Gamescope,
}

/// <summary>What the rules ask of a host.</summary>
internal sealed record HostFacts
{
    private static readonly (string Word, HostFamily Family)[] s_names =
    [
        ("wlroots", HostFamily.Wlroots), ("sway", HostFamily.Wlroots), ("cage", HostFamily.Wlroots), ("labwc", HostFamily.Wlroots),
        ("weston", HostFamily.Weston), ("mutter", HostFamily.Mutter), ("gnome-shell", HostFamily.Mutter), ("kwin", HostFamily.Kwin),
        ("gamescope", HostFamily.Gamescope),
    ];

    public required string Name { get; init; }

    public HostFamily Family { get; init; }

    /// <summary>Of the library that it is built on; null where that is not to be seen.</summary>
    public Version? Version { get; init; }

    /// <summary>zwp_linux_dmabuf_v1's version as offered; 0: none.</summary>
    public uint DmabufVersion { get; init; }

    /// <summary>The host has a display of its own; null: not to be seen from here.</summary>
    public bool? HasDisplay { get; init; }

    /// <summary>The kernel driver of the card that it shows on; null: unknown.</summary>
    public string? Driver { get; init; }

    /// <summary>It says by wp_presentation which frames were zero-copy, and means it.</summary>
    public bool TellsZeroCopy => Family is not HostFamily.Kwin and not HostFamily.Gamescope;

    public static HostFacts Of(Host host)
    {
        var cards = host.ProcessId is { } process ? DrmCard.OpenedBy(process) : null;
        var tranche = DrmCard.Find(host.Feedback.MainDevice);
        return new()
        {
            Name = host.Name,
            Family = FamilyOf(host.Name),
            Version = VersionOf(host.Name),
            DmabufVersion = host.Globals.Versions.First(version => version.Interface == "zwp_linux_dmabuf_v1").Offered,
            HasDisplay = cards is null ? null : cards.Count > 0,
            Driver = cards is [var card, ..] ? card.Driver : tranche?.Driver,
        };
    }

    /// <summary>By <see cref="Host.Name"/>: "sway (wlroots 0.20)".</summary>
    public static HostFamily FamilyOf(string name) =>
        s_names.FirstOrDefault(known => name.Contains(known.Word, StringComparison.OrdinalIgnoreCase)).Family;

    internal static Version? VersionOf(string name)
    {
        var number = name.TrimEnd(')').Split(' ')[^1];
        return Version.TryParse(number, out var version) ? version : int.TryParse(number, out var major) ? new Version(major, 0) : null;
    }
}
