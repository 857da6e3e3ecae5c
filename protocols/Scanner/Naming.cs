using System.Linq;
using Microsoft.CodeAnalysis.CSharp;

namespace Guestplane.Scanner;

/// <summary>
/// Converts protocol names to C# names, as WaylandSharp does: wl_shm_pool → WlShmPool, WlShmFormat.Xrgb8888,
/// WlOutputTransform._90.
/// </summary>
internal static class Naming
{
    public static string Pascal(string name)
    {
        var words = name.Split('_', '-').Where(p => p.Length > 0);
        var joined = string.Concat(words.Select(p => char.ToUpperInvariant(p[0]) + p.Substring(1)));
        return char.IsDigit(joined[0]) ? "_" + joined : joined;
    }

    /// <summary>The name of a parameter: camel case, with @ if it is a C# keyword.</summary>
    public static string Camel(string name)
    {
        var pascal = Pascal(name);
        var camel = char.ToLowerInvariant(pascal[0]) + pascal.Substring(1);
        return SyntaxFacts.GetKeywordKind(camel) == SyntaxKind.None ? camel : "@" + camel;
    }

    /// <summary>The C# enum of an enum attribute: "format" is in the same interface, "wl_output.transform" in another.</summary>
    public static string Enum(string reference, string ownInterface)
    {
        var parts = reference.Split('.');
        return parts.Length == 2 ? Pascal(parts[0]) + Pascal(parts[1]) : Pascal(ownInterface) + Pascal(reference);
    }
}
