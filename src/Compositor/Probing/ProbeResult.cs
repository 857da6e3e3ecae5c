using Guestplane.Linux.Drm;

namespace Guestplane.Compositor.Probing;

/// <summary>A tranche of linux-dmabuf feedback.</summary>
/// <param name="Scanout">True if its buffers may be scanned out.</param>
/// <param name="Sampling">True if the compositor draws from them on that device. Null before version 6: there is no flag.</param>
/// <param name="Device">The device's node. Null if unknown.</param>
/// <param name="Driver">The device's kernel driver. Null if unknown.</param>
/// <param name="Formats">The modifiers of each format.</param>
/// <param name="DeviceNumber">The device's dev_t; 0 if the compositor did not send it.</param>
internal sealed record TrancheResult(
    bool Scanout, bool? Sampling, string? Device, string? Driver, SortedDictionary<string, List<string>> Formats,
    ulong DeviceNumber) : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
    [
        ("scanout", Scanout), ("sampling", Sampling), ("device", Device), ("driver", Driver),
        ("formats", new JsonMap(Formats.Select(format => (format.Key, (object?)format.Value)))),
    ];

    /// <summary>What the compositor does with its buffers. A tranche without a flag says nothing of that.</summary>
    public string UseText => (Scanout, Sampling) switch
    {
        (true, true) => "Scans out and samples",
        (true, _) => "Scans out",
        (_, false) => "Accepts",
        _ => "Samples",
    };

    public string DeviceText => DeviceNumber == 0 ? "device not reported"
        : Device is null ? $"device 0x{DeviceNumber:x}" : $"{Device}, {Driver ?? "driver unknown"}";

    public static TrancheResult Of(Tranche tranche)
    {
        var formats = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var (format, modifier) in tranche.Formats.OrderBy(listed => listed.Modifier.Value))
        {
            if (!formats.TryGetValue(format.ToString(), out var modifiers))
                formats.Add(format.ToString(), modifiers = []);
            modifiers.Add(modifier.ToString());
        }
        var card = DrmCard.Find(tranche.Device);
        return new(tranche.Scanout, tranche.Sampling, card?.Node, card?.Driver, formats, tranche.Device);
    }
}

