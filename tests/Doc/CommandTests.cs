using Guestplane.Tests.House;

namespace Guestplane.Tests.Doc;

/// <summary>The commands of README.md and doc do what they are there for.</summary>
public sealed class CommandTests
{
    private static readonly string[] s_languages = ["sh", "xml", "ini", "yaml", "json", "text"];

    public static TheoryData<string> Run => [.. Commands.Where(block => block.NotRun is null).Select(block => block.Place)];

    private static IEnumerable<FencedBlock> Commands => AllBlocks.Where(block => block.IsCommand);

    private static IEnumerable<FencedBlock> AllBlocks => MarkdownPage.Paths.SelectMany(path => new MarkdownPage(path).Blocks);

    [Fact]
    public void Every_block_says_what_it_is() => AllBlocks
        .Where(block => !s_languages.Contains(block.Language) || (block.IsCommand && block.NotRun is null && block.Text.Contains("sudo ", StringComparison.Ordinal)))
        .Select(block => $"{block.Place}: a block of \"{block.Language}\"").MustBeNone();

    [Theory]
    [MemberData(nameof(Run))]
    public Task A_command_works_as_printed(string place) => CommandRun.ToEnd(Commands.First(block => block.Place == place));
}
