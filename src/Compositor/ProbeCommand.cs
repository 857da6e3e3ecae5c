using System.CommandLine;
using Guestplane.Compositor.Probing;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary><c>guestplane probe [SOURCE]</c>: its options, and its run.</summary>
internal static class ProbeCommand
{
    /// <summary>A host tells a window's tranches after 30 frames (wlroots) or 2 s (weston).</summary>
    private const double DefaultSeconds = 3;

    /// <param name="output">For what was found.</param>
    /// <param name="messages">For what goes wrong.</param>
    /// <param name="onHost">Runs something with a loop, and a host when it asks for one.</param>
    public static Command Create(TextWriter output, Messages messages, Func<Func<Loop, Func<Host>, ExitCode>, ExitCode> onHost)
    {
        var source = new Argument<string?>("source") { Description = "A guest to ask about, too:\n" + Sources.Help, Arity = ArgumentArity.ZeroOrOne };
        var windowed = new Option<bool>("--windowed") { Description = "Ask about a window, and not the full screen." };
        var seconds = new Option<double?>("--seconds") { Description = "How long to show the guest (3)." };
        var transport = CommandOption.Choice<Transport?>("--transport", "Use only this transport", [.. Transports.Words.Select(w => (w.Word, (Transport?)w.Transport))]);
        var cursor = CommandOption.Choice("--cursor", "How the cursor plane is shown", ("auto", CursorMode.Auto), ("subsurface", CursorMode.Subsurface), ("pointer", CursorMode.Pointer), ("none", CursorMode.None));
        var scale = CommandOption.Choice("--scale", "Fit the image into the window, or show one pixel on one", ("fit", ScaleMode.Fit), ("1:1", ScaleMode.Unscaled));
        var console = new Option<uint?>("--console") { Description = "Of a VM with several, only this console." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("probe", "Tell what the host samples and scans out, and whether it scans a guest's planes out, and why not.") { source, windowed, seconds, transport, cursor, scale, console, json };
        command.SetAction(parsed => (int)onHost((loop, connect) => Run(loop, connect, output, messages, parsed.GetValue(json), CommandOption.InRange(parsed.GetValue(seconds), "--seconds") ?? DefaultSeconds,
            parsed.GetValue(source) is not { } named ? null : new()
            {
                Source = named,
                Fullscreen = !parsed.GetValue(windowed),
                Transport = parsed.GetValue(transport),
                Cursor = parsed.GetValue(cursor),
                Scale = parsed.GetValue(scale),
                Console = parsed.GetValue(console),
                Fixed = true,
                Clipboard = false,
            })));
        return command;
    }

    private static ExitCode Run(Loop loop, Func<Host> connect, TextWriter output, Messages messages, bool isJson, double seconds, ShowOptions? options)
    {
        // A source that is not there is said before a host is asked for.
        using var guest = options is null ? null : Sources.Open(options, loop, messages);
        var host = connect();
        using var trial = guest is null ? null : new Trial(loop, host, guest, options!, DrmState.Open());
        trial?.Run(seconds);
        var report = new ProbeReport(host, guest?.Source, [.. trial?.Watches.SelectMany(watch => PlaneView.Of(host, watch, options!)) ?? []]);
        if (isJson)
            WriteJson(report, output);
        else
            foreach (var line in report.Lines())
                output.WriteLine(line);
        return ExitCode.Ok;
    }

    private static void WriteJson(ProbeReport report, TextWriter output)
    {
        using var text = new MemoryStream();
        report.WriteJson(text);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(text.ToArray()));
    }
}
