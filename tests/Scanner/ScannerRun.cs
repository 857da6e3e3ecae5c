using System.Text.RegularExpressions;
using Guestplane.Scanner;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Guestplane.Tests.Scanner;

/// <summary>The generator, run as the compiler runs it.</summary>
internal static partial class ScannerRun
{
    private static readonly CSharpParseOptions s_parse = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);

    public static IReadOnlyList<ProtocolText> ProjectProtocols { get; } =
        [.. Directory.GetFiles(Repository.Protocols, "*.xml").Order(StringComparer.Ordinal).Select(ProtocolText.Read)];

    /// <summary>An empty project, for runs of which only the generator's own answer matters.</summary>
    public static Compilation Empty { get; } = CSharpCompilation.Create("empty");

    public static GeneratorDriver Driver(params IEnumerable<ProtocolText> files) => CSharpGeneratorDriver.Create(
        [new Generator().AsSourceGenerator()], files, s_parse, new ProtocolMetadata(),
        new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public static GeneratorRunResult Run(params IEnumerable<ProtocolText> files) =>
        Driver(files).RunGenerators(Empty).GetRunResult().Results[0];

    /// <summary>src/Wayland without what it generates: what generated code is compiled against.</summary>
    public static Compilation Runtime()
    {
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "src", "Wayland"), "*.cs").Select(path => Tree(File.ReadAllText(path)));
        var usings = Tree("global using System; global using System.Collections.Generic; global using System.Linq;");
        // Every assembly that the tests run with, but for the one that is compiled anew here.
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')
            .Where(path => Path.GetFileName(path) != "Guestplane.Wayland.dll").Select(path => MetadataReference.CreateFromFile(path));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);
        return CSharpCompilation.Create("Guestplane.Wayland", [.. sources, usings], references, options);
    }

    // The bodies of LibraryImport methods come from another generator, which does not run here.
    private static SyntaxTree Tree(string text) =>
        CSharpSyntaxTree.ParseText(Import().Replace(text, "DllImport$1extern"), s_parse);

    [GeneratedRegex(@"LibraryImport(\([^\]]*\)\]\s*(?:public|private) static )partial")]
    private static partial Regex Import();
}
