using System.Reflection;
using System.Text;

namespace Guestplane.Compositor.Probing;

/// <summary>The report as a page to look at: one file, its drawings inline, light or dark as the reader's desktop is.</summary>
internal sealed class ScanoutPage(ScanoutReport report)
{
    private const double NsPerMs = 1e6;
    private readonly StringBuilder _body = new();

    public void Write(Stream file)
    {
        WriteSummary();
        for (var i = 0; i < report.Results.Count; i++)
            WriteCase(report.Results[i], i);
        using var template = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("Page.html")!);
        using var page = new StreamWriter(file);
        page.Write(template.ReadToEnd().Replace("{{body}}", _body.ToString(), StringComparison.Ordinal));
    }

    private void WriteSummary()
    {
        var run = report.Results.Where(result => result.Problem is null).ToList();
        _body.Append($"<h1>Direct scanout on {Markup.Text(report.HostName)}</h1>\n<p class=\"soft\">{Markup.Text(Program.Name)} scanout-test: ")
            .Append($"{run.Count} cases, {run.Count(result => result.Seen == Verdict.Scanout)} scanned out; wrong verdicts: {report.Wrong}. ")
            .Append(report.HasWitness ? "The kernel (DRM's debugfs) was asked too." : "By the host's word alone: run as root, the kernel is asked too.").Append("</p>\n<div class=\"grid\">\n");
        for (var i = 0; i < report.Results.Count; i++)
        {
            var result = report.Results[i];
            _body.Append($"<a class=\"tile {Class(result)}\" href=\"#case{i}\"><b>{Markup.Text(result.Case.Name).Replace("=", "=<wbr/>", StringComparison.Ordinal)}</b><span>{Headline(result)}</span></a>\n");
        }
        _body.Append("</div>\n");
        if (report.LeftOut.Count > 0)
            _body.Append($"<p class=\"soft\">Left out, since the pattern's memory is LINEAR: {Markup.Text(string.Join(", ", report.LeftOut))}.</p>\n");
    }

    private void WriteCase(CaseResult result, int number)
    {
        _body.Append($"<section id=\"case{number}\" class=\"{Class(result)}\">\n<h2>{Markup.Text(result.Case.Name)}: {Headline(result)}</h2>\n");
        _body.Append($"<p class=\"soft\">{Markup.Text(result.Case.Source)}</p>\n");
        if (result.Predicted is { } predicted)
        {
            _body.Append($"<p>Predicted: {predicted.Verdict.Spelled()}, {Markup.Text(predicted.Why)}. The host says {result.Told?.Spelled() ?? "nothing"}, the kernel {result.Witness?.Spelled() ?? "nothing"}.")
                .Append(predicted.Rule is null ? "" : $" {Markup.Text(predicted.Change)}").Append("</p>\n");
            foreach (var sentence in result.Unmet)
                _body.Append($"<p>{Markup.Text(sentence)}</p>\n");
            WriteNumbers(result);
            if (result.Numbers.Presented > 0)
                WriteFrames(result);
        }
        _body.Append("</section>\n");
    }

    private void WriteNumbers(CaseResult result)
    {
        var n = result.Numbers;
        _body.Append($"<p>{result.Flips.Flips} flips, {result.Flips.Committed} committed, {n.Presented} presented, {n.Discarded} discarded, {result.Flips.Coalesced} coalesced, ")
            .Append($"vblanks missed: {n.Missed}, feedback re-sent: {result.Resends}; refresh {result.Refresh / NsPerMs:0.00} ms</p>\n")
            .Append("<div class=\"charts\">\n<table><tr><th>ms</th><th>p50</th><th>p95</th><th>p99</th></tr>");
        foreach (var (name, times) in new[] { ("flip to commit", n.FlipToCommit), ("commit to presented", n.CommitToPresented), ("flip to presented", n.FlipToPresented), ("jitter against vblanks", n.Jitter) })
            _body.Append($"<tr><td>{name}</td><td>{times.Percentile(50) / NsPerMs:0.00}</td><td>{times.Percentile(95) / NsPerMs:0.00}</td><td>{times.Percentile(99) / NsPerMs:0.00}</td></tr>");
        _body.Append("</table>\n");
        foreach (var (name, times) in new[] { ("Commit to presented", n.CommitToPresented), ("Flip to presented", n.FlipToPresented) })
            if (n.Presented > 0)
                _body.Append($"<figure><figcaption>{name}, ms</figcaption>\n").Append(Drawing.Bars(times, result.Refresh)).Append("</figure>\n");
        _body.Append("</div>\n");
    }

    private void WriteFrames(CaseResult result) =>
        _body.Append("<figure><figcaption>Frames: flip, commit, presented; over the grid of vblanks. <i class=\"dot\"></i> by zero copy, as the host says <i class=\"drawn\"></i> not so ")
            .Append("<i class=\"late\"></i> late <b class=\"lost\">×</b> discarded</figcaption>\n")
            .Append(Drawing.TimeLine(result.Frames, result.Refresh)).Append("</figure>\n");

    private static string Class(CaseResult result) => result.IsWrong ? "wrong" : result.Seen?.Spelled() ?? "unknown";

    private static string Headline(CaseResult result) => result.Problem is { } problem ? $"not run: {Markup.Text(problem)}"
        : $"{result.Seen?.Spelled() ?? "host does not tell"}{(result.Numbers.Presented == 0 ? "" : $", p99 {result.Numbers.CommitToPresented.Percentile(99) / NsPerMs:0.0} ms")}";
}
