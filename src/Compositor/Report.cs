using System.Text.Json;
using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>The costs of a run, measured from the end of the warm-up on.</summary>
internal readonly record struct RunCost(double ManagedBytesPerFlip, long CpuNsPerFlip, int LiveFds, int PeakFds);

/// <summary>What a run came to: as JSON (doc/report.md documents each field) and as a few lines for people.</summary>
internal sealed class Report(IGuest guest, string host, IReadOnlyList<Screen> screens, RunCost cost)
{
    public void WriteJson(Stream file)
    {
        using var json = new Utf8JsonWriter(file);
        json.WriteStartObject();
        json.WriteNumber("version", 1);
        json.WriteString("program", Program.Name);
        json.WriteString("source", guest.Source);
        json.WriteString("host", host);
        json.WriteStartArray("heads");
        foreach (var screen in screens)
            WriteHead(json, screen);
        json.WriteEndArray();
        json.WriteNumber("dmaBufs", guest.DmaBufs);
        json.WriteNumber("managedBytesPerFlip", Math.Round(cost.ManagedBytesPerFlip, 2));
        json.WriteNumber("cpuNsPerFlip", cost.CpuNsPerFlip);
        json.WriteStartObject("fds");
        json.WriteNumber("live", cost.LiveFds);
        json.WriteNumber("peak", cost.PeakFds);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>One line per head, and one on the cost.</summary>
    public IEnumerable<string> Lines()
    {
        foreach (var screen in screens)
        {
            var (stats, shown) = (screen.Primary.Stats, screen.Presentation);
            yield return $"head {screen.Head.Name}: {Describe(screen.Primary)}; {stats.Flips} flips, {stats.Committed} committed, "
                + $"{shown.Presented} presented ({shown.ZeroCopy} zero-copy), {shown.Discarded} discarded, {stats.Coalesced} coalesced, {screen.Primary.Imports} imports";
            yield return $"head {screen.Head.Name}: flip to commit {Milliseconds(stats.FlipToCommit)}; commit to presented {Milliseconds(shown.CommitToPresented)}";
        }
        yield return $"{cost.ManagedBytesPerFlip:0.##} managed bytes and {cost.CpuNsPerFlip / 1000} µs of CPU per flip; {cost.LiveFds} fds now, {cost.PeakFds} at most";
    }

    private static string Describe(PlaneSurface plane)
    {
        if (plane.Step is not { } step)
            return "nothing shown";
        return $"{step.Transport.Spelled()} {step.Format} {plane.LastScanout?.Layout.Modifier} {plane.LastScanout?.Width}x{plane.LastScanout?.Height}{(step.Reason is null ? "" : $" ({step.Reason})")}";
    }

    private static void WriteHead(Utf8JsonWriter json, Screen screen)
    {
        var (primary, shown) = (screen.Primary, screen.Presentation);
        json.WriteStartObject();
        json.WriteString("name", screen.Head.Name);
        WritePlane(json, primary);
        json.WriteString("frame", screen.Frame.ToString().ToLowerInvariant());
        json.WriteString("sync", primary.Sync is null ? "implicit" : "explicit");
        json.WriteNumber("awaited", primary.Sync?.Awaited ?? 0);
        json.WriteNumber("width", primary.LastScanout?.Width ?? 0);
        json.WriteNumber("height", primary.LastScanout?.Height ?? 0);
        json.WriteNumber("flips", primary.Stats.Flips);
        json.WriteNumber("committed", primary.Stats.Committed);
        json.WriteNumber("repeated", primary.Stats.Repeated);
        json.WriteNumber("presented", shown.Presented);
        json.WriteNumber("discarded", shown.Discarded);
        json.WriteNumber("missed", shown.Missed);
        json.WriteNumber("coalesced", primary.Stats.Coalesced);
        json.WriteNumber("zeroCopy", shown.ZeroCopy);
        json.WriteNumber("imports", primary.Imports);
        json.WriteNumber("copiedBytes", primary.CopiedBytes + screen.Head.CopiedBytes);
        WriteBoolean(json, "scanoutFormat", screen.IsScanoutFormat);
        WriteLatency(json, "flipToCommitNs", primary.Stats.FlipToCommit);
        WriteLatency(json, "commitToPresentedNs", shown.CommitToPresented);
        WriteLatency(json, "flipToPresentedNs", shown.FlipToPresented);
        WriteCursor(json, screen);
        json.WriteEndObject();
    }

    private static void WriteCursor(Utf8JsonWriter json, Screen screen)
    {
        if (screen.Cursor.Plane is not { } cursor)
        {
            json.WriteNull("cursor");
            return;
        }
        json.WriteStartObject("cursor");
        WritePlane(json, cursor);
        json.WriteNumber("committed", cursor.Stats.Committed);
        json.WriteNumber("moves", screen.Cursor.Moves);
        json.WriteNumber("imports", cursor.Imports);
        json.WriteEndObject();
    }

    private static void WritePlane(Utf8JsonWriter json, PlaneSurface plane)
    {
        json.WriteString("transport", plane.Step?.Transport.Spelled());
        json.WriteString("reason", plane.Step?.Reason);
        json.WriteString("format", plane.Step?.Format.ToString());
        json.WriteString("modifier", plane.LastScanout?.Layout.Modifier.ToString());
    }

    private static void WriteBoolean(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
            json.WriteBoolean(name, known);
        else
            json.WriteNull(name);
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, Histogram latency)
    {
        json.WriteStartObject(name);
        json.WriteNumber("p50", latency.Percentile(50));
        json.WriteNumber("p95", latency.Percentile(95));
        json.WriteNumber("p99", latency.Percentile(99));
        json.WriteEndObject();
    }

    private static string Milliseconds(Histogram latency) =>
        $"p50 {latency.Percentile(50) / 1e6:0.0}, p95 {latency.Percentile(95) / 1e6:0.0}, p99 {latency.Percentile(99) / 1e6:0.0} ms";
}
