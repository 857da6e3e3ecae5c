using Guestplane.Tests.House;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Guestplane.Tests.Doc;

/// <summary>
/// What the program can say while it shows a VM, read from its source: each argument of the methods that say something, and each
/// clause of the files that give reasons. What is filled in at run time is "…".
/// </summary>
internal sealed class Sentences(Checkout checkout)
{
    private const string Hole = "…";

    /// <summary>"Type.Method" of what says a sentence to the user.</summary>
    private static readonly string[] s_says = ["Messages.Warn", "Messages.Info", "Messages.InfoOnce", "Head.Refuse"];

    /// <summary>What is thrown at the user. Wrong usage has its own table, MessageTests.</summary>
    private static readonly string[] s_thrown = ["ExitException", "SourceException"];

    private static readonly string[] s_faults = ["ExitCode.", "SourceFault."];

    private static readonly string[] s_usage = ["ExitCode.Usage", "SourceFault.Usage", "ExitCode.Ok"];

    /// <summary>
    /// The sentences; where one is made elsewhere, its place, as "src/Compositor/Show/Show.cs: e.Message".
    /// </summary>
    public IEnumerable<string> Said =>
        from file in checkout.Files
        where file.Project.StartsWith("src/", StringComparison.Ordinal)
        from call in file.Tree.GetRoot().DescendantNodes().Select(node => SaidBy(node, file)).OfType<ExpressionSyntax>()
        from text in Texts(call, file)
        select IsFilledIn(text) ? $"{file.Path}: {call}" : OneHole(text);

    /// <summary>The strings of a file with at least three words, but for those about wrong usage and for help.</summary>
    public IEnumerable<string> Clauses(string path) =>
        from text in TextsOf(checkout.Files.First(file => file.Path == path), node => !node.Ancestors().Any(IsOfAnother))
        where text.Split(' ').Count(word => word.Any(char.IsLetter)) > 2
        select text;

    /// <summary>Every string of the source.</summary>
    public IEnumerable<string> All => checkout.Files.SelectMany(file => TextsOf(file, _ => true));

    private IEnumerable<string> TextsOf(SourceFile file, Func<SyntaxNode, bool> isMeant) =>
        from node in file.Tree.GetRoot().DescendantNodes().OfType<ExpressionSyntax>()
        where node is InterpolatedStringExpressionSyntax or BinaryExpressionSyntax
            || (node is LiteralExpressionSyntax literal && literal.IsKind(SyntaxKind.StringLiteralExpression))
        where isMeant(node)
        from text in Texts(node, file)
        select OneHole(text);

    private static bool IsOfAnother(SyntaxNode node) => node is InterpolationSyntax or BinaryExpressionSyntax or FieldDeclarationSyntax
        || (node is ObjectCreationExpressionSyntax { ArgumentList: { Arguments: [var first, ..] } } && s_usage.Contains(first.ToString()));

    private ExpressionSyntax? SaidBy(SyntaxNode node, SourceFile file)
    {
        var arguments = node switch
        {
            InvocationExpressionSyntax call when s_says.Contains(Method(call, file)) => call.ArgumentList,
            ObjectCreationExpressionSyntax made when s_thrown.Contains(made.Type.ToString()) => made.ArgumentList,
            ImplicitObjectCreationExpressionSyntax { ArgumentList: { Arguments: [var first, _] } made }
                when first.ToString() is var fault && s_faults.Any(kind => fault.StartsWith(kind, StringComparison.Ordinal)) => made,
            _ => null,
        };
        return arguments is null or { Arguments.Count: 0 } || s_usage.Contains(arguments.Arguments[0].ToString())
            ? null : arguments.Arguments[^1].Expression;
    }

    // Only names that are worth it are bound.
    private string? Method(InvocationExpressionSyntax call, SourceFile file) =>
        call.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: var name }
        && s_says.Any(says => says.EndsWith($".{name}", StringComparison.Ordinal))
        && checkout.Model(file.Tree).GetSymbolInfo(call).Symbol is IMethodSymbol method ? $"{method.ContainingType.Name}.{name}" : null;

    /// <summary>Each text that an expression can be.</summary>
    private IEnumerable<string> Texts(ExpressionSyntax expression, SourceFile file) => expression switch
    {
        LiteralExpressionSyntax literal => [literal.Token.ValueText],
        IdentifierNameSyntax or MemberAccessExpressionSyntax
            when checkout.Model(file.Tree).GetConstantValue(expression) is { HasValue: true, Value: string text } => [text],
        ParenthesizedExpressionSyntax inner => Texts(inner.Expression, file),
        ConditionalExpressionSyntax either => [.. Texts(either.WhenTrue, file), .. Texts(either.WhenFalse, file)],
        CollectionExpressionSyntax lines =>
            lines.Elements.OfType<ExpressionElementSyntax>().SelectMany(line => Texts(line.Expression, file)),
        SwitchExpressionSyntax cases => cases.Arms.SelectMany(arm => Texts(arm.Expression, file)),
        BinaryExpressionSyntax sum when sum.IsKind(SyntaxKind.AddExpression) =>
            from left in Texts(sum.Left, file) from right in Texts(sum.Right, file) select left + right,
        InterpolatedStringExpressionSyntax pieces => pieces.Contents.Aggregate<InterpolatedStringContentSyntax, IEnumerable<string>>(
            [""], (texts, piece) => from text in texts from next in Texts(piece, file) select text + next),
        _ => [Hole],
    };

    private IEnumerable<string> Texts(InterpolatedStringContentSyntax piece, SourceFile file) => piece switch
    {
        InterpolatedStringTextSyntax text => [text.TextToken.ValueText],
        InterpolationSyntax filled => Texts(filled.Expression, file),
        _ => [Hole],
    };

    // Several that follow each other are read as one.
    private static string OneHole(string text) => text.Replace(Hole + Hole, Hole);

    private static bool IsFilledIn(string text) => !text.Replace(Hole, "").Any(char.IsLetter);
}
