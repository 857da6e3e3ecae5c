using System.Diagnostics;
using System.Text.RegularExpressions;
using Guestplane.Compositor;
using Guestplane.Gvt.Pattern;

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
        var commands = HelpCommand().Matches(Help().Split("\nCommands:\n")[1]).Select(match => match.Groups[1].Value).Order().ToArray();
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

    private static string Help(params string[] command)
    {
        Assert.SkipUnless(File.Exists(Repository.Program), "artifacts/guestplane is not built: ./run --build-only");
        return Hosts.Tools.Run(new ProcessStartInfo(Repository.Program, [.. command, "--help"]));
    }

    // "  -?, -h, --help  …", "  --scale <fit|1:1>  …"
    [GeneratedRegex(@"^  (?:-\S, )*(?<option>--[a-z-]+)(?: <(?<words>[^>]+)>)?(?:  |$)", RegexOptions.Multiline)]
    private static partial Regex HelpOption();

    // "size=WxH", "cursor|no-cursor"; not the words after "memory=".
    [GeneratedRegex(@"(?<=[:,])([a-z-]+=?)")]
    private static partial Regex PatternKey();

    [GeneratedRegex("^  ([a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex HelpCommand();
}
