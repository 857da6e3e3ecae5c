using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Wayland;
using ShowSetting = Guestplane.Compositor.Setting<Guestplane.Compositor.ShowOptions>;

namespace Guestplane.Compositor;

/// <summary>The source and the options of the commands that show a guest, each declared once.</summary>
internal static class ShowArguments
{
    /// <summary>In the order of --help. Files and descriptors are opened when the option is read.</summary>
    public static IEnumerable<ShowSetting> Options =>
    [
        ShowSetting.Text(
            "--output", "Fill this output of the compositor (its name, such as HDMI-A-1); wait for it if it is not there.",
            (show, name) => show with { Output = name }, form: "NAME"),
        ShowSetting.Value("--layout", "Put each head (see guestplane list) on an output.",
            (show, layout) => show with { Layout = layout }, ParseLayout, "HEAD=NAME,…"),
        ShowSetting.Value("--background", "The colour around the image (default: 000000, black).",
            (show, colour) => show with { Background = colour }, ParseColour, "RRGGBB"),
        ShowSetting.Choice("--transport", "Use only this way to show the image (default: the first that works).",
            (show, transport) => show with { Transport = transport }, Transports.Words),
        ShowSetting.Choice(
            "--planes", "Ask a VM's vGPU for its planes directly, or by QEMU (default: auto, directly if that works).",
            (show, way) => show with { Planes = way },
            ("auto", PlanesWay.Auto), ("qemu", PlanesWay.Qemu), ("vfio", PlanesWay.Vfio)),
        ShowSetting.Choice("--cursor", "How the cursor plane is shown (default: auto).",
            (show, cursor) => show with { Cursor = cursor },
            ("auto", CursorMode.Auto), ("subsurface", CursorMode.Subsurface), ("pointer", CursorMode.Pointer),
            ("none", CursorMode.None)),
        ShowSetting.Choice("--scale", "How the image is fitted into the window (default: fit).",
            (show, scale) => show with { Scale = scale },
            ("fit", ScaleMode.Fit), ("integer", ScaleMode.Integer), ("1:1", ScaleMode.Unscaled), ("stretch", ScaleMode.Stretch)),
        ShowSetting.Choice("--latency", "Show the newest flip as early as can be, or each at an even pace (default: low).",
            (show, latency) => show with { Latency = latency }, ("low", Latency.Low), ("smooth", Latency.Smooth)),
        ShowSetting.Flag("--tearing", "Let the compositor show a frame at once, in the middle of a refresh, if it can.",
            show => show with { Tearing = true }),
        ShowSetting.Choice("--content", "Tell the compositor what the VM shows (default: none).",
            (show, content) => show with { Content = content },
            [.. Enum.GetValues<WpContentTypeV1Type>().Select(type => (type.Spelled(), type))]),
        Color,
        ShowSetting.Choice("--hdr", "Tell the compositor that the VM's display is HDR: BT.2020 with PQ (default: none).",
            (show, hdr) => show with { Hdr = hdr }, ("none", HdrMode.None), ("pq", HdrMode.Pq)),
        ShowSetting.Choice(
            "--sync", "Synchronise with the compositor explicitly if it can (default: auto), or leave it to the kernel.",
            (show, sync) => show with { Sync = sync }, ("auto", SyncMode.Auto), ("implicit", SyncMode.Implicit)),
        ShowSetting.Value("--console", "Show only this console of a VM that has several (see guestplane list).",
            (show, number) => show with { Console = (uint)number }, CommandOption.Index, "N"),
        ShowSetting.Flag("--fixed", "Scale the image to the window, instead of asking the VM to follow the window's size.",
            show => show with { Fixed = true }),
        ShowSetting.Value<string>("--connect", ConnectionHelp,
            (show, uri) => show with { Connection = uri }, form: "URI"),
        Input,
        ShowSetting.Value("--keys", "Keys that are not for the VM, as screenshot=Ctrl+Alt+S (see man page).",
            (show, keys) => show with { Keys = keys }, ParseKeys, "ACTION=KEYS,…"),
        ShowSetting.Text("--screenshots", "The folder for screenshots (default: the current folder).",
            (show, folder) => show with { Screenshots = folder }, form: "FOLDER"),
        ShowSetting.Flag("--read-only", "Send nothing to the VM: no key, no pointer, no text.",
            show => show with { IsReadOnly = true }),
        ShowSetting.Flag("--no-clipboard", "Do not share the clipboard between the desktop and the VM.",
            show => show with { Clipboard = false }),
        ShowSetting.Value(
            "--guest-layout", "The VM's keyboard layout, for virtual keyboards: de, fr(bepo) and so on (default: us).",
            (show, layout) => show with { GuestLayout = layout }, ParseGuestLayout, "LAYOUT"),
        ShowSetting.Choice(
            "--touch", "What a finger on a touch screen is to the VM (default: auto, a pointer if the VM has a tablet).",
            (show, touch) => show with { Touch = touch },
            ("auto", TouchMode.Auto), ("touch", TouchMode.Touch), ("pointer", TouchMode.Pointer)),
        ShowSetting.Text("--edid", "Plug this monitor into the vGPU (default: one as large as the window).",
            (show, monitor) => show with { Edid = Edid.Parse(monitor) }, form: Edid.Help),
        ShowSetting.Value<string>("--title", "The window's title (default: the VM's name).",
            (show, title) => show with { Title = title }, form: "TEXT"),
        ShowSetting.Value("--app-id", "By which the compositor knows the window (default: guestplane).",
            (show, id) => show with { AppId = id }, ParseAppId, "ID"),
        ShowSetting.Flag("--quiet", "Print only warnings and errors.",
            show => show with { Verbosity = Verbosity.Quiet }, "-q"),
        ShowSetting.Flag("--verbose", "Also print the version, the compositor and the settings of guestplane.conf.",
            show => show with { Verbosity = Verbosity.Verbose }, "-v"),
        ShowSetting.Value("--frames", "End after this many flips.",
            (show, flips) => show with { Frames = flips }, CommandOption.Count, "N"),
        ShowSetting.Value("--seconds", "End after this many seconds.",
            (show, seconds) => show with { Seconds = seconds }, CommandOption.Number, "N"),
        ShowSetting.Text("--report", "Write a JSON report to this file at the end.",
            (show, path) => show with { Report = CommandOption.File(path, "The report") }, form: "FILE"),
        ShowSetting.Text(
            "--trace", "Write the timing of every frame to this file, for Perfetto (ui.perfetto.dev) or chrome://tracing.",
            (show, path) => show with { Trace = CommandOption.File(path, "The trace", patienceMs: 0) }, form: "FILE"),
        ShowSetting.Value("--ready-fd", "Write a newline to this descriptor when the first frame is on screen.",
            (show, number) => show with { Ready = CommandOption.Descriptor(number, "--ready-fd") },
            CommandOption.Index, "N"),
        ShowSetting.Text("--require", $"Exit with 1 unless this is met: {Requirements.Help}.",
            (show, wanted) => show with { Require = Requirements.Parse(wanted) }, form: "WHAT,…"),
    ];

