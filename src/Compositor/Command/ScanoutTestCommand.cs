using System.CommandLine;
using System.Runtime.ExceptionServices;
using Guestplane.Compositor.Probing;
using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Linux;
using Guestplane.Wayland;
using WishSetting = Guestplane.Compositor.Setting<Guestplane.Compositor.ScanoutTestCommand.Wish>;

namespace Guestplane.Compositor;

/// <summary><c>guestplane scanout-test</c>: its options and its run.</summary>
internal static class ScanoutTestCommand
{
    private const double DefaultSeconds = 2, QuickSeconds = 1, DefaultRate = 60, MilliHz = 1000;
    private static readonly (int Width, int Height) s_unknownDisplay = (1024, 768);

    /// <summary>What the user requested; the files are written at the end.</summary>
    internal sealed record Wish(
        Matrix Axes, Requirements Require, string? Source = null, bool Quick = false, double? Seconds = null,
        Stream? Json = null, Stream? JUnit = null, Stream? Html = null);

    private static IEnumerable<WishSetting> Options =>
    [
        WishSetting.Text(
            "--source", "Run one case with this VM, full screen, in place of the matrix with the test pattern.",
            (wish, source) => wish with { Source = source }, form: "SOURCE"),
        WishSetting.Flag("--quick", "Five cases of a second each.", wish => wish with { Quick = true }),
        WishSetting.Value("--seconds", $"How long each case takes (default: {DefaultSeconds}; with --quick {QuickSeconds}).",
            (wish, seconds) => wish with { Seconds = seconds }, CommandOption.Number, "N"),
        WishSetting.Text(
            "--require",
            $"Exit with 1 unless the base case, and each case that no rule is against, meets: {Requirements.Help}.",
            (wish, wanted) => wish with { Require = Requirements.Parse(wanted) }, form: "WHAT,…"),
        File("--json", "JSON", "The JSON report", (wish, file) => wish with { Json = file }),
        File("--junit", "JUnit's XML", "The JUnit report", (wish, file) => wish with { JUnit = file }),
        File("--html", "a page to look at", "The page", (wish, file) => wish with { Html = file }),
        Axis("--formats", "XR24,AR24,…", word => PatternOptions.Parse($"format={word}").Format.ToString(),
            (matrix, formats) => matrix with { Formats = formats }),
        Axis("--sizes", "WxH,…",
            word => PatternOptions.Parse($"size={word}") is var pattern ? (pattern.Width, pattern.Height) : default,
            (matrix, sizes) => matrix with { Sizes = sizes }),
        Axis("--buffers", "N,…", word => PatternOptions.Parse($"buffers={word}").Buffers,
            (matrix, counts) => matrix with { Buffers = counts }),
        Axis("--cursors", "none,subsurface,pointer", Named<CursorMode>, (matrix, cursors) => matrix with { Cursors = cursors }),
        Axis("--windows", "fullscreen,window,letterbox", Named<WindowMode>,
            (matrix, windows) => matrix with { Windows = windows }),
        Axis("--rates", "HZ,…", word => PatternOptions.Parse($"rate={word}").Rate,
            (matrix, rates) => matrix with { Rates = rates }),
        Axis("--memory", "udmabuf,heap,memfd", word => Named<PatternMemory>(word).Spelled(),
            (matrix, memories) => matrix with { Memories = memories }),
    ];

    /// <param name="onHost">Runs a function with a loop and, when it calls for one, a compositor.</param>
    public static Command Create(TextWriter output, Messages messages, Func<Func<Loop, Func<Host>, ExitCode>, ExitCode> onHost)
    {
        WishSetting[] settings = [.. Options];
        var command = new Command("scanout-test",
            "Test what the compositor scans out: a matrix of cases with the built-in test pattern, one axis at a time.");
        settings.AddTo(command);
        command.Options.Single(option => option.Name == "--source").CompletionSources.Add(Completions.Sources);
        command.SetAction(parsed => (int)onHost((loop, connect) =>
            Run(loop, connect, output, messages, settings.Read(parsed, new Wish(new(), Requirements.None)))));
        return command;
    }

