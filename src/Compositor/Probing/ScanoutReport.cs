using System.Text.Json;

namespace Guestplane.Compositor.Probing;

/// <summary>All cases of a run: the table for people, JSON (doc/scanout-test.md), JUnit's XML for CI.</summary>
internal sealed class ScanoutReport(Host host, double seconds, bool hasWitness, IReadOnlyList<CaseResult> results)
{
    private const double NsPerMs = 1e6;

    public string HostName => host.Name;

    public bool HasWitness => hasWitness;

    public IReadOnlyList<CaseResult> Results => results;

    public int Wrong => results.Count(result => result.IsWrong);

    /// <summary>What the host lists beside LINEAR: the pattern allocates memory of the CPU, which has no tiling.</summary>
    public IReadOnlyList<string> LeftOut { get; } = [.. host.Feedback.Tranches.SelectMany(tranche => tranche.Formats)
        .Where(listed => listed.Modifier != Gvt.Modifier.Linear).Select(listed => listed.Modifier.ToString()).Distinct().Order()];

    public IEnumerable<string> Lines()
    {
        yield return $"{"case",-20} {"predicted",-10} {"seen",-10} {"zero",4} {"shown",5} {"miss",4} {"c2p p50",7} {"p99",6}";
        foreach (var result in results)
            foreach (var line in Lines(result))
                yield return line;
        yield return $"{results.Count(result => result.Problem is null)} cases, {Wrong} wrong verdicts, {results.Count(result => result.Unmet.Count > 0)} short of --require; times in ms"
            + (hasWitness ? "" : "; the kernel was not asked (DRM's debugfs takes root)");
        if (LeftOut.Count > 0)
            yield return $"Left out, since the pattern's memory is LINEAR: {string.Join(", ", LeftOut)}.";
    }

    public static IEnumerable<string> Lines(CaseResult result)
    {
        if (result.Problem is { } problem)
        {
            yield return $"{result.Case.Name,-20} not run: {problem}";
            yield break;
        }
        var n = result.Numbers;
        yield return $"{result.Case.Name,-20} {result.Predicted!.Verdict.Spelled(),-10} {result.Seen?.Spelled() ?? "not told",-10} {Percent(n.ZeroCopyShare),4} {n.Presented,5} {n.Missed,4} "
            + $"{n.CommitToPresented.Percentile(50) / NsPerMs,7:0.0} {n.CommitToPresented.Percentile(99) / NsPerMs,6:0.0}{(result.IsWrong ? "  WRONG" : "")}";
        if (result.Predicted.Rule is { } rule)
            yield return $"    {rule.Name}: {result.Predicted.Why}";
        foreach (var sentence in result.Unmet)
            yield return $"    {sentence}";
    }

    public static string Percent(double? share) => share is { } known ? $"{known:0}%" : "-";

    public void WriteJson(Stream file)
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("version", 1);
        json.WriteString("program", Program.Name);
        json.WriteString("host", host.Name);
        json.WriteNumber("secondsPerCase", seconds);
        json.WriteBoolean("witness", hasWitness);
        json.WriteNumber("wrong", Wrong);
        json.WriteStartArray("leftOut");
        foreach (var modifier in LeftOut)
            json.WriteStringValue(modifier);
        json.WriteEndArray();
        json.WriteStartArray("cases");
        foreach (var result in results)
            Write(json, result);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CaseResult result)
    {
        json.WriteStartObject();
        json.WriteString("name", result.Case.Name);
        json.WriteString("source", result.Case.Source);
        json.WriteString("window", result.Case.Window.ToString().ToLowerInvariant());
        json.WriteString("cursor", result.Case.Cursor.ToString().ToLowerInvariant());
        json.WriteString("problem", result.Problem);
        if (result.Predicted is { } predicted)
            WriteOutcome(json, result, predicted);
        json.WriteEndObject();
    }

    private static void WriteOutcome(Utf8JsonWriter json, CaseResult result, Judgement predicted)
    {
        json.WriteString("predicted", predicted.Verdict.Spelled());
        json.WriteString("rule", predicted.Rule?.Name);
        json.WriteString("why", predicted.Why);
        json.WriteString("told", result.Told?.Spelled());
        json.WriteString("witness", result.Witness?.Spelled());
        json.WriteString("seen", result.Seen?.Spelled());
        json.WriteBoolean("wrong", result.IsWrong);
        json.WriteString("transport", result.Transport?.Spelled());
        json.WriteString("format", result.Format);
        json.WriteString("modifier", result.Modifier);
        json.WriteNumber("flips", result.Flips.Flips);
        json.WriteNumber("committed", result.Flips.Committed);
        json.WriteNumber("coalesced", result.Flips.Coalesced);
        json.WriteNumber("presented", result.Numbers.Presented);
        json.WriteNumber("discarded", result.Numbers.Discarded);
        json.WriteNumber("missed", result.Numbers.Missed);
        json.WriteNumber("zeroCopy", result.Numbers.ZeroCopy);
        json.WriteNumber("refreshNs", result.Refresh);
        json.WriteNumber("feedbackResent", result.Resends);
        WriteTimes(json, "flipToCommitNs", result.Numbers.FlipToCommit);
        WriteTimes(json, "commitToPresentedNs", result.Numbers.CommitToPresented);
        WriteTimes(json, "flipToPresentedNs", result.Numbers.FlipToPresented);
        WriteTimes(json, "jitterNs", result.Numbers.Jitter);
        json.WriteStartArray("unmet");
        foreach (var sentence in result.Unmet)
            json.WriteStringValue(sentence);
        json.WriteEndArray();
    }

    private static void WriteTimes(Utf8JsonWriter json, string name, Durations times)
    {
        json.WriteStartObject(name);
        json.WriteNumber("p50", times.Percentile(50));
        json.WriteNumber("p95", times.Percentile(95));
        json.WriteNumber("p99", times.Percentile(99));
        json.WriteEndObject();
    }

    /// <summary>As CI systems read it: three kinds of elements, so by hand.</summary>
    public void WriteJUnit(Stream file)
    {
        using var xml = new StreamWriter(file);
        xml.WriteLine("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        xml.WriteLine($"<testsuite name=\"guestplane scanout-test on {Markup.Text(host.Name)}\" tests=\"{results.Count}\" failures=\"{results.Count(result => result.Failed)}\" skipped=\"{results.Count(result => result.Problem is not null)}\">");
        foreach (var result in results)
        {
            xml.WriteLine($"  <testcase classname=\"scanout\" name=\"{Markup.Text(result.Case.Name)}\" time=\"{seconds:0.###}\">");
            if (result.Problem is { } problem)
                xml.WriteLine($"    <skipped message=\"{Markup.Text(problem)}\"/>");
            if (result.Failed)
                xml.WriteLine($"    <failure message=\"{Markup.Text(string.Join(' ', result.Unmet.Concat(result.IsWrong ? [Contradiction(result)] : [])))}\"/>");
            xml.WriteLine($"    <system-out>{Markup.Text(string.Join('\n', Lines(result)))}</system-out>");
            xml.WriteLine("  </testcase>");
        }
        xml.WriteLine("</testsuite>");
    }

    private static string Contradiction(CaseResult result) =>
        $"Predicted {result.Predicted!.Verdict.Spelled()}; the host says {result.Told?.Spelled() ?? "nothing"}, the kernel {result.Witness?.Spelled() ?? "nothing"}.";
}
