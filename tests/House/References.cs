using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Guestplane.Tests.House;

/// <summary>
/// Which type of a checkout uses which: names it, makes one, or uses a member of it. Nested types count as the outermost one.
/// What only an attribute names is not used: it is for a generator, as a type's JSON is.
/// </summary>
internal sealed class References
{
    private readonly Checkout _checkout;
    private readonly Dictionary<ISymbol, HashSet<ISymbol>> _arrows = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _used = new(SymbolEqualityComparer.Default);

    public References(Checkout checkout)
    {
        _checkout = checkout;
        foreach (var type in checkout.Types.Where(type => type.Symbol.ContainingType is null))
            _arrows.TryAdd(type.Symbol, new(SymbolEqualityComparer.Default));
        foreach (var tree in checkout.Trees)
            Read(tree, checkout.Model(tree));
    }

    /// <summary>All arrows between two types, as their symbols.</summary>
    public IEnumerable<(ISymbol From, ISymbol To)> Arrows =>
        _arrows.SelectMany(type => type.Value.Select(used => (type.Key, used)));

    /// <summary>Arrows from one room to another one of the same project.</summary>
    public IEnumerable<(string From, string To, string Arrow)> BetweenRooms =>
        from arrow in Arrows
        let @from = _checkout.FileOf(arrow.From)!
        let to = _checkout.FileOf(arrow.To)!
        where @from.Project == to.Project && @from.Room != to.Room
        select (@from.Room, to.Room, $"{arrow.From.Name} → {arrow.To.Name}");

    public int Out(ISymbol type) => _arrows.TryGetValue(type, out var used) ? used.Count : 0;

    public int In(ISymbol type) => _arrows.Values.Count(used => used.Contains(type));

    /// <summary>Types of a project that all lead to each other, as "A, B, C".</summary>
    public IEnumerable<string> Circles(string project)
    {
        var types = _arrows.Keys.Where(type => _checkout.FileOf(type)!.Project == project).ToList();
        var reached = types.ToDictionary(type => type, Reached, SymbolEqualityComparer.Default);
        return types.Where(type => reached[type].Contains(type))
            .Select(type => types.Where(other => reached[type].Contains(other) && reached[other].Contains(type)))
            .Select(circle => string.Join(", ", circle.Select(type => type.Name).Order(StringComparer.Ordinal)))
            .Distinct().Order(StringComparer.Ordinal);
    }

    /// <summary>Hand-written members and types that no code of the checkout's projects names, as "File: Type.Member".</summary>
    public IEnumerable<string> Unused() => _checkout.Types.SelectMany(type => type.Symbol.GetMembers().Append(type.Symbol)
        .Where(member => _checkout.FileOf(member) is not null && !_used.Contains(member) && CanBeUnused(member))
        .Select(member => $"{type.File.Path}: {type.Name}.{member.Name}")).Distinct();

    private void Read(SyntaxTree tree, SemanticModel model)
    {
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            if (node is not (SimpleNameSyntax or ImplicitObjectCreationExpressionSyntax or ElementAccessExpressionSyntax))
                continue;
            var info = model.GetSymbolInfo(node);
            foreach (var symbol in info.Symbol is { } one ? [one] : info.CandidateSymbols)
                Add(node, model, symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol);
        }
    }

    private void Add(SyntaxNode node, SemanticModel model, ISymbol symbol)
    {
        _used.Add(symbol.OriginalDefinition);
        if (node.FirstAncestorOrSelf<AttributeSyntax>() is not null)
            return;
        var owner = node.Ancestors().OfType<BaseTypeDeclarationSyntax>().LastOrDefault();
        if (owner is null || model.GetDeclaredSymbol(owner) is not { } from || Outermost(symbol) is not { } to)
            return;
        // A class that the scanner generates is nobody's arrow, but for its hand-written part.
        var isOther = _arrows.ContainsKey(to) && !SymbolEqualityComparer.Default.Equals(from, to);
        if (isOther && _arrows.TryGetValue(from, out var used))
            used.Add(to);
    }

    private static INamedTypeSymbol? Outermost(ISymbol symbol)
    {
        var type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
        while (type?.ContainingType is { } outer)
            type = outer;
        return type?.OriginalDefinition;
    }

    private HashSet<ISymbol> Reached(ISymbol from)
    {
        var reached = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        var open = new Stack<ISymbol>([from]);
        while (open.TryPop(out var type))
            foreach (var next in _arrows[type].Where(reached.Add))
                open.Push(next);
        return reached;
    }

    /// <summary>Not what the runtime, a base class, an interface or a foreign memory layout asks for.</summary>
    private bool CanBeUnused(ISymbol member)
    {
        if (member.IsImplicitlyDeclared || member.IsOverride || member.GetAttributes().Length > 0)
            return false;
        var type = member.ContainingType;
        return member switch
        {
            // A class of extension methods is named by nobody, nor is Program; the compiler finds IsExternalInit by its name.
            INamedTypeSymbol one => one.Name is not ("IsExternalInit" or "Program") && !one.GetMembers().Any(_used.Contains),
            // A using statement calls the Dispose of a ref struct without an interface.
            IMethodSymbol { MethodKind: MethodKind.Ordinary } =>
                member.Name is not ("Main" or "Dispose") && !Implements(type, member),
            IFieldSymbol => type.TypeKind == TypeKind.Class,
            IPropertySymbol or IEventSymbol => !type.IsRecord && !Implements(type, member),
            _ => false,
        };
    }

    private static bool Implements(INamedTypeSymbol type, ISymbol member) =>
        type.AllInterfaces.SelectMany(one => one.GetMembers())
            .Any(wanted => SymbolEqualityComparer.Default.Equals(type.FindImplementationForInterfaceMember(wanted), member));
}
