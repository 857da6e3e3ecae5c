using System.Reflection;
using System.Text;

namespace Guestplane.Compositor.Probing;

/// <summary>A scanout test as an HTML page: one file with inline drawings, light or dark as the reader's desktop is.</summary>
internal sealed class ScanoutPage(ScanoutResult result)
{
    private const double NsPerMs = 1e6;
    private readonly StringBuilder _body = new();

    public void Write(Stream file)
    {
        WriteSummary();
        for (var i = 0; i < result.Cases.Count; i++)
            WriteCase(result.Cases[i], i);
        using var template = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("Page.html")!);
        using var page = new StreamWriter(file);
        page.Write(template.ReadToEnd().Replace("{{body}}", _body.ToString(), StringComparison.Ordinal));
    }

    private void WriteSummary()
    {
        _body.Append($"<h1>Direct scanout on {Markup.Text(result.Host)}</h1>\n")
            .Append($"<p class=\"soft\">{Markup.Text(result.Program)} scanout-test: {result.Outcomes.Count()} cases, ")
            .Append($"{result.Outcomes.Count(one => one.Observation.Seen == Verdict.Scanout)} scanned out; ")
            .Append($"wrong verdicts: {result.Wrong}. ")
            .Append(result.Witness ? "The kernel's report (DRM's debugfs) is included."
                : "Only the compositor's report is included; as root, the kernel's is read as well.")
            .Append("</p>\n<div class=\"grid\">\n");
        for (var i = 0; i < result.Cases.Count; i++)
        {
            var one = result.Cases[i];
            var name = Markup.Text(one.Name).Replace("=", "=<wbr/>", StringComparison.Ordinal);
            _body.Append($"<a class=\"tile {Class(one)}\" href=\"#case{i}\"><b>{name}</b><span>{Headline(one)}</span></a>\n");
        }
        _body.Append("</div>\n");
        if (result.LeftOut.Count > 0)
            _body.Append("<p class=\"soft\">Left out, since the pattern's memory is LINEAR: ")
                .Append($"{Markup.Text(string.Join(", ", result.LeftOut))}.</p>\n");
    }

    private void WriteCase(CaseResult one, int number)
    {
        _body.Append($"<section id=\"case{number}\" class=\"{Class(one)}\">\n<h2>{Markup.Text(one.Name)}: {Headline(one)}</h2>\n")
            .Append($"<p class=\"soft\">{Markup.Text(one.Source)}</p>\n");
        if (one is CaseOutcome outcome)
            WriteOutcome(outcome);
        _body.Append("</section>\n");
    }

    private void WriteOutcome(CaseOutcome outcome)
    {
        _body.Append($"<p>Predicted: {outcome.Predicted}, {Markup.Text(outcome.Why)}. The compositor says ")
            .Append($"{outcome.Told ?? "nothing"}, the kernel {outcome.Witness ?? "nothing"}.")
            .Append(outcome.Rule is null ? "" : $" {Markup.Text(outcome.Judgement.Change)}").Append("</p>\n");
        foreach (var sentence in outcome.Unmet)
            _body.Append($"<p>{Markup.Text(sentence)}</p>\n");
        _body.Append($"<p>{outcome.Flips} flips, {outcome.Committed} committed, {outcome.Presented} presented, ")
            .Append($"{outcome.Discarded} discarded, {outcome.Coalesced} coalesced, vblanks missed: {outcome.Missed}, ")
            .Append($"feedback re-sent: {outcome.FeedbackResent}; refresh {outcome.RefreshNs / NsPerMs:0.00} ms</p>\n");
        WriteTimes(outcome);
        if (outcome.Presented > 0)
            WriteFrames(outcome);
    }

    private void WriteTimes(CaseOutcome outcome)
    {
        _body.Append("<div class=\"charts\">\n<table><tr><th>ms</th><th>p50</th><th>p95</th><th>p99</th></tr>");
        WriteRow("flip to commit", outcome.FlipToCommitNs);
        WriteRow("commit to presented", outcome.CommitToPresentedNs);
        WriteRow("flip to presented", outcome.FlipToPresentedNs);
        WriteRow("jitter against vblanks", outcome.JitterNs);
        _body.Append("</table>\n");
        WriteBars("Commit to presented", outcome, frame => frame.CommitToPresented);
        WriteBars("Flip to presented", outcome, frame => frame.FlipToPresented);
        _body.Append("</div>\n");
    }

    private void WriteRow(string name, Percentiles times) =>
        _body.Append($"<tr><td>{name}</td><td>{Milliseconds(times.P50)}</td><td>{Milliseconds(times.P95)}</td>")
            .Append($"<td>{Milliseconds(times.P99)}</td></tr>");

    private void WriteBars(string name, CaseOutcome outcome, Func<Frame, long> duration)
    {
        List<long> durations = [.. outcome.Frames.Where(frame => !frame.IsDiscarded).Select(duration)];
        if (durations.Count > 0)
            _body.Append($"<figure><figcaption>{name}, ms</figcaption>\n")
                .Append(Drawing.Bars(durations, outcome.RefreshNs)).Append("</figure>\n");
    }

    private void WriteFrames(CaseOutcome outcome) =>
        _body.Append("<figure><figcaption>Frames: flip, commit, presented; over the grid of vblanks. ")
            .Append("<i class=\"dot\"></i> zero-copy, as the compositor reports <i class=\"drawn\"></i> composited ")
            .Append("<i class=\"late\"></i> late <b class=\"lost\">×</b> discarded</figcaption>\n")
            .Append(Drawing.TimeLine(outcome.Frames, outcome.RefreshNs)).Append("</figure>\n");

    private static string Milliseconds(long? duration) => Percentiles.Milliseconds(duration, "0.00");

    private static string Class(CaseResult one) => one is not CaseOutcome outcome ? "unknown"
        : outcome.Wrong ? "wrong" : outcome.Seen ?? "unknown";

    private static string Headline(CaseResult one) => one is not CaseOutcome outcome
        ? $"not run: {Markup.Text(one.Problem ?? "")}"
        : (outcome.Seen ?? "not reported")
            + (outcome.Presented == 0 ? "" : $", p99 {Percentiles.Milliseconds(outcome.CommitToPresentedNs.P99)} ms");
}
