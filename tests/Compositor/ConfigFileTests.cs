using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>guestplane.conf, by the program itself.</summary>
public sealed class ConfigFileTests : IDisposable
{
    private const int Usage = 64;
    private const string Pattern = "pattern:memory=memfd,no-cursor";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-config-");
    private readonly FakeHost _host = new(new HostSetup(Repository.Protocols) { KeyboardPresent = true });

    private string Conf => Path.Combine(_folder.FullName, "guestplane.conf");

    public void Dispose()
    {
        _host.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void A_section_has_precedence_over_the_rest_and_the_command_line_over_both()
    {
        Write("# all", "title=all", "  app-id = everyone ", "fullscreen=yes", "seconds=100", "", $"[{Pattern}]", "title = mine = yours",
            "fullscreen=no", "[qemu:]", "title=other");
        using var run = Start($"show {Pattern} --frames 5 --seconds 50 -v");
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Single(_host.Transcript.Matching(".set_title(\"mine = yours\")"));
        Assert.Single(_host.Transcript.Matching(".set_app_id(\"everyone\")"));
        Assert.Empty(_host.Transcript.Matching(".set_fullscreen("));
        Assert.Contains($"{Conf}:8: title=mine = yours", run.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("seconds=100", run.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flag_of_the_file_can_be_switched_off()
    {
        Write("fullscreen=on");
        using (var run = Start($"show {Pattern} --frames 5"))
            Assert.Equal(0, run.Wait().ExitCode);
        Assert.Single(_host.Transcript.Matching(".set_fullscreen("));
        using (var run = Start($"show {Pattern} --frames 5 --fullscreen=false"))
            Assert.Equal(0, run.Wait().ExitCode);
        Assert.Single(_host.Transcript.Matching(".set_fullscreen("));
    }

    [Theory]
    [InlineData(1, "titel=x", "there is no option \"titel\"; did you mean title; see man guestplane.conf")]
    [InlineData(2, "\nsocket=/x", "there is no option \"socket\"; see man guestplane.conf")]
    [InlineData(2, "[qemu:]\nseconds=x", "--seconds takes a number above 0 and up to 1000000000, such as 2.5, and not \"x\"")]
    [InlineData(1, "fullscreen=maybe", "fullscreen takes yes or no, and not \"maybe\"")]
    [InlineData(1, "fullscreen", "\"fullscreen\" has no value; the form of a line is KEY=VALUE")]
    [InlineData(1, "=x", "\"=x\" has no value; the form of a line is KEY=VALUE")]
    [InlineData(1, "[qemu:", "\"[qemu:\" is no section; its form is [SOURCE]")]
    [InlineData(3, "title=a\n; a comment\ntitle=b", "title is set in line 1 already")]
    [InlineData(1, "scale=9", "--scale takes fit, integer, 1:1, stretch, and not \"9\"")]
    [InlineData(1, "require=everything=1", "\"everything=1\" is no requirement")]
    public void A_wrong_line_is_named(int line, string text, string clause)
    {
        Write(text.Split('\n'));
        using var run = Start($"show {Pattern} --frames 5");
        Assert.Equal(Usage, run.Wait().ExitCode);
        Assert.StartsWith($"guestplane: {Conf}:{line}: {clause}", run.Messages, StringComparison.Ordinal);
        Assert.Single(run.Messages.TrimEnd().Split('\n'));
    }

    [Fact]
    public void An_option_of_the_other_command_is_no_error()
    {
        Write("splash=/nonexistent.png", "wait=yes");
        using var run = Start($"show {Pattern} --frames 5");
        Assert.Equal(0, run.Wait().ExitCode);
    }

    [Fact]
    public void A_file_that_is_not_text_is_named()
    {
        File.WriteAllBytes(Conf, [(byte)'a', 0xff, (byte)'\n']);
        using var run = Start($"show {Pattern} --frames 5");
        Assert.Equal((Usage, $"guestplane: {Conf} is not UTF-8."), (run.Wait().ExitCode, run.Messages.Trim()));
    }

    [Fact]
    public void Quiet_says_nothing_of_what_goes_well()
    {
        using var run = Start($"show {Pattern} --frames 5 -q");
        Assert.Equal((0, ""), (run.Wait().ExitCode, run.Messages));
        using var failed = Start($"show {Pattern} --frames 5 -q --require zero-copy=100%");
        Assert.Equal(1, failed.Wait().ExitCode);
        Assert.Single(failed.Messages.TrimEnd().Split('\n'));
    }

    private void Write(params string[] lines) => File.WriteAllLines(Conf, lines);

    private ProgramRun Start(string arguments) => ProgramRun.Start(_host, arguments, ("XDG_CONFIG_HOME", _folder.FullName));
}
