using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>What a shell may offer where only this machine knows the words: sources, outputs, consoles.</summary>
internal static class Completions
{
    /// <summary>For an argument or an option that takes a source.</summary>
    public static IEnumerable<CompletionItem> Sources(CompletionContext context) =>
        Items(Compositor.Sources.Words(context.WordToComplete));

    /// <summary>Those of a machine's own libvirt.</summary>
    private static readonly string[] s_connections = ["qemu:///session", "qemu:///system"];

    /// <summary>For list's --connect.</summary>
    public static IEnumerable<CompletionItem> Connections(CompletionContext context) => Items(s_connections);

    /// <summary>For --input: no vGPU and no pattern has input devices.</summary>
    public static IEnumerable<CompletionItem> Inputs(CompletionContext context) =>
        Items(["auto", "none", "qmp:", .. Compositor.Sources.Words(context.WordToComplete)
            .Where(word => QemuSource.Is(word) || word.StartsWith("libvirt:", StringComparison.Ordinal))]);

    /// <summary>Gives those of a command's options their words for which only this machine, or the source, knows them.</summary>
    /// <param name="command">The command.</param>
    /// <param name="source">Its source, which has the consoles and the heads.</param>
    public static void AddTo(Command command, Argument source)
    {
        foreach (var option in command.Options)
            option.CompletionSources.Add(context => Items(
                Words(option.Name, context.ParseResult.GetResult(source)?.Tokens is [{ Value: var words }] ? words : "")));
    }

    private static IEnumerable<string> Words(string option, string source) => option switch
    {
        "--output" => Outputs(),
        "--layout" => from head in Heads(source) from output in Outputs() select $"{head}={output}",
        "--console" when IsVm(source) => Consoles(source),
        "--keys" => KeyBindings.Words.Select(action => $"{action}="),
        "--bus" => ["session", "system"],
        "--connect" => s_connections,
        _ => [],
    };

    /// <summary>Of a source that need not be opened for that.</summary>
    private static IEnumerable<string> Heads(string source)
    {
        try
        {
            if (source.StartsWith("pattern:", StringComparison.Ordinal))
                return Enumerable.Range(0, PatternOptions.Parse(source["pattern:".Length..]).Heads)
                    .Select(head => head.ToString(CultureInfo.InvariantCulture));
        }
        catch (SourceException)
        {
            // Options that are wrong have no heads.
            return [];
        }
        using var loop = new Loop();
        return IsVm(source) ? [.. QemuInventory.HeadWords(loop, source)]
            : source.Length == 0 || QemuSource.Is(source) ? [] : ["0"];
    }

    private static bool IsVm(string source) => source.StartsWith("qemu:", StringComparison.Ordinal);

    private static IEnumerable<string> Outputs()
    {
        using var loop = new Loop();
        try
        {
            using var host = Host.Connect(loop);
            return [.. host.Globals.Outputs.Select(output => output.Name).OfType<string>()];
        }
        catch (ExitException)
        {
            // No compositor has no outputs.
            return [];
        }
    }

    private static IEnumerable<string> Consoles(string vm)
    {
        using var loop = new Loop();
        return QemuInventory.ConsoleWords(loop, vm);
    }

    private static IEnumerable<CompletionItem> Items(IEnumerable<string> words) => words.Select(word => new CompletionItem(word));
}
