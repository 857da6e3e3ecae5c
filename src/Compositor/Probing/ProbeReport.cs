using System.Text.Json;
using Guestplane.Gvt;
using Guestplane.Linux.Drm;

namespace Guestplane.Compositor.Probing;

/// <summary>What a probe found: lines for people, JSON for machines (doc/probe.md).</summary>
internal sealed class ProbeReport(Host host, string? source, IReadOnlyList<PlaneView> planes)
{
    private const int Columns = 80;
    private const double MilliHz = 1000;
    private readonly HostFacts _facts = HostFacts.Of(host);

    /// <summary>Best first. What was told of the guest's window says more than what is told of any.</summary>
    private readonly IReadOnlyList<Tranche> _tranches = planes.Select(plane => plane.Watch?.Screen.Feedback?.Tranches).FirstOrDefault(told => told is { Count: > 0 }) ?? host.Feedback.Tranches;

    public IEnumerable<string> Lines() => HostLines().Concat(TrancheLines()).Concat(planes.SelectMany(PlaneLines)).SelectMany(Wrap);

    private IEnumerable<string> HostLines()
    {
        yield return $"Host: {host.Name}; {_facts.HasDisplay switch { true => $"shows on a card of its own ({_facts.Driver})", false => "has no display of its own", null => "its display is not to be seen from here" }}";
        foreach (var output in host.Globals.Outputs)
            yield return $"  output {output.Mode.Width}x{output.Mode.Height} at {output.RefreshMilliHz / MilliHz:0.##} Hz, scale {output.Scale}";
        yield return "  globals (bound/offered): " + string.Join(", ", host.Globals.Versions.Select(v => v.Offered == 0 ? $"no {v.Interface}" : $"{v.Interface} {v.Bound}/{v.Offered}"));
        if (_facts.DmabufVersion == 3)
            yield return "  linux-dmabuf is version 3: it lists what is sampled, and does not tell what is scanned out.";
    }

    private IEnumerable<string> TrancheLines()
    {
        foreach (var tranche in _tranches)
        {
            yield return $"{(tranche.Scanout ? "Scans out" : "Samples")} ({Device(tranche.Device)}):";
            // Formats with the same modifiers on one line.
            foreach (var group in ByFormat(tranche).GroupBy(format => string.Join(", ", format.Value)))
                yield return $"  {string.Join(' ', group.Select(format => format.Key))}: {group.Key}";
        }
    }

    private static IEnumerable<string> PlaneLines(PlaneView plane)
    {
        yield return "";
        yield return $"Head {plane.Head}, {Spelled(plane.Plane)} plane: {(plane.Scanout is not { } s ? "shows nothing" : $"{s.Format} {s.Modifier} {s.Width}x{s.Height}, {s.Memory}{(s.Exporter is null ? "" : $" of {s.Exporter}")}")}";
        var verdict = plane.Predicted;
        yield return $"  verdict: {verdict.Verdict.Spelled()}{(verdict.Rule is null ? "" : $", by the rule {verdict.Rule.Name}")}";
        yield return $"  why:     {verdict.Why}";
        yield return $"  change:  {verdict.Change}";
        if (verdict.Also.Count > 0)
            yield return $"  also:    {string.Join(", ", verdict.Also.Select(rule => rule.Name))}";
        if (plane.Watch is { } watch)
            yield return $"  seen:    {Seen(plane, watch)}";
    }

    private static string Seen(PlaneView plane, Watch watch)
    {
        var shown = watch.Screen.Presentation;
        var told = plane.Facts.Host.TellsZeroCopy ? $"{shown.ZeroCopy} of {shown.Presented} frames by zero copy" : $"{shown.Presented} frames; this host does not tell which were zero-copy";
        return $"{plane.Seen?.Spelled() ?? "not told"}: {told}{(watch.Witnessed is { } kernel ? $"; the kernel says {kernel.Spelled()}" : "")}";
    }

    private static string Spelled(PlaneKind plane) => plane.ToString().ToLowerInvariant();

    private static string Device(ulong device) => device == 0 ? "device not told"
        : DrmCard.Find(device) is { } card ? $"{card.Node}, {card.Driver ?? "driver unknown"}" : $"device 0x{device:x}";

