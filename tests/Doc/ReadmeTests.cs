using System.Diagnostics;
using System.Text.RegularExpressions;
using Guestplane.Tests.Hosts;
using Guestplane.Tests.House;

namespace Guestplane.Tests.Doc;

/// <summary>README.md can be read in five minutes, and says what is so.</summary>
public sealed partial class ReadmeTests
{
    private const int MaxWords = 25, MaxLines = 195;
    private const double Megabyte = 1e6;

    private static readonly MarkdownPage s_readme = new("README.md");

    [Fact]
    public void No_sentence_has_more_than_25_words() => s_readme.Sentences
        .Where(sentence => MarkdownPage.Words(sentence) > MaxWords)
        .Select(sentence => $"{MarkdownPage.Words(sentence)} words: {sentence}").MustBeNone();

    [Fact]
    public void It_is_short() => Assert.InRange(s_readme.Text.Count(letter => letter == '\n') + 1, 1, MaxLines);

    [Fact]
    public void Users_read_compositor_and_VM() => s_readme.Sentences
        .Where(sentence => HostOrGuest().IsMatch(Regex.Replace(sentence, "`[^`]*`", ""))).MustBeNone();

    [Fact]
    public void Every_link_leads_to_a_file() => (
        from path in MarkdownPage.Paths
        from link in new MarkdownPage(path).Links
        where !Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(path)!, link))
        select $"{path}: {link}").MustBeNone();

    [Fact]
    public void The_size_is_the_programs()
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        var told = int.Parse(SizeFigure().Match(s_readme.Text).Groups[1].Value);
        Assert.Equal(told, Math.Round(new FileInfo(Repository.Program).Length / Megabyte));
    }

    [Fact]
    public void The_libraries_are_those_of_the_version_text()
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        var printed = Tools.Run(new ProcessStartInfo(Repository.Program, ["--version"])).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1).Select(line => line.Split(':')[0]);
        var told = s_readme.FirstCells.Where(cell => cell.StartsWith("`lib", StringComparison.Ordinal)).Select(cell => cell.Trim('`'));
        Assert.Equal(printed.Order(), told.Order());
    }

    [GeneratedRegex(@"\b([Hh]osts?|[Gg]uests?)\b")]
    private static partial Regex HostOrGuest();

    [GeneratedRegex("one file of about ([0-9]+) MB")]
    private static partial Regex SizeFigure();
}
