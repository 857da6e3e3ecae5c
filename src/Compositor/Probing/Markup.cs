using System.Net;

namespace Guestplane.Compositor.Probing;

/// <summary>What HTML and XML reports share.</summary>
internal static class Markup
{
    /// <summary>Between tags or in quotes; a stranger's control characters, which XML cannot carry, as blanks.</summary>
    public static string Text(string text) =>
        WebUtility.HtmlEncode(string.Concat(text.Select(letter => (char.IsControl(letter) && letter != '\n') || letter is '\ufffe' or '\uffff' || char.IsSurrogate(letter) ? ' ' : letter)));

    /// <summary>As JSON, tables and CSS classes spell it.</summary>
    public static string Spelled(this Verdict verdict) => verdict.ToString().ToLowerInvariant();
}