    public const string ConnectionHelp = "libvirt's connection, for libvirt: sources, as for virsh -c.";

    private static ShowSetting Input
    {
        get
        {
            var setting = ShowSetting.Text(
                "--input", "Where keys, pointer and clipboard of a vfio:, pid: or fd: source go (default: auto, found for pid:).",
                (show, source) => show with { Input = source }, form: "auto|none|SOURCE");
            setting.Option.CompletionSources.Add(Completions.Inputs);
            return setting;
        }
    }

    private static ShowSetting Color
    {
        get
        {
            var setting = ShowSetting.Value(
                "--color", "The colours of a YUV image, such as bt601-full (default: bt601 up to 576 lines, else bt709).",
                (show, color) => show with { Color = color }, ParseColorModel, "MATRIX[-full][-SITING]");
            setting.Option.CompletionSources.Add([.. ColorModel.Words]);
            return setting;
        }
    }

    /// <summary>Some of the options, for a command that does not have all.</summary>
    public static IEnumerable<ShowSetting> Only(params string[] names) =>
        Options.Where(setting => names.Contains(setting.Option.Name));

    /// <summary>The argument that names a guest.</summary>
    /// <param name="what">The first line of its description.</param>
    public static Argument<string> Source(string what) => new("source")
    {
        Description = $"{what}\n{Sources.Help}",
        // Otherwise --help names the argument by its completions.
        HelpName = "source",
        CompletionSources = { Completions.Sources },
        Validators = { UsageError.RejectOption },
    };

