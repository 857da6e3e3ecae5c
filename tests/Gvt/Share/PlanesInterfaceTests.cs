using System.Xml.Linq;
using Guestplane.Gvt.Qemu;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>The description of the planes interface says what the code sends.</summary>
public sealed class PlanesInterfaceTests
{
    private static readonly string s_text =
        File.ReadAllText(Path.Combine(Repository.Protocols, "dbus", "org.guestplane.Display1.xml"));

    [Theory]
    [InlineData(PlanesInterface.Listener, "Register", "in", PlanesInterface.RegisterTypes)]
    [InlineData(PlanesInterface.Listener, "Flip", "in", PlanesInterface.FlipTypes)]
    [InlineData(PlanesInterface.Listener, "Forget", "in", "t")]
    [InlineData(PlanesInterface.Server, "PollFlips", "out", PlanesInterface.PollTypes)]
    public void The_types_of_each_method_are_described(string ofInterface, string method, string direction, string types)
    {
        var described = XDocument.Parse(s_text).Descendants("interface").Single(one => Name(one) == ofInterface)
            .Elements("method").Single(one => Name(one) == method).Elements("arg").ToList();
        Assert.All(described, argument => Assert.Equal(direction, argument.Attribute("direction")!.Value));
        Assert.Equal(types, string.Concat(described.Select(argument => argument.Attribute("type")!.Value)));
    }

    [Fact]
    public void Each_object_and_each_error_is_named()
    {
        foreach (var words in (string[])[PlanesInterface.Console, PlanesInterface.ServerPath, $"{PlanesInterface.MostBuffers} registered",
            "Error.Invalid", "Error.UnknownId", "Error.InUse", "Error.Limit"])
            Assert.Contains(words, s_text, StringComparison.Ordinal);
    }

    private static string Name(XElement element) => element.Attribute("name")!.Value;
}
