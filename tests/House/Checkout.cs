using System.Collections.Concurrent;
using Guestplane.Tests.Scanner;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Guestplane.Tests.House;

/// <summary>
/// The hand-written C# of a checkout, bound by the compiler. All projects are one compilation, with what the scanner generates
/// from the checkout's protocols. Methods that other generators write have no body in it, which nothing here needs.
/// </summary>
internal sealed class Checkout
{
    /// <summary>From the bottom to the top.</summary>
    public static readonly string[] Projects = ["protocols/Scanner", "src/Linux", "src/Wayland", "src/Gvt", "src/Compositor"];

    private const string ImplicitUsings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions s_parse = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
    private static readonly Lazy<Checkout> s_own = new(() => new(Repository.Root));

    private readonly CSharpCompilation _compilation;
    private readonly Dictionary<SyntaxTree, SourceFile> _files;
    private readonly ConcurrentDictionary<SyntaxTree, SemanticModel> _models = [];

    public Checkout(string root)
    {
        Root = root;
        Files =
        [
            .. from project in Projects
               from path in Sources(Path.Combine(root, project))
               select SourceFile.Read(root, project, path, s_parse),
        ];
        _files = Files.ToDictionary(file => file.Tree);
        var protocols = Directory.GetFiles(Path.Combine(root, "protocols"), "*.xml").Select(ProtocolText.Read);
        // Every assembly that the tests run with, but for those that are compiled anew here.
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')
            .Where(path => !Path.GetFileName(path).StartsWith("Guestplane.", StringComparison.OrdinalIgnoreCase));
        var generated = ScannerRun.Run(protocols).GeneratedSources;
        Trees = [.. Files.Select(file => file.Tree), .. generated.Select(source => source.SyntaxTree)];
        _compilation = CSharpCompilation.Create(
            "house",
            [.. Trees, CSharpSyntaxTree.ParseText(ImplicitUsings, s_parse)],
            references.Select(path => MetadataReference.CreateFromFile(path)),
            new(OutputKind.ConsoleApplication, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        Types = [.. Files.SelectMany(TypesOf)];
        References = new(this);
    }

    /// <summary>The one that the tests were built from.</summary>
    public static Checkout Own => s_own.Value;

    public string Root { get; }

    public IReadOnlyList<SourceFile> Files { get; }

    /// <summary>The hand-written files, and what the scanner makes of the checkout's protocols.</summary>
    public IReadOnlyList<SyntaxTree> Trees { get; }

    /// <summary>Each declared class, struct, interface and enum, nested ones too.</summary>
    public IReadOnlyList<TypeFigures> Types { get; }

    public References References { get; }

    /// <summary>A model knows what it has bound: there is one for each tree.</summary>
    public SemanticModel Model(SyntaxTree tree) => _models.GetOrAdd(tree, tree => _compilation.GetSemanticModel(tree));

    /// <summary>The file that declares a symbol; null for what is generated or comes from a library.</summary>
    public SourceFile? FileOf(ISymbol symbol) =>
        symbol.DeclaringSyntaxReferences.Select(place => _files.GetValueOrDefault(place.SyntaxTree))
            .FirstOrDefault(file => file is not null);

    /// <summary>Methods, constructors and operators, with their lines.</summary>
    public static IEnumerable<(string Name, int Lines)> Methods(SourceFile file) =>
        file.Tree.GetRoot().DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
            .Select(method => (NameOf(method), LinesOf(method)));

    /// <summary>The lines of a declaration, without comments and attributes before it.</summary>
    public static int LinesOf(MemberDeclarationSyntax declaration)
    {
        var first = declaration.AttributeLists.LastOrDefault() is { } attributes
            ? attributes.GetLastToken().GetNextToken()
            : declaration.GetFirstToken();
        var span = declaration.SyntaxTree.GetLineSpan(new(first.SpanStart, declaration.Span.End - first.SpanStart));
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    private IEnumerable<TypeFigures> TypesOf(SourceFile file) =>
        file.Tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
            .Select(declaration => new TypeFigures(file, declaration, Model(file.Tree)));

    private static IEnumerable<string> Sources(string folder) =>
        Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(folder, path).Split('/').Any(part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal);

    private static string NameOf(BaseMethodDeclarationSyntax method)
    {
        var name = method switch
        {
            MethodDeclarationSyntax named => named.Identifier.Text,
            ConstructorDeclarationSyntax => "constructor",
            _ => "operator",
        };
        return $"{(method.Parent as BaseTypeDeclarationSyntax)?.Identifier.Text}.{name}";
    }
}