    /// <summary>A command that shows a guest until its end.</summary>
    /// <param name="start">The command's defaults for a source.</param>
    /// <param name="own">The options that only this command has.</param>
    public static Command Command(
        string name, string what, Func<string, ShowOptions> start, Func<ShowOptions, ExitCode> run, params ShowSetting[] own)
    {
        var source = Source("What to show:");
        ShowSetting[] settings = [.. own, .. Options];
        var command = new Command(name, what) { source };
        settings.AddTo(command);
        Completions.AddTo(command, source);
        command.SetAction(parsed =>
        {
            var words = parsed.GetValue(source)!;
            var defaults = ConfigFile.Read()?.Apply(settings, parsed, words, start(words)) ?? start(words);
            var show = settings.Read(parsed, defaults);
            // The list of VMs runs several shows in one process.
            using (show.Report)
            using (show.Trace)
                return (int)run(show);
        });
        return command;
    }

    private static ColorModel ParseColorModel(ArgumentResult result)
    {
        var word = result.Tokens[^1].Value;
        if (ColorModel.Parse(word) is { } model)
            return model;
        result.AddError($"--color has the form {ColorModel.Help}, and is not \"{word}\".");
        return default;
    }

    private static Dictionary<string, string> ParseLayout(ArgumentResult result)
    {
        var layout = new Dictionary<string, string>();
        foreach (var pair in CommandOption.Words(result))
            // A console's label may contain anything; an output's name has no "=".
            if (pair.LastIndexOf('=') is var at
                && (at < 1 || at == pair.Length - 1 || !layout.TryAdd(pair[..at], pair[(at + 1)..])))
                CommandOption.Reject(result, "HEAD=OUTPUT,…, each head once");
        return layout;
    }

    private static KeyBindings ParseKeys(ArgumentResult result)
    {
        if (KeyBindings.Parse(result.Tokens[^1].Value, out var problem) is { } keys)
            return keys;
        result.AddError($"--keys: {problem}.");
        return KeyBindings.Default;
    }

    private static string ParseGuestLayout(ArgumentResult result)
    {
        var layout = result.Tokens[^1].Value;
        if (!GuestLayout.Exists(layout))
            result.AddError("--guest-layout takes a keyboard layout of xkeyboard-config, as us or de(nodeadkeys), "
                + $"and not \"{layout}\".");
        return layout;
    }

    /// <summary>
    /// The longest D-Bus name, which an app id should be (xdg-shell.xml), has 255 characters. A request has room for 4,000 bytes.
    /// </summary>
    private static string ParseAppId(ArgumentResult result)
    {
        const int Longest = 255;
        var id = CommandOption.NonEmpty(result, "ID");
        if (id.Length > Longest)
            result.AddError($"--app-id takes up to {Longest} characters, and not {id.Length}.");
        return id;
    }

    private static uint ParseColour(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value.TrimStart('#');
        if (text.Length == 6 && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var colour))
            return colour;
        CommandOption.Reject(result, "a colour as RRGGBB");
        return 0;
    }
}
