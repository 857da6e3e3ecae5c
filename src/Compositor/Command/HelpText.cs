using System.CommandLine;
using System.CommandLine.Help;

namespace Guestplane.Compositor;

/// <summary>Prints --help: a command's use, its options in groups, an example, and where there is more.</summary>
internal sealed class HelpText(TextWriter output)
{
    private const int Width = 80, Column = 28;

    /// <summary>Options that are in none of these are in a last group.</summary>
    private static readonly (string Title, string[] Options)[] s_groups =
    [
        ("The window", ["--fullscreen", "--output", "--layout", "--scale", "--background", "--fixed", "--no-decorations",
            "--no-text", "--console", "--connect", "--edid", "--title", "--app-id", "--raise", "--windowed", "--splash"]),
        ("The image", ["--transport", "--planes", "--cursor", "--color", "--hdr", "--latency", "--sync", "--tearing",
            "--content"]),
        ("Keyboard, pointer and clipboard", ["--input", "--guest-layout", "--touch", "--show-pointer", "--keys",
            "--screenshots", "--read-only", "--no-clipboard"]),
        ("When something goes away", ["--wait", "--reconnect", "--keep-awake"]),
        ("The socket", ["--socket", "--bus", "--allow", "--group", "--rate", "--linger"]),
        ("Cases", ["--source", "--quick", "--formats", "--sizes", "--buffers", "--cursors", "--windows", "--rates", "--memory"]),
        ("The end, and what is measured", ["--frames", "--seconds", "--require", "--report", "--json", "--junit", "--html",
            "--trace", "--ready-fd", "--quiet", "--verbose"]),
    ];

    private static readonly Dictionary<string, string> s_examples = new()
    {
        ["guestplane"] = "guestplane show pattern",
        ["show"] = "guestplane show qemu: --wait --fullscreen",
        ["kiosk"] = "guestplane kiosk qemu:user=vm,qmp=/run/vm/qmp.sock --splash logo.png",
        ["pick"] = "guestplane pick",
        ["probe"] = "guestplane probe qemu:",
        ["share"] = "guestplane share vfio:UUID --socket /run/vm/screen --group kvm",
        ["scanout-test"] = "guestplane scanout-test --quick --html scanout.html",
    };

    /// <param name="output">Standard output.</param>
    /// <param name="parsed">What --help was found in; anything else in it may be wrong.</param>
    public static ExitCode Write(TextWriter output, ParseResult parsed)
    {
        var root = parsed.RootCommandResult.Command;
        new HelpText(output).Write(parsed.CommandResult.Command, [.. root.Options.OfType<HelpOption>()]);
        return ExitCode.Ok;
    }

    private void Write(Command command, IReadOnlyList<Option> everywhere)
    {
        var (isRoot, name) = (command is RootCommand, command is RootCommand ? ProgramName.Name : command.Name);
        var source = command.Arguments switch
        {
            [] => "",
            [{ Arity.MinimumNumberOfValues: 0 }] => " [SOURCE]",
            _ => " SOURCE",
        };
        output.WriteLine($"Usage: {ProgramName.Name}{(isRoot ? " COMMAND" : $" {name}")}{source} [OPTION…]\n");
        output.WriteLine(command.Description);
        if (command.Arguments is [var argument])
            output.WriteLine($"\n{argument.Description}");
        if (isRoot)
            WriteGroup("Commands", command.Subcommands.Select(known => (known.Name, known.Description ?? "")));
        WriteOptions([.. command.Options, .. isRoot ? [] : everywhere]);
        if (s_examples.TryGetValue(name, out var example))
            output.WriteLine($"\nExample:\n  {example}");
        output.WriteLine(isRoot ? "\nSources, exit codes and environment: man guestplane"
            : $"\nMore: man guestplane-{name}; exit codes and environment: man guestplane");
    }

    private void WriteOptions(List<Option> options)
    {
        foreach (var (title, names) in s_groups)
            WriteGroup(title, from name in names from option in options where option.Name == name select Entry(option));
        WriteGroup("Others", options.Where(option => !s_groups.Any(group => group.Options.Contains(option.Name))).Select(Entry));
    }

    private static (string Name, string What) Entry(Option option)
    {
        var names = string.Join(", ", option.Aliases.OrderBy(alias => alias, StringComparer.Ordinal).Append(option.Name));
        return (option.HelpName is null ? names : $"{names} {option.HelpName}", option.Description ?? "");
    }

    private void WriteGroup(string title, IEnumerable<(string Name, string What)> entries)
    {
        if (!entries.Any())
            return;
        output.WriteLine($"\n{title}:");
        foreach (var (name, what) in entries)
        {
            // A name that reaches into the second column has a line of its own.
            var line = $"  {name}".PadRight(Column);
            if (line.Length > Column || !line.EndsWith("  ", StringComparison.Ordinal))
            {
                output.WriteLine(line.TrimEnd());
                line = "".PadRight(Column);
            }
            foreach (var word in what.Split(' '))
            {
                if (line.Length + word.Length >= Width && line.Trim().Length > 0)
                {
                    output.WriteLine(line.TrimEnd());
                    line = "".PadRight(Column);
                }
                line += word + " ";
            }
            output.WriteLine(line.TrimEnd());
        }
    }
}
