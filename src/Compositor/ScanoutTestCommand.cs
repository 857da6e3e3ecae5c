using System.CommandLine;
using Guestplane.Compositor.Probing;
using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary><c>guestplane scanout-test</c>: its options, and its run.</summary>
internal static class ScanoutTestCommand
{
    private const double DefaultSeconds = 2, QuickSeconds = 1, DefaultRate = 60, MilliHz = 1000;
    private static readonly (int Width, int Height) s_unknownDisplay = (1024, 768);

    /// <summary>What is asked for.</summary>
    private sealed record Wish(string? Source, bool Quick, double? Seconds, Matrix Axes, Requirements Require, Stream? Json, Stream? JUnit, Stream? Html);

    /// <param name="output">For the table.</param>
    /// <param name="messages">For what goes wrong.</param>
    /// <param name="onHost">Runs something with a loop, and a host when it asks for one.</param>
    public static Command Create(TextWriter output, Messages messages, Func<Func<Loop, Func<Host>, ExitCode>, ExitCode> onHost)
    {
        var source = new Option<string?>("--source") { Description = "One run over this guest, full screen, in place of the matrix over the pattern." };
        var quick = new Option<bool>("--quick") { Description = "Five cases of a second each." };
        var seconds = new Option<double?>("--seconds") { Description = "How long each case takes (2)." };
        var axes = Axes();
        var require = new Option<string?>("--require") { Description = $"Exit with 1 unless each case that no rule is against comes to: {Requirements.Help}." };
        var (json, junit, html) = (File("--json", "JSON"), File("--junit", "JUnit's XML"), File("--html", "a page to look at"));
        var command = new Command("scanout-test", "Test what the host scans out: a matrix over the built-in test card, one axis at a time.") { source, quick, seconds, require, json, junit, html };
        foreach (var (option, _) in axes)
            command.Add(option);
        command.SetAction(parsed => (int)onHost((loop, connect) => Run(loop, connect, output, messages, new(
            parsed.GetValue(source), parsed.GetValue(quick), CommandOption.InRange(parsed.GetValue(seconds), "--seconds"),
            axes.Aggregate(new Matrix(), (matrix, axis) => parsed.GetValue(axis.Option) is { } words ? axis.Add(matrix, words.Split(',')) : matrix),
            parsed.GetValue(require) is { } required ? Requirements.Parse(required) : Requirements.None,
            Open(parsed.GetValue(json)), Open(parsed.GetValue(junit)), Open(parsed.GetValue(html))))));
        return command;
    }

    private static ExitCode Run(Loop loop, Func<Host> connect, TextWriter output, Messages messages, Wish wish)
    {
        using var json = wish.Json;
        using var junit = wish.JUnit;
        using var html = wish.Html;
        var host = connect();
        var test = new ScanoutTest(loop, host, wish.Require, messages);
        var seconds = wish.Seconds ?? (wish.Quick ? QuickSeconds : DefaultSeconds);
        var results = new List<CaseResult>();
        foreach (var @case in Cases(host, wish))
        {
            if (loop.Stopped)
                break;
            results.AddRange(test.Run(@case, seconds));
            messages.Info($"{results.Count} done: {ScanoutReport.Lines(results[^1]).First().TrimEnd()}");
        }
        var report = new ScanoutReport(host, seconds, test.HasWitness, results);
        foreach (var line in report.Lines())
            output.WriteLine(line);
        if (json is not null)
            report.WriteJson(json);
        if (junit is not null)
            report.WriteJUnit(junit);
        if (html is not null)
            new ScanoutPage(report).Write(html);
        return results.Exists(result => result.Unmet.Count > 0) ? ExitCode.RequirementNotMet : ExitCode.Ok;
    }

    private static IEnumerable<Case> Cases(Host host, Wish wish)
    {
        var output = host.Globals.Outputs.Find(output => output.Mode.Width > 0);
        var display = output?.Mode ?? s_unknownDisplay;
        var rate = output is { RefreshMilliHz: > 0 } ? Math.Round(output.RefreshMilliHz / MilliHz) : DefaultRate;
        if (wish.Source is { } source)
            return [new() { Name = source, Guest = source, Size = display, Rate = rate, Cursor = CursorMode.Auto }];
        var axes = !wish.Axes.IsEmpty ? wish.Axes : wish.Quick ? Matrix.Quick : Matrix.Whole(display, rate);
        return axes.Cases(display, rate);
    }

    private static List<(Option<string?> Option, Func<Matrix, string[], Matrix> Add)> Axes() =>
    [
        (Words("--formats", "XR24,AR24,…"), (m, words) => m with { Formats = All(words, "--formats", word => PatternOptions.Parse($"format={word}").Format.ToString()) }),
        (Words("--sizes", "WxH,…"), (m, words) => m with { Sizes = All(words, "--sizes", word => PatternOptions.Parse($"size={word}") is var o ? (o.Width, o.Height) : default) }),
        (Words("--buffers", "N,… (1: drawn in place)"), (m, words) => m with { Buffers = All(words, "--buffers", word => PatternOptions.Parse($"buffers={word}").Buffers) }),
        (Words("--cursors", "none,subsurface,pointer"), (m, words) => m with { Cursors = All(words, "--cursors", Named<CursorMode>) }),
        (Words("--windows", "fullscreen,window,letterbox"), (m, words) => m with { Windows = All(words, "--windows", Named<WindowMode>) }),
        (Words("--rates", "HZ,…"), (m, words) => m with { Rates = All(words, "--rates", word => PatternOptions.Parse($"rate={word}").Rate) }),
        (Words("--memory", "udmabuf,heap,memfd"), (m, words) => m with { Memories = All(words, "--memory", word => Named<PatternMemory>(word).ToString().ToLowerInvariant()) }),
    ];

    private static T[] All<T>(string[] words, string option, Func<string, T> parse)
    {
        try
        {
            return [.. words.Select(parse)];
        }
        catch (Exception e) when (e is SourceException or ArgumentException)
        {
            throw new ExitException(ExitCode.Usage, $"{option} does not take \"{string.Join(',', words)}\": see guestplane scanout-test --help.");
        }
    }

    private static T Named<T>(string word) where T : struct, Enum => Enum.Parse<T>(word, ignoreCase: true);

    private static Option<string?> Words(string name, string form) => new(name) { Description = $"Vary this axis, and only those named so: {form}." };

    private static Option<string?> File(string name, string what) => new(name) { Description = $"Write {what} to this file.", HelpName = "FILE" };

    private static FileStream? Open(string? path) => path is null ? null : CommandOption.File(path, "The report");
}
