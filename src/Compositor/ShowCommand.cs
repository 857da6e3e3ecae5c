using System.CommandLine;
using Guestplane.Gvt.Vfio;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary><c>guestplane show SOURCE</c>: its options.</summary>
internal static class ShowCommand
{
    /// <param name="run">Shows, and says how it went.</param>
    public static Command Create(Func<ShowOptions, ExitCode> run)
    {
        var source = new Argument<string>("source") { Description = "What to show:\n" + Sources.Help };
        var fullscreen = new Option<bool>("--fullscreen") { Description = "Fill the screen." };
        var transport = CommandOption.Choice<Transport?>("--transport", "Use only this transport", [.. Transports.Words.Select(w => (w.Word, (Transport?)w.Transport))]);
        var cursor = CommandOption.Choice("--cursor", "How the cursor plane is shown", ("auto", CursorMode.Auto), ("subsurface", CursorMode.Subsurface), ("pointer", CursorMode.Pointer), ("none", CursorMode.None));
        var scale = CommandOption.Choice("--scale", "Fit the image into the window, or show one pixel on one", ("fit", ScaleMode.Fit), ("1:1", ScaleMode.Unscaled));
        var latency = CommandOption.Choice("--latency", "Show the newest flip as early as can be, or each at an even pace", ("low", Latency.Low), ("smooth", Latency.Smooth));
        var tearing = new Option<bool>("--tearing") { Description = "Let a frame be shown at once, in the middle of a refresh, where the host can." };
        var content = CommandOption.Choice("--content", "Tell the host what the guest shows", [.. Enum.GetValues<WpContentTypeV1Type>().Select(type => (type.ToString().ToLowerInvariant(), type))]);
        var sync = CommandOption.Choice("--sync", "Synchronise with the host explicitly where that can be, or leave it to the kernel", ("auto", SyncMode.Auto), ("implicit", SyncMode.Implicit));
        var console = new Option<uint?>("--console") { Description = "Of a VM with several, show only this console (see guestplane list)." };
        var wait = new Option<bool>("--wait") { Description = "When the VM ends, keep its last image, dimmed, until it is there again." };
        var reconnect = new Option<bool>("--reconnect") { Description = "When the Wayland host ends, wait for it, and show the guest there again." };
        var keepSize = new Option<bool>("--fixed") { Description = "Scale the guest to the window, instead of asking it to follow the window's size." };
        var noClipboard = new Option<bool>("--no-clipboard") { Description = "Keep the guest from the desktop's clipboard, and the desktop from the guest's." };
        var edid = new Option<string?>("--edid") { Description = $"Plug a monitor into the vGPU: {Edid.Help}." };
        var frames = new Option<long?>("--frames") { Description = "End after so many flips." };
        var seconds = new Option<double?>("--seconds") { Description = "End after so long." };
        var report = new Option<string?>("--report") { Description = "Write a JSON report to this file at the end." };
        var trace = new Option<string?>("--trace") { Description = "Write every frame's way to this file, for Perfetto (ui.perfetto.dev) or chrome://tracing." };
        var ready = new Option<int?>("--ready-fd") { Description = "Write a newline to this descriptor when the first frame is on screen." };
        var require = new Option<string?>("--require") { Description = $"Exit with 1 unless: {Requirements.Help}." };
        var command = new Command("show", "Show a guest.") { source, fullscreen, transport, cursor, scale, latency, tearing, content, sync, console, wait, reconnect, keepSize, noClipboard, edid, frames, seconds, report, trace, ready, require };
        command.SetAction(parsed => (int)run(new ShowOptions
        {
            Source = parsed.GetValue(source)!,
            Fullscreen = parsed.GetValue(fullscreen),
            Transport = parsed.GetValue(transport),
            Cursor = parsed.GetValue(cursor),
            Scale = parsed.GetValue(scale),
            Latency = parsed.GetValue(latency),
            Tearing = parsed.GetValue(tearing),
            Content = parsed.GetValue(content),
            Sync = parsed.GetValue(sync),
            Console = parsed.GetValue(console),
            Wait = parsed.GetValue(wait),
            Reconnect = parsed.GetValue(reconnect),
            Clipboard = !parsed.GetValue(noClipboard),
            Fixed = parsed.GetValue(keepSize),
            Edid = parsed.GetValue(edid) is { } monitor ? Edid.Parse(monitor) : null,
            Frames = CommandOption.InRange(parsed.GetValue(frames), "--frames"),
            Seconds = CommandOption.InRange(parsed.GetValue(seconds), "--seconds"),
            Report = parsed.GetValue(report) is { } path ? CommandOption.File(path, "The report") : null,
            Trace = parsed.GetValue(trace) is { } traceFile ? CommandOption.File(traceFile, "The trace") : null,
            Ready = parsed.GetValue(ready) is { } number ? CommandOption.Descriptor(number, "--ready-fd") : null,
            Require = parsed.GetValue(require) is { } required ? Requirements.Parse(required) : Requirements.None,
        }));
        return command;
    }
}
