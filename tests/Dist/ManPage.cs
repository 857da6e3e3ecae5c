using System.Text.RegularExpressions;
using Guestplane.Tests.Doc;

namespace Guestplane.Tests.Dist;

/// <summary>A man page of ours, as it is written (scdoc).</summary>
internal sealed partial class ManPage(string name)
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "doc", "man");

    private readonly string _text = File.ReadAllText(Path.Combine(s_folder, $"{name}.1.scd"));

    /// <summary>"guestplane", "guestplane-show" and so on.</summary>
    public static string[] Names { get; } = [.. Directory.EnumerateFiles(s_folder, "*.1.scd").Select(file => Path.GetFileName(file)[..^".1.scd".Length]).Order()];

    /// <summary>The options that have an entry, without dashes' one-letter kin, each with its words where they are a closed set: "--scale fit|1:1".</summary>
    public IEnumerable<string> Options => Entries.Concat(Shared);

    private IEnumerable<string> Entries => OptionEntry().Matches(Section("OPTIONS")).Select(match => Closed(match.Groups["option"].Value, match.Groups["words"].Value));

    /// <summary>Those of the page that it refers to, but for those that the same sentence leaves out.</summary>
    private IEnumerable<string> Shared => Reference().Match(Section("OPTIONS")) is { Success: true } reference
        ? new ManPage(reference.Groups["page"].Value).Options.Where(option => !reference.Groups["without"].Value.Contains($"*{option.Split(' ')[0]}*", StringComparison.Ordinal))
        : [];

    /// <summary>The entries of a section that are numbers.</summary>
    public IEnumerable<int> Numbers(string section) => NumberEntry().Matches(Section(section)).Select(match => int.Parse(match.Groups[1].Value));

    /// <summary>The commands that it has an entry for.</summary>
    public IEnumerable<string> Commands => CommandEntry().Matches(Section("COMMANDS")).Select(match => match.Groups[1].Value);

    /// <summary>An option and its argument as --help and a man page both show it; of an argument that is no closed set only that they have one.</summary>
    public static string Closed(string option, string words) => words.Contains('|') && !words.Contains('=') ? $"{option} {words}" : words.Length > 0 ? $"{option} …" : option;

    /// <summary>The blocks of EXAMPLES, as they are printed.</summary>
    public IEnumerable<FencedBlock> Examples
    {
        get
        {
            var lines = Section("EXAMPLES").Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                if (lines[i] != "```")
                    continue;
                var end = Array.IndexOf(lines, "```", i + 1);
                yield return new(name, i, "sh", string.Join('\n', lines[(i + 1)..end]),
                    [.. lines[..i].Reverse().TakeWhile(FencedBlock.IsMark)]);
                i = end;
            }
        }
    }

    public string Section(string title) => _text.Split($"\n# {title}\n", 2) is [_, var rest] ? NextSection().Split(rest, 2)[0] : "";

    [GeneratedRegex(@"^(?:\*-.\*, )*\*(?<option>--[a-z-]+)\*(?: _(?<words>\S+)_)?$", RegexOptions.Multiline)]
    private static partial Regex OptionEntry();

    [GeneratedRegex(@"^The options of \*(?<page>\S+)\*\(1\)(?<without>[^:]*):$", RegexOptions.Multiline)]
    private static partial Regex Reference();

    // Not "# systemctl", a root's command in an example.
    [GeneratedRegex(@"\n# (?=[A-Z ]+\n)")]
    private static partial Regex NextSection();

    [GeneratedRegex(@"^\*(\d+)\*$", RegexOptions.Multiline)]
    private static partial Regex NumberEntry();

    [GeneratedRegex(@"^\*guestplane-([a-z-]+)\*\(1\)$", RegexOptions.Multiline)]
    private static partial Regex CommandEntry();
}
