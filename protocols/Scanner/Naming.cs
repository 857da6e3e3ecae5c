using System.Linq;
using Microsoft.CodeAnalysis.CSharp;

namespace Guestplane.Scanner;

/// <summary>Protocol words to C# words, as WaylandSharp has them: wl_shm_pool → WlShmPool, WlShmFormat.Xrgb8888, WlOutputTransform._90.</summary>
internal static class Naming
{
    public static string Pascal(string name)
    {
        var joined = string.Concat(name.Split('_', '-').Where(p => p.Length > 0).Select(p => char.ToUpperInvariant(p[0]) + p.Substring(1)));
        return char.IsDigit(joined[0]) ? "_" + joined : joined;
    }

    /// <summary>A parameter: camel case, with @ where C# has taken the word.</summary>
    public static string Camel(string name)
    {
        var pascal = Pascal(name);
        var camel = char.ToLowerInvariant(pascal[0]) + pascal.Substring(1);
        return SyntaxFacts.GetKeywordKind(camel) == SyntaxKind.None ? camel : "@" + camel;
    }

    /// <summary>The C# enum behind an enum attribute: "format" is the interface's own, "wl_output.transform" another's.</summary>
    public static string Enum(string reference, string ownInterface)
    {
        var parts = reference.Split('.');
        return parts.Length == 2 ? Pascal(parts[0]) + Pascal(parts[1]) : Pascal(ownInterface) + Pascal(reference);
    }
}
