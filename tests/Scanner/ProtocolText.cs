using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Guestplane.Tests.Scanner;

/// <summary>An additional file of a compilation, with its WaylandProtocol metadata; none when <paramref name="side"/> is null.</summary>
internal sealed class ProtocolText(string path, string text, string? side = "client") : AdditionalText
{
    public override string Path => path;

    public string? Side => side;

    public static ProtocolText Read(string path) => new(path, File.ReadAllText(path));

    public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text, Encoding.UTF8);
}
