using System.Text.RegularExpressions;

namespace Guestplane.Tests.Doc;

/// <summary>A page of the project's documents: README.md, or one of doc.</summary>
/// <param name="path">From the checkout's root on.</param>
internal sealed partial class MarkdownPage(string path)
{
    private readonly string[] _lines = File.ReadAllLines(System.IO.Path.Combine(Repository.Root, path));

    /// <summary>README.md and the pages of doc, from the checkout's root on.</summary>
    public static string[] Paths { get; } =
    [
        "README.md",
        .. Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "doc"), "*.md")
            .Select(file => System.IO.Path.GetRelativePath(Repository.Root, file)).Order(StringComparer.Ordinal),
    ];

    public string Path => path;

    public string Text => string.Join('\n', _lines);

    /// <summary>What stands between fences.</summary>
    public IEnumerable<FencedBlock> Blocks
    {
        get
        {
            for (var i = 0; i < _lines.Length; i++)
            {
                if (!_lines[i].StartsWith("```", StringComparison.Ordinal))
                    continue;
                var end = Array.IndexOf(_lines, "```", i + 1);
                var marks = _lines[..i].Reverse().TakeWhile(FencedBlock.IsMark).ToArray();
                yield return new(path, i + 1, _lines[i][3..], string.Join('\n', _lines[(i + 1)..end]), marks);
                i = end;
            }
        }
    }

    /// <summary>The files of the checkout that it refers to, as it writes them.</summary>
    public IEnumerable<string> Links => Link().Matches(Text).Select(match => match.Groups["to"].Value)
        .Where(to => !to.Contains("://", StringComparison.Ordinal));

    /// <summary>The first cells of the rows of its tables.</summary>
    public IEnumerable<string> FirstCells => _lines.Where(line => line.StartsWith("| ", StringComparison.Ordinal))
        .Select(line => line[2..].Split(" |", 2)[0]);

    /// <summary>Its sentences, without code blocks; items of lists and cells of tables are sentences, too.</summary>
    public IEnumerable<string> Sentences =>
        from part in Parts()
        from sentence in SentenceEnd().Split(Link().Replace(part, "${text}"))
        where sentence.Any(char.IsLetter)
        select sentence.Trim();

    /// <summary>How many words a sentence has; a piece of code is one.</summary>
    public static int Words(string sentence) =>
        Code().Replace(sentence, "code").Split(' ', StringSplitOptions.RemoveEmptyEntries).Count(word => word.Any(char.IsLetterOrDigit));

    private IEnumerable<string> Parts()
    {
        var part = "";
        var isCode = false;
        foreach (var line in _lines.Append(""))
        {
            var isFence = line.StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;
            var isRow = line.StartsWith('|');
            if (part.Length > 0 && (isFence || isCode || isRow || line.Length == 0 || line.StartsWith("- ", StringComparison.Ordinal)))
            {
                yield return part;
                part = "";
            }
            if (isRow)
                foreach (var cell in line.Split(" | "))
                    yield return cell.Trim('|', ' ');
            else if (!isCode && !isFence && !FencedBlock.IsMark(line))
                part += line.TrimStart('-', '#', ' ') + " ";
        }
    }

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\((?<to>[^)]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<=[.!?])\s+")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Code();
}
