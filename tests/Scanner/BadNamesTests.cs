namespace Guestplane.Tests.Scanner;

/// <summary>Protocols that are good XML and would be bad C#.</summary>
public sealed class BadNamesTests
{
    private const string Path = "/p/bad.xml";

    [Fact]
    public void An_interface_that_two_files_define_is_reported()
    {
        var result = ScannerRun.Run(new ProtocolText(Path, InInterface("")), new ProtocolText("/p/again.xml", InInterface("")));
        Assert.Null(result.Exception);
        var said = Assert.Single(result.Diagnostics);
        Assert.Equal("WLS002", said.Id);
        Assert.Contains("i is defined by 2", said.GetMessage());
    }

    [Theory]
    [InlineData("<event name='e'><arg name='a' type='new_id'/></event>")]
    [InlineData("<request name='_'/>")]
    [InlineData("<request name='two words'/>")]
    [InlineData("<request name='r'><arg name='a' type='uint' enum='nobody'/></request>")]
    public void A_name_that_cannot_be_a_C_sharp_name_is_reported(string message)
    {
        var result = ScannerRun.Run(new ProtocolText(Path, InInterface(message)));
        Assert.Null(result.Exception);
        Assert.NotEmpty(result.Diagnostics);
    }

    private static string InInterface(string content) => $"<protocol name='p'>\n<interface name='i' version='1'>\n{content}</interface></protocol>";
}