    private static ExitCode Run(Loop loop, Func<Host> connect, TextWriter output, Messages messages, Wish wish)
    {
        using var json = wish.Json;
        using var junit = wish.JUnit;
        using var html = wish.Html;
        var host = connect();
        using var seats = new Seats(host, loop);
        var test = new ScanoutTest(loop, seats, wish.Require, messages);
        var seconds = wish.Seconds ?? (wish.Quick ? QuickSeconds : DefaultSeconds);
        var results = new List<CaseResult>();
        ExceptionDispatchInfo? end = null;
        foreach (var @case in Cases(host, wish).TakeWhile(_ => !loop.Stopped && end is null))
        {
            end = Run(test, @case, seconds, results);
            messages.Info($"{results.Count} done: {ScanoutResult.LinesOf(results[^1]).First().TrimEnd()}");
        }
        var leftOut = ScanoutResult.LeftOutOf(HostFacts.Of(host).Listed);
        var result = new ScanoutResult(ProgramName.Text, host.Name, seconds, test.HasWitness, leftOut, results)
        {
            IsJudged = wish.Require.IsGiven,
        };
        foreach (var line in result.Lines())
            output.WriteLine(line);
        // All of them are written, even if one fails.
        var isWritten = Write(json, file => JsonText.Write(result, file, isIndented: true), messages)
            & Write(junit, file => JUnit.Write(result, file), messages)
            & Write(html, new ScanoutPage(result).Write, messages);
        if (result.Unjudged is { } unjudged)
            messages.Info(unjudged);
        end?.Throw();
        return !result.IsMet ? ExitCode.RequirementNotMet : isWritten ? ExitCode.Ok : ExitCode.CannotWrite;
    }

    /// <summary>Runs one case. What ends the whole test is returned: the results so far are written first.</summary>
    private static ExceptionDispatchInfo? Run(ScanoutTest test, Case @case, double seconds, List<CaseResult> results)
    {
        try
        {
            results.AddRange(test.Run(@case, seconds));
            return null;
        }
        catch (Exception e) when (e is ExitException or WaylandException)
        {
            results.Add(new(@case, e.Message));
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    private static bool Write(Stream? file, Action<Stream> write, Messages messages)
    {
        try
        {
            if (file is not null)
                write(file);
            return true;
        }
        catch (ExitException e) when (e.Code == ExitCode.CannotWrite)
        {
            messages.Info(e.Message);
            return false;
        }
    }

    private static IEnumerable<Case> Cases(Host host, Wish wish)
    {
        var output = host.Globals.Outputs.Find(output => output.Size.Width > 0);
        var display = output?.Size ?? s_unknownDisplay;
        var rate = output is { RefreshMilliHz: > 0 } ? Math.Round(output.RefreshMilliHz / MilliHz) : DefaultRate;
        if (wish.Source is { } source)
            return [new()
            {
                Name = source, Guest = source, Size = display, Rate = rate, Cursor = CursorMode.Auto, IsAlwaysJudged = true,
            }];
        var axes = !wish.Axes.IsEmpty ? wish.Axes : wish.Quick ? Matrix.Quick : Matrix.Whole(display, rate);
        return axes.Cases(display, rate);
    }

    /// <summary>An axis of the matrix: a comma-separated list of its values.</summary>
    private static WishSetting Axis<T>(string name, string form, Func<string, T> parse, Func<Matrix, T[], Matrix> add) =>
        WishSetting.Text(name, "Vary this axis, and only those that are given.",
            (wish, words) => wish with { Axes = add(wish.Axes, All(words, name, parse)) }, form: form);

    private static T[] All<T>(string words, string option, Func<string, T> parse)
    {
        try
        {
            return [.. words.Split(',').Select(parse)];
        }
        catch (SourceException e)
        {
            throw new ExitException(ExitCode.Usage, $"{option}: {e.Message}");
        }
        catch (ArgumentException)
        {
            throw new ExitException(ExitCode.Usage, $"{option} does not take \"{words}\"; see guestplane scanout-test --help.");
        }
    }

    private static T Named<T>(string word) where T : struct, Enum => Enum.Parse<T>(word, ignoreCase: true);

    private static WishSetting File(string name, string what, string beginning, Func<Wish, Stream, Wish> set) =>
        WishSetting.Text(
            name, $"Write {what} to this file.", (wish, path) => set(wish, CommandOption.File(path, beginning)), form: "FILE");
}
