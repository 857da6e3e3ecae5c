using System.Diagnostics;
using System.Text.RegularExpressions;
using Guestplane.Compositor;
using Guestplane.Gvt.Pattern;
using Guestplane.Tests.Doc;
using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Dist;

/// <summary>The man pages tell what the program has, all of it, and nothing else.</summary>
public sealed partial class ManPageTests
{
    private static readonly ManPage s_root = new("guestplane");

    public static TheoryData<string> Pages => [.. ManPage.Names];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_has_the_options_that_help_lists(string page)
    {
        var help = page == "guestplane" ? Help() : Help(page["guestplane-".Length..]);
        var options = HelpOption().Matches(help).Select(match => ManPage.Closed(match.Groups["option"].Value, match.Groups["words"].Value));
        Assert.Equal(options.Order(), new ManPage(page).Options.Order());
    }

    [Fact]
    public void Each_command_has_a_page()
    {
        var commands = HelpCommand().Matches(Help().Split("\nCommands:\n")[1].Split("\n\n")[0]).Select(match => match.Groups[1].Value).Order().ToArray();
        Assert.Equal(commands, s_root.Commands.Order());
        Assert.Equal(["guestplane", .. commands.Select(command => $"guestplane-{command}")], ManPage.Names);
    }

    [Fact]
    public void Each_exit_code_is_told() => Assert.Equal(Enum.GetValues<ExitCode>().Select(code => (int)code), s_root.Numbers("EXIT STATUS"));

    [Fact]
    public void Each_key_of_the_pattern_is_told()
    {
        var keys = PatternKey().Matches(PatternOptions.Help["pattern[".Length..]).Select(match => match.Groups[1].Value);
        Assert.All(keys, key => Assert.Contains($"*{key}", s_root.Section("SOURCES"), StringComparison.Ordinal));
    }

    /// <summary>Terminals of other widths neither divide a line nor change a character of it.</summary>
    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public async Task Examples_can_be_copied_from_a_terminal(int columns)
    {
        Assert.SkipUnless(Tools.Has("scdoc") && Tools.Has("man"), "scdoc or man is not installed");
        var folder = Directory.CreateTempSubdirectory("guestplane-man-");
        var (status, said) = await Tools.Script(new(Path.Combine(Repository.Root, "dist", "make"), ["--man", folder.FullName]));
        Assert.True(status == 0, said);
        foreach (var page in ManPage.Names)
        {
            var man = new ProcessStartInfo("man", ["--local-file", Path.Combine(folder.FullName, $"{page}.1")]);
            (man.Environment["MANWIDTH"], man.Environment["LC_ALL"]) = ($"{columns}", "C.UTF-8");
            var lines = Tools.Run(man).Split('\n').Select(line => line.Trim()).ToHashSet();
            Assert.All(Examples(page), block => Assert.All(block.Text.Split('\n'), line => Assert.Contains(line.Trim(), lines)));
            Assert.DoesNotContain(lines, line => line.Contains('\u2010'));
        }
        folder.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_example_is_a_block(string page) =>
        Assert.DoesNotContain("\n\t", new ManPage(page).Section("EXAMPLES"), StringComparison.Ordinal);

    public static TheoryData<string> RunExamples => [.. ManPage.Names.SelectMany(Examples).Where(block => block.NotRun is null).Select(block => block.Place)];

    [Theory]
    [MemberData(nameof(RunExamples))]
    public Task An_example_works_as_printed(string place)
    {
        var block = ManPage.Names.SelectMany(Examples).First(block => block.Place == place);
        return CommandRun.ToEnd(block with { Text = block.Text.Replace("$ ", "", StringComparison.Ordinal) });
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Help_fits_a_terminal_and_ends_with_an_example_and_the_man_page(string page)
    {
        var help = page == "guestplane" ? Help() : Help(page["guestplane-".Length..]);
        Assert.DoesNotContain(help.Split('\n'), line => line.Length > 130);
        // An option without a group would be among them.
        Assert.Subset(new HashSet<string> { "--help", "--version" },
            HelpOption().Matches(help.Split("\nOthers:\n")[1]).Select(match => match.Groups["option"].Value).ToHashSet());
        Assert.Contains($": man {page}", help.Split("\n\n")[^1], StringComparison.Ordinal);
        Assert.True(page == "guestplane-list" || help.Contains("\nExample:\n  guestplane ", StringComparison.Ordinal), help);
    }

    private static IEnumerable<FencedBlock> Examples(string page) => new ManPage(page).Examples;

    private static string Help(params string[] command)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        return Tools.Run(new ProcessStartInfo(Repository.Program, [.. command, "--help"]));
    }

    // "  -?, -h, --help  …", "  --scale fit|1:1  …"
    [GeneratedRegex(@"^  (?:-\S, )*(?<option>--[a-z-]+)(?: (?<words>\S+))?(?:  |$)", RegexOptions.Multiline)]
    private static partial Regex HelpOption();

    // "size=WxH", "cursor|no-cursor"; not the words after "memory=".
    [GeneratedRegex(@"(?<=[:,])([a-z-]+=?)")]
    private static partial Regex PatternKey();

    [GeneratedRegex("^  ([a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex HelpCommand();
}