    private static SortedDictionary<string, List<string>> ByFormat(Tranche tranche)
    {
        var formats = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var (format, modifier) in tranche.Formats.OrderBy(listed => listed.Modifier.Value))
        {
            if (!formats.TryGetValue(format.ToString(), out var modifiers))
                formats.Add(format.ToString(), modifiers = []);
            modifiers.Add(modifier.ToString());
        }
        return formats;
    }

    /// <summary>At blanks, with what follows set in below the line's own text.</summary>
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

    public void WriteJson(Stream file)
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("version", 1);
        json.WriteString("program", Program.Name);
        WriteHost(json);
        json.WriteStartArray("tranches");
        foreach (var tranche in _tranches)
            WriteTranche(json, tranche);
        json.WriteEndArray();
        json.WriteString("source", source);
        json.WriteStartArray("planes");
        foreach (var plane in planes)
            WritePlane(json, plane);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteHost(Utf8JsonWriter json)
    {
        json.WriteStartObject("host");
        json.WriteString("name", host.Name);
        json.WriteString("family", _facts.Family.ToString().ToLowerInvariant());
        json.WriteString("driver", _facts.Driver);
        WriteBoolean(json, "display", _facts.HasDisplay);
        json.WriteBoolean("tellsZeroCopy", _facts.TellsZeroCopy);
        json.WriteStartArray("outputs");
        foreach (var output in host.Globals.Outputs)
        {
            json.WriteStartObject();
            json.WriteNumber("width", output.Mode.Width);
            json.WriteNumber("height", output.Mode.Height);
            json.WriteNumber("refreshMilliHz", output.RefreshMilliHz);
            json.WriteNumber("scale", output.Scale);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("globals");
        foreach (var (name, offered, bound) in host.Globals.Versions)
        {
            json.WriteStartObject(name);
            json.WriteNumber("offered", offered);
            json.WriteNumber("bound", bound);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTranche(Utf8JsonWriter json, Tranche tranche)
    {
        json.WriteStartObject();
        json.WriteBoolean("scanout", tranche.Scanout);
        json.WriteString("device", DrmCard.Find(tranche.Device)?.Node);
        json.WriteString("driver", DrmCard.Find(tranche.Device)?.Driver);
        json.WriteStartObject("formats");
        foreach (var (format, modifiers) in ByFormat(tranche))
        {
            json.WriteStartArray(format);
            foreach (var modifier in modifiers)
                json.WriteStringValue(modifier);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePlane(Utf8JsonWriter json, PlaneView plane)
    {
        json.WriteStartObject();
        json.WriteString("head", plane.Head);
        json.WriteString("plane", Spelled(plane.Plane));
        json.WriteString("format", plane.Scanout?.Format);
        json.WriteString("modifier", plane.Scanout?.Modifier);
        json.WriteNumber("width", plane.Scanout?.Width ?? 0);
        json.WriteNumber("height", plane.Scanout?.Height ?? 0);
        json.WriteString("memory", plane.Scanout?.Memory);
        json.WriteString("exporter", plane.Scanout?.Exporter);
        json.WriteString("transport", plane.Facts.Transport.Spelled());
        json.WriteString("verdict", plane.Predicted.Verdict.Spelled());
        json.WriteString("rule", plane.Predicted.Rule?.Name);
        json.WriteString("why", plane.Predicted.Why);
        json.WriteString("change", plane.Predicted.Change);
        json.WriteStartArray("also");
        foreach (var rule in plane.Predicted.Also)
            json.WriteStringValue(rule.Name);
        json.WriteEndArray();
        json.WriteString("seen", plane.Seen?.Spelled());
        json.WriteString("witness", plane.Watch?.Witnessed?.Spelled());
        json.WriteNumber("presented", plane.Watch?.Screen.Presentation.Presented ?? 0);
        json.WriteNumber("zeroCopy", plane.Watch?.Screen.Presentation.ZeroCopy ?? 0);
        json.WriteEndObject();
    }

    private static void WriteBoolean(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
            json.WriteBoolean(name, known);
        else
            json.WriteNull(name);
    }
}
