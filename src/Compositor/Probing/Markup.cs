using System.Net;

namespace Guestplane.Compositor.Probing;

/// <summary>Makes untrusted text (a guest's label, a compositor's name) safe for HTML and XML.</summary>
internal static class Markup
{
    /// <summary>Replaces what XML cannot carry even when escaped (control characters, surrogates) by blanks.</summary>
    public static string Printable(string text) => string.Concat(text.Select(letter =>
        (char.IsControl(letter) && letter != '\n') || letter is '\ufffe' or '\uffff' || char.IsSurrogate(letter) ? ' ' : letter));

    /// <summary>Escapes text for use between tags or in quotes.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(Printable(text));
}
