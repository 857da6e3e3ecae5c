using System.CommandLine;
using Guestplane.Compositor.Probing;
using Guestplane.Linux;
using ShowSetting = Guestplane.Compositor.Setting<Guestplane.Compositor.ShowOptions>;

namespace Guestplane.Compositor;

/// <summary><c>guestplane probe [SOURCE]</c>: its options and its run.</summary>
internal static class ProbeCommand
{
    /// <summary>Compositors send a window's tranches after 30 frames (wlroots) or 2 s (weston).</summary>
    private const double DefaultSeconds = 3;

    /// <param name="onHost">Runs a function with a loop and, when it calls for one, a compositor.</param>
    public static Command Create(TextWriter output, Messages messages, Func<Func<Loop, Func<Host>, ExitCode>, ExitCode> onHost)
    {
        var source = new Argument<string?>("source")
        {
            Description = "A VM to probe as well:\n" + Sources.Help,
            Arity = ArgumentArity.ZeroOrOne,
            CompletionSources = { Completions.Sources },
            Validators = { UsageError.RejectOption },
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = $"How long to show the VM (default: {DefaultSeconds}).",
            CustomParser = CommandOption.Number,
            HelpName = "N",
            DefaultValueFactory = _ => DefaultSeconds,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        ShowSetting[] settings =
        [
            ShowSetting.Flag("--windowed", "Probe a window instead of the full screen.",
                show => show with { Fullscreen = false }),
            .. ShowArguments.Only("--output", "--layout", "--transport", "--cursor", "--color", "--hdr", "--scale", "--console",
                "--connect"),
        ];
        var command = new Command("probe",
            "Print what the compositor samples and scans out, and which planes of a VM it scans out, or why not.")
        {
            source, seconds, json,
        };
        settings.AddTo(command);
        Completions.AddTo(command, source);
        command.SetAction(parsed => (int)onHost((loop, connect) => Run(
            loop, connect, output, messages, parsed.GetValue(json), parsed.GetValue(seconds),
            parsed.GetValue(source) is { } named ? settings.Read(parsed, Start(named)) : null)));
        return command;
    }

    private static ShowOptions Start(string source) =>
        new() { Source = source, Fullscreen = true, Fixed = true, Clipboard = false };

    private static ExitCode Run(
        Loop loop, Func<Host> connect, TextWriter output, Messages messages, bool isJson, double seconds, ShowOptions? options)
    {
        // Opened before the connection, so that a missing source is reported first.
        using var guest = options is null ? null : Sources.Slot(options, loop, messages);
        guest?.Open();
        var host = connect();
        using var seats = new Seats(host, loop);
        using var trial = guest is null ? null : new Trial(loop, seats, guest, options!, DrmState.Open());
        trial?.Run(seconds);
        if (host.Hdr.Problem is { } problem)
            messages.Warn($"--hdr has no effect: {problem}.");
        var result = ProbeResult.Of(
            ProgramName.Text, host, OutputColor.Ask(host, loop), guest?.Source, trial?.Watches ?? [], options);
        // JSON escapes control characters by itself, and must not be cut.
        foreach (var line in isJson ? [JsonText.Of(result)] : result.Lines().Select(Messages.OneLine))
            output.WriteLine(line);
        return ExitCode.Ok;
    }
}
