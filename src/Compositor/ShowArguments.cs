using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Globalization;
using Guestplane.Gvt.Vfio;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The source and the options that every command has which shows a guest.</summary>
internal sealed class ShowArguments
{
    private readonly Argument<string> _source = new("source")
    {
        Description = "What to show:\n" + Sources.Help,
        // Without it --help would name the argument by its completions.
        HelpName = "source",
        CompletionSources = { _ => Sources.Words().Select(word => new CompletionItem(word)) },
    };

    private readonly Option<string?> _output = new("--output") { Description = "Fill this output of the host (its name, as HDMI-A-1); wait for it if it is not there." };
    private readonly Option<Dictionary<string, string>> _layout = new("--layout") { Description = "Put heads on outputs: HEAD=OUTPUT,… (see guestplane list).", CustomParser = ParseLayout };
    private readonly Option<uint> _background = new("--background") { Description = "The colour around the image: RRGGBB.", CustomParser = ParseColour };
    private readonly Option<Transport?> _transport = CommandOption.Choice<Transport?>("--transport", "Use only this transport",
        [.. Transports.Words.Select(w => (w.Word, (Transport?)w.Transport))]);
    private readonly Option<CursorMode> _cursor = CommandOption.Choice("--cursor", "How the cursor plane is shown",
        ("auto", CursorMode.Auto), ("subsurface", CursorMode.Subsurface), ("pointer", CursorMode.Pointer), ("none", CursorMode.None));
    private readonly Option<ScaleMode> _scale = CommandOption.Choice("--scale", "How the image is fitted into the window",
        ("fit", ScaleMode.Fit), ("integer", ScaleMode.Integer), ("1:1", ScaleMode.Unscaled), ("stretch", ScaleMode.Stretch));
    private readonly Option<Latency> _latency = CommandOption.Choice("--latency", "Show the newest flip as early as can be, or each at an even pace",
        ("low", Latency.Low), ("smooth", Latency.Smooth));
    private readonly Option<bool> _tearing = new("--tearing") { Description = "Let a frame be shown at once, in the middle of a refresh, where the host can." };
    private readonly Option<WpContentTypeV1Type> _content = CommandOption.Choice("--content", "Tell the host what the guest shows",
        [.. Enum.GetValues<WpContentTypeV1Type>().Select(type => (type.ToString().ToLowerInvariant(), type))]);
    private readonly Option<SyncMode> _sync = CommandOption.Choice("--sync", "Synchronise with the host explicitly where that can be, or leave it to the kernel",
        ("auto", SyncMode.Auto), ("implicit", SyncMode.Implicit));
    private readonly Option<uint?> _console = new("--console") { Description = "Of a VM with several, show only this console (see guestplane list)." };
    private readonly Option<bool> _keepSize = new("--fixed") { Description = "Scale the guest to the window, instead of asking it to follow the window's size." };
    private readonly Option<bool> _noClipboard = new("--no-clipboard") { Description = "Keep the guest from the desktop's clipboard, and the desktop from the guest's." };
    private readonly Option<string?> _edid = new("--edid") { Description = $"Plug a monitor into the vGPU: {Edid.Help}." };
    private readonly Option<long?> _frames = new("--frames") { Description = "End after so many flips." };
    private readonly Option<double?> _seconds = new("--seconds") { Description = "End after so long." };
    private readonly Option<string?> _report = new("--report") { Description = "Write a JSON report to this file at the end." };
    private readonly Option<string?> _trace = new("--trace") { Description = "Write every frame's way to this file, for Perfetto (ui.perfetto.dev) or chrome://tracing." };
    private readonly Option<int?> _ready = new("--ready-fd") { Description = "Write a newline to this descriptor when the first frame is on screen." };
    private readonly Option<string?> _require = new("--require") { Description = $"Exit with 1 unless: {Requirements.Help}." };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_source);
        foreach (var option in new Option[]
        {
            _output, _layout, _background, _transport, _cursor, _scale, _latency, _tearing, _content, _sync, _console, _keepSize,
            _noClipboard, _edid, _frames, _seconds, _report, _trace, _ready, _require,
        })
            command.Options.Add(option);
    }

    /// <summary>Files and descriptors are opened here.</summary>
    /// <exception cref="ExitException">Usage.</exception>
    public ShowOptions Read(ParseResult parsed) => new()
    {
        Source = parsed.GetValue(_source)!,
        Output = parsed.GetValue(_output),
        Layout = parsed.GetValue(_layout) ?? [],
        Background = parsed.GetValue(_background),
        Transport = parsed.GetValue(_transport),
        Cursor = parsed.GetValue(_cursor),
        Scale = parsed.GetValue(_scale),
        Latency = parsed.GetValue(_latency),
        Tearing = parsed.GetValue(_tearing),
        Content = parsed.GetValue(_content),
        Sync = parsed.GetValue(_sync),
        Console = parsed.GetValue(_console),
        Clipboard = !parsed.GetValue(_noClipboard),
        Fixed = parsed.GetValue(_keepSize),
        Edid = parsed.GetValue(_edid) is { } monitor ? Edid.Parse(monitor) : null,
        Frames = CommandOption.InRange(parsed.GetValue(_frames), "--frames"),
        Seconds = CommandOption.InRange(parsed.GetValue(_seconds), "--seconds"),
        Report = parsed.GetValue(_report) is { } path ? CommandOption.File(path, "The report") : null,
        Trace = parsed.GetValue(_trace) is { } traceFile ? CommandOption.File(traceFile, "The trace") : null,
        Ready = parsed.GetValue(_ready) is { } number ? CommandOption.Descriptor(number, "--ready-fd") : null,
        Require = parsed.GetValue(_require) is { } required ? Requirements.Parse(required) : Requirements.None,
    };

    private static Dictionary<string, string> ParseLayout(ArgumentResult result)
    {
        var layout = new Dictionary<string, string>();
        foreach (var pair in result.Tokens[^1].Value.Split(',', StringSplitOptions.RemoveEmptyEntries))
            // A console's label may have anything in it, an output's name has no "=".
            if (pair.LastIndexOf('=') is var at && (at < 1 || at == pair.Length - 1 || !layout.TryAdd(pair[..at], pair[(at + 1)..])))
                result.AddError($"--layout takes HEAD=OUTPUT,…, each head once, and not \"{pair}\".");
        return layout;
    }

    private static uint ParseColour(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value.TrimStart('#');
        if (text.Length == 6 && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var colour))
            return colour;
        result.AddError($"--background takes a colour as RRGGBB, and not \"{result.Tokens[^1].Value}\".");
        return 0;
    }
}
