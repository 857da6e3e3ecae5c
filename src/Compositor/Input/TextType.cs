namespace Guestplane.Compositor;

/// <summary>The types of texts that can be passed on.</summary>
internal static class TextType
{
    /// <summary>
    /// From the best on: MIME types by their normal form, and the names that X11 programs use (ICCCM 2.6.2), which Wayland
    /// programs offer beside them.
    /// </summary>
    private static readonly string[] s_known =
        ["text/plain;charset=utf-8", "UTF8_STRING", "text/plain", "text/plain;charset=us-ascii", "TEXT", "STRING"];

    /// <summary>The types under which the guest's text is offered.</summary>
    public static IReadOnlyList<string> Offered { get; } = [s_known[0], s_known[2], s_known[1]];

    /// <summary>0 is the best. Null if it is no text, or one in another character set.</summary>
    public static int? Rank(string type)
    {
        var rank = Array.IndexOf(s_known, type.Contains('/') ? Normalize(type) : type);
        return rank < 0 ? null : rank;
    }

    /// <summary>
    /// The type in lower case, with its charset and without other parameters ("format=flowed"). Types and names of parameters
    /// are case-insensitive, and a value may be quoted (RFC 2045, 5.1); so are the names of character sets (RFC 2046, 4.1.2).
    /// </summary>
    private static string Normalize(string type)
    {
        var parts = type.ToLowerInvariant().Split(';', StringSplitOptions.TrimEntries);
        foreach (var part in parts[1..])
            if (part.Split('=', 2, StringSplitOptions.TrimEntries) is ["charset", var charset])
                return $"{parts[0]};charset={charset.Trim('"').Replace("utf8", "utf-8", StringComparison.Ordinal)}";
        return parts[0];
    }
}
