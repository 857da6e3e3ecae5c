using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Guestplane.Tests.House;

/// <summary>A hand-written file of a checkout.</summary>
/// <param name="Path">From the checkout's root on.</param>
/// <param name="Project">The folder of its project, as "src/Gvt".</param>
/// <param name="Room">The first folder below that, as "src/Gvt/Vfio"; for files directly in the project, the project.</param>
/// <param name="Tree">Its syntax.</param>
internal sealed record SourceFile(string Path, string Project, string Room, SyntaxTree Tree)
{
    public static SourceFile Read(string root, string project, string path, CSharpParseOptions options)
    {
        var below = System.IO.Path.GetRelativePath(System.IO.Path.Combine(root, project), path);
        var room = below.Contains('/') ? $"{project}/{below[..below.IndexOf('/')]}" : project;
        var tree = CSharpSyntaxTree.ParseText(File.ReadAllText(path), options, path);
        return new(System.IO.Path.GetRelativePath(root, path), project, room, tree);
    }

    public IReadOnlyList<string> Lines { get; } = [.. Tree.GetText().Lines.Select(line => line.ToString())];

    /// <summary>The lines of the file, as <c>wc -l</c> counts them.</summary>
    public int Length => Lines.Count - 1;
}