/// <summary>The result of a probe: JSON for machines (doc/probe.md), lines of at most 80 columns for people.</summary>
/// <param name="Program">Name and version of the program.</param>
/// <param name="Tranches">Best first; those of the guest's window if one was shown.</param>
/// <param name="Source">The guest. Null if none was shown.</param>
internal sealed record ProbeResult(
    string Program, HostFacts Host, IReadOnlyList<TrancheResult> Tranches, string? Source, IReadOnlyList<ProbedPlane> Planes)
    : IJsonObject
{
    private const int Columns = 80;
    private const double MilliHz = 1000;

    public IEnumerable<(string Name, object? Value)> Fields =>
        [("version", 1), ("program", Program), ("host", Host), ("tranches", Tranches), ("source", Source), ("planes", Planes)];

    /// <summary>The present facts about the compositor, and the planes of the guest's heads (none without a guest).</summary>
    /// <param name="program">Its name and version.</param>
    /// <param name="host">The compositor.</param>
    /// <param name="colors">Of its outputs.</param>
    /// <param name="source">The guest's.</param>
    /// <param name="watches">Of its heads.</param>
    /// <param name="options">Null without a guest.</param>
    public static ProbeResult Of(string program, Host host, IReadOnlyDictionary<Output, OutputColor> colors, string? source,
        IReadOnlyList<Watch> watches, ShowOptions? options)
    {
        var facts = HostFacts.Of(host, colors);
        var tranches = watches.Select(watch => watch.Screen.Feedback?.Tranches).FirstOrDefault(sent => sent is { Count: > 0 })
            ?? host.Feedback.Tranches;
        return new(program, facts, [.. tranches.Select(TrancheResult.Of)], source,
            [.. watches.SelectMany(watch => ProbedPlane.Of(facts, Results.Of(watch.Screen), watch, options!))]);
    }

    public IEnumerable<string> Lines() =>
        HostLines().Concat(TrancheLines()).Concat(Planes.SelectMany(PlaneLines)).SelectMany(Wrap);

    private IEnumerable<string> HostLines()
    {
        yield return $"Compositor: {Host.Name}; " + Host.HasDisplay switch
        {
            true => $"shows on a card of its own ({Host.Driver})",
            false => "has no display of its own",
            null => "its display cannot be seen from here",
        };
        if (Host.Planes is { } planes)
            yield return $"  hardware planes: {planes.Primary} primary, {Number(planes.Cursor)} cursor, "
                + $"{Number(planes.Overlay)} overlay" + (planes is { Overlay: > 1, HasZpos: false } ? " (without zpos)" : "");
        foreach (var output in Host.Outputs)
            yield return $"  output {output.Width}x{output.Height} at {output.RefreshMilliHz / MilliHz:0.##} Hz, "
                + $"scale {output.Scale}" + (output.Color is { } color ? $"; {color}" : "");
        yield return "  globals (bound/offered): " + string.Join(", ", Host.Globals.Select(global =>
            global.Value.Offered == 0 ? $"no {global.Key}" : $"{global.Key} {global.Value.Bound}/{global.Value.Offered}"));
        if (Host.DmabufVersion == 3)
            yield return "  linux-dmabuf is version 3: it lists what is sampled, and not what is scanned out.";
    }

    private static string Number(int count) => count == 0 ? "no" : $"{count}";

    private IEnumerable<string> TrancheLines()
    {
        foreach (var tranche in Tranches)
        {
            yield return $"{tranche.UseText} ({tranche.DeviceText}):";
            // Formats with the same modifiers go on one line.
            foreach (var group in tranche.Formats.GroupBy(format => string.Join(", ", format.Value)))
                yield return $"  {string.Join(' ', group.Select(format => format.Key))}: {group.Key}";
        }
    }

    private IEnumerable<string> PlaneLines(ProbedPlane plane)
    {
        yield return "";
        yield return $"Head {plane.Head}, {plane.Plane} plane: " + (plane.Format is null ? "shows nothing"
            : $"{plane.Format} {plane.Modifier} {plane.Width}x{plane.Height}, {plane.Memory}"
                + (plane.Exporter is null ? "" : $" of {plane.Exporter}"));
        yield return $"  verdict: {plane.Verdict}{(plane.Rule is null ? "" : $", by the rule {plane.Rule}")}";
        yield return $"  why:     {plane.Why}";
        yield return $"  change:  {plane.Change}";
        if (plane.Also.Any())
            yield return $"  also:    {string.Join(", ", plane.Also)}";
        if (plane.Observation is not null)
            yield return $"  seen:    {plane.Seen ?? "not reported"}: {Frames(plane)}"
                + (plane.Witness is { } kernel ? $"; the kernel says {kernel}" : "");
        if (plane.Observation?.Color is { } color)
            yield return $"  colours: {color.Sentence}";
        if (plane.Facts.IsHdr)
            yield return "  HDR:     the compositor was told";
    }

    private string Frames(ProbedPlane plane) => plane.Presented == 0 ? "the compositor reported no frame as presented"
        : Host.Family.TellsZeroCopy() ? $"{plane.ZeroCopy} of {plane.Presented} frames by zero copy"
        : $"{plane.Presented} frames; this compositor does not report which were zero-copy";

    /// <summary>Breaks a line at blanks. Further lines are indented four columns more.</summary>
    internal static IEnumerable<string> Wrap(string line)
    {
        var indent = new string(' ', line.Length - line.TrimStart().Length + 4);
        while (line.Length > Columns)
        {
            var at = line.LastIndexOf(' ', Columns);
            if (at <= indent.Length)
                break;
            yield return line[..at];
            line = indent + line[(at + 1)..];
        }
        yield return line;
    }
}
