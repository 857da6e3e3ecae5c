using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Guestplane.Tests.House;

/// <summary>What one type declaration holds. All figures are of instances: constants and static fields are not state.</summary>
internal sealed class TypeFigures
{
    private readonly BaseTypeDeclarationSyntax _declaration;
    private readonly List<ITypeSymbol> _captured = [];
    private readonly IFieldSymbol[] _stored;

    public TypeFigures(SourceFile file, BaseTypeDeclarationSyntax declaration, SemanticModel model)
    {
        (File, _declaration) = (file, declaration);
        Symbol = (INamedTypeSymbol)model.GetDeclaredSymbol(declaration)!;
        // The backing field of a property has no name of its own; that of an event is not among the members.
        _stored = [.. Symbol.GetMembers().OfType<IFieldSymbol>().Where(one => !one.IsStatic && !one.IsConst)];
        if (declaration is TypeDeclarationSyntax { ParameterList: { } list } and not RecordDeclarationSyntax)
            _captured.AddRange(list.Parameters.Select(parameter => (IParameterSymbol)model.GetDeclaredSymbol(parameter)!)
                .Where(parameter => IsCaptured(parameter, model)).Select(parameter => parameter.Type));
    }

    public SourceFile File { get; }

    public INamedTypeSymbol Symbol { get; }

    public string Name => Symbol.Name;

    public int Lines => Checkout.LinesOf(_declaration);

    /// <summary>Data without behaviour of its own: options, results, facts.</summary>
    public bool IsRecord => _declaration is RecordDeclarationSyntax;

    /// <summary>Declared fields, and parameters of a primary constructor that a member keeps using.</summary>
    public int Fields => _stored.Length - AutoProperties + _captured.Count;

    public int AutoProperties => _stored.Count(one => one.IsImplicitlyDeclared);

    public int Booleans => StoredTypes.Count(type => type.SpecialType == SpecialType.System_Boolean);

    public int Events =>
        _declaration.ChildNodes().OfType<EventFieldDeclarationSyntax>().Sum(declared => declared.Declaration.Variables.Count);

    /// <summary>Delegates that it keeps, to call them when something happens.</summary>
    public int Hooks => StoredTypes.Count(type => type.TypeKind == TypeKind.Delegate);

    /// <summary>Of the constructor that has most.</summary>
    public int ConstructorParameters => IsRecord ? 0 : Constructors.Select(one => one.Parameters).DefaultIfEmpty().Max();

    /// <summary>Each constructor's parameters, and the reason that a comment at its declaration gives for their number.</summary>
    public IEnumerable<(int Parameters, bool HasReason)> Constructors
    {
        get
        {
            if ((_declaration as TypeDeclarationSyntax)?.ParameterList is { } primary)
                yield return (primary.Parameters.Count, HasReason(_declaration, "Parameters"));
            foreach (var constructor in _declaration.ChildNodes().OfType<ConstructorDeclarationSyntax>())
                yield return (constructor.ParameterList.Parameters.Count, HasReason(constructor, "Parameters"));
        }
    }

    /// <summary>Whether a comment at the declaration says why there are so many: "// Fields: ….", a sentence.</summary>
    public bool HasReasonForFields => HasReason(_declaration, "Fields");

    private IEnumerable<ITypeSymbol> StoredTypes => _stored.Select(one => one.Type).Concat(_captured);

    private static bool HasReason(SyntaxNode declaration, string what) =>
        declaration.GetLeadingTrivia().Select(trivia => trivia.ToString())
            .Any(text => text.StartsWith($"// {what}: ", StringComparison.Ordinal));

    private bool IsCaptured(ISymbol parameter, SemanticModel model) =>
        _declaration.DescendantNodes().OfType<IdentifierNameSyntax>().Any(name =>
            name.Identifier.Text == parameter.Name && !IsInitializer(name)
            && SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(name).Symbol, parameter));

    /// <summary>An initializer runs in the constructor, and so does what the base class is given.</summary>
    private bool IsInitializer(SyntaxNode name)
    {
        var member = name.Ancestors().TakeWhile(node => node != _declaration).LastOrDefault();
        return member is BaseListSyntax or FieldDeclarationSyntax
            || (member is PropertyDeclarationSyntax { Initializer: { } initializer } && initializer.Span.Contains(name.Span));
    }
}
