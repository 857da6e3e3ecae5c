using Guestplane.Gvt;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>An output of the compositor. The size is as it is seen, in device pixels.</summary>
/// <param name="Scale">Device pixels per logical pixel, rounded up.</param>
/// <param name="IsTurned">True if it has a transform: the compositor turns or flips what it shows.</param>
internal sealed record OutputFacts(int Width, int Height, int RefreshMilliHz, int Scale, bool IsTurned = false) : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("width", Width), ("height", Height), ("refreshMilliHz", RefreshMilliHz), ("scale", Scale), ("turned", IsTurned),
        ("color", Color),
    ];

    /// <summary>Null if the compositor does not say it, or was not asked.</summary>
    public OutputColor? Color { get; init; }

    /// <summary>
    /// True if a window of that size fills it. A full-screen window has whole logical pixels, so that it may be off by half of
    /// one: 1024 device pixels are 683 logical ones by 1.5, which are 1025.
    /// </summary>
    public bool IsFilledBy((int Width, int Height) window) =>
        2 * Math.Abs(window.Width - Width) <= Rounding && 2 * Math.Abs(window.Height - Height) <= Rounding;

    /// <summary>Twice the largest difference, in device pixels; none without a scale.</summary>
    private int Rounding => Scale > 1 ? Scale : 0;
}

/// <summary>A Wayland global: the version that the compositor offers (0: none), and the bound one (0: not bound).</summary>
internal sealed record GlobalFacts(uint Offered, uint Bound) : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields => [("offered", Offered), ("bound", Bound)];
}

/// <summary>The facts about a compositor that the rules need; <c>host</c> in the probe's JSON (doc/probe.md).</summary>
internal sealed record HostFacts : IJsonObject
{
    private const string Dmabuf = "zwp_linux_dmabuf_v1";

    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("name", Name), ("family", Family.Spelled()), ("driver", Driver), ("display", HasDisplay),
        ("planes", PlaneFields), ("tellsZeroCopy", Family.TellsZeroCopy()), ("outputs", Outputs),
        ("globals", new JsonMap(Globals.Select(global => (global.Key, (object?)global.Value)))),
    ];

    public required string Name { get; init; }

    public HostFamily Family { get; init; }

    public string FamilyName => Family.Spelled();

    /// <summary>Version of the library that the compositor is built on. Null if unknown.</summary>
    public Version? Version { get; init; }

    /// <summary>The offered version of zwp_linux_dmabuf_v1; 0: none.</summary>
    public uint DmabufVersion { get; init; }

    /// <summary>The kernel driver of the card that it shows on, or else renders with. Null if unknown.</summary>
    public string? Driver { get; init; }

    /// <summary>The hardware planes of the card that it shows on. Null if that card cannot be asked.</summary>
    public DrmPlanes? Planes { get; init; }

    /// <summary>True if it has a display of its own. Null if that cannot be determined.</summary>
    public bool? HasDisplay { get; init; }

    public IReadOnlyList<OutputFacts> Outputs { get; init; } = [];

    /// <summary>True if it says of all its outputs that they are not HDR.</summary>
    public bool IsSdr => Outputs.Count > 0 && Outputs.All(output => output.Color is { Curve: not null, IsPq: false });

    public IReadOnlyDictionary<string, GlobalFacts> Globals { get; init; } = new Dictionary<string, GlobalFacts>();

    /// <summary>True if it has wp_color_manager_v1.</summary>
    public bool ManagesColors => Globals.GetValueOrDefault("wp_color_manager_v1") is { Offered: > 0 };

    /// <summary>The formats that it imports for any surface, with their modifiers.</summary>
    public IReadOnlySet<(Fourcc Format, Modifier Modifier)> Listed { get; init; } = new HashSet<(Fourcc, Modifier)>();

    /// <param name="host">The compositor.</param>
    /// <param name="colors">Of its outputs, as far as they are known.</param>
    public static HostFacts Of(Host host, IReadOnlyDictionary<Output, OutputColor>? colors = null)
    {
        var cards = host.ProcessId is { } process ? DrmCard.OpenedBy(process) : null;
        var card = cards is [var first, ..] ? first : null;
        var display = card is null ? null : DrmDisplay.Of(host.ProcessId!.Value, card.Node);
        var globals = host.Globals.Versions.ToDictionary(
            global => global.Interface, global => new GlobalFacts(global.Offered, global.Bound));
        return new()
        {
            Name = host.Name,
            Family = host.Family,
            Version = host.Version,
            DmabufVersion = globals[Dmabuf].Offered,
            HasDisplay = cards is null ? null : cards.Count > 0,
            // sysfs names a device that has no driver of its own after the device (vkms by configfs: "vkms-…").
            Driver = display?.Driver ?? card?.Driver ?? DriverOf(host.Feedback),
            Planes = display?.Planes,
            Outputs = [.. host.Globals.Outputs.Select(output =>
                new OutputFacts(output.Size.Width, output.Size.Height, output.RefreshMilliHz, output.Scale,
                    output.Transform != WlOutputTransform.Normal) { Color = colors?.GetValueOrDefault(output) })],
            Globals = globals,
            Listed = host.Feedback.Tranches.SelectMany(tranche => tranche.Formats).ToHashSet(),
        };
    }

    private static string? DriverOf(Feedback feedback) =>
        feedback.SamplingDevices.Select(device => DrmCard.Find(device)?.Driver).FirstOrDefault(driver => driver is not null);

    private JsonMap? PlaneFields => Planes is null ? null
        : new([("primary", Planes.Primary), ("cursor", Planes.Cursor), ("overlay", Planes.Overlay), ("zpos", Planes.HasZpos)]);
}
