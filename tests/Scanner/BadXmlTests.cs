using Microsoft.CodeAnalysis;

namespace Guestplane.Tests.Scanner;

/// <summary>A bad protocol file is a sentence that names the file and the line, never an exception and never broken C#.</summary>
public sealed class BadXmlTests
{
    private const string Path = "/p/bad.xml";

    public static TheoryData<string, int, string> BadFiles => new()
    {
        { "no XML at all", 1, "" },
        { "", 0, "" },
        { "<protocol name='p'>\n<interface name='i' version='1'>\n</protocol>", 3, "interface" },
        { "<!DOCTYPE protocol [<!ENTITY a 'x'>]>\n<protocol name='p'/>", 1, "DTD" },
        { "<!DOCTYPE p [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>\n<protocol name='&c;'/>", 1, "DTD" },
        { "<!DOCTYPE protocol SYSTEM 'file:///etc/passwd'>\n<protocol name='p'/>", 1, "DTD" },
        { "\n<protocols name='p'/>", 2, "<protocols>" },
        { "<protocol/>", 1, "'name'" },
        { "<protocol name='p'>\n<interface version='1'/></protocol>", 2, "'name'" },
        { "<protocol name='p'>\n<interface name='' version='1'/></protocol>", 2, "'name'" },
        { "<protocol name='p'>\n<interface name='i'/></protocol>", 2, "'version'" },
        { "<protocol name='p'>\n<interface name='i' version='0'/></protocol>", 2, "version='0'" },
        { "<protocol name='p'>\n<interface name='i' version='-1'/></protocol>", 2, "version='-1'" },
        { "<protocol name='p'>\n<interface name='i' version='99999999999'/></protocol>", 2, "99999999999" },
        { InInterface("<request/>"), 3, "'name'" },
        { InInterface("<request name='r' since='x'/>"), 3, "since='x'" },
        { InInterface("<request name='r'>\n<arg name='a' type='float'/></request>"), 4, "'float'" },
        { InInterface("<request name='r'>\n<arg name='a'/></request>"), 4, "'type'" },
        { InInterface("<event name='e'>\n<arg type='int'/></event>"), 4, "'name'" },
        { InInterface("<enum name='e'>\n<entry name='v' value='ten'/></enum>"), 4, "'ten'" },
        { InInterface("<enum name='e'>\n<entry name='v' value='0x1ffffffff'/></enum>"), 4, "0x1ffffffff" },
        { InInterface("<enum name='e'>\n<entry name='v'/></enum>"), 4, "'value'" },
        { InInterface($"\n<request name='r'>{Arguments(19)}</request>"), 4, "19 arguments" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void A_bad_file_is_reported_with_its_line(string text, int line, string named)
    {
        var result = ScannerRun.Run(new ProtocolText(Path, text));
        Assert.Null(result.Exception);
        var said = Assert.Single(result.Diagnostics);
        Assert.Equal(("WLS001", DiagnosticSeverity.Error), (said.Id, said.Severity));
        Assert.StartsWith("bad.xml: ", said.GetMessage());
        Assert.Contains(named, said.GetMessage());
        var at = said.Location.GetLineSpan();
        Assert.Equal((Path, Math.Max(0, line - 1)), (at.Path, at.StartLinePosition.Line));
        Assert.Empty(result.GeneratedSources);
    }

    [Fact]
    public void Eighteen_arguments_are_allowed()
    {
        var result = ScannerRun.Run(new ProtocolText(Path, InInterface($"<request name='r'>{Arguments(18)}</request>")));
        Assert.Empty(result.Diagnostics);
    }

    [Theory]
    [InlineData("<request name='r'><arg name='a' type='object' interface='nobody'/></request>", "i.r names nobody")]
    [InlineData("<event name='e'><arg name='a' type='new_id' interface='nobody'/></event>", "i.e names nobody")]
    public void An_undefined_interface_is_reported(string message, string named)
    {
        var result = ScannerRun.Run(new ProtocolText(Path, InInterface(message)));
        Assert.Null(result.Exception);
        var said = Assert.Single(result.Diagnostics);
        Assert.Equal("WLS002", said.Id);
        Assert.Contains(named, said.GetMessage());
    }

    [Fact]
    public void A_bad_file_does_not_prevent_the_good_ones()
    {
        var result = ScannerRun.Run(new ProtocolText(Path, "<x/>"), new ProtocolText("/p/good.xml", InInterface("")));
        Assert.Single(result.Diagnostics);
        Assert.Equal(["I.g.cs", "InterfaceTable.g.cs"], result.GeneratedSources.Select(source => source.HintName).Order(StringComparer.Ordinal));
    }

    private static string InInterface(string content) => $"<protocol name='p'>\n<interface name='i' version='1'>\n{content}</interface></protocol>";

    private static string Arguments(int count) => string.Concat(Enumerable.Range(0, count).Select(n => $"<arg name='a{n}' type='int'/>"));
}
