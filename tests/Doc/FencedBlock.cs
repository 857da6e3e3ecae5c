using System.Text.RegularExpressions;

namespace Guestplane.Tests.Doc;

/// <summary>
/// A block of code in a document. Before it may be marks, which readers do not see: "&lt;!-- not run: why --&gt;" in Markdown,
/// "; not run: why" in a man page's source.
/// </summary>
/// <param name="Path">The document, from the checkout's root on.</param>
/// <param name="Line">The line of its fence, from 1 on.</param>
/// <param name="Language">"sh" for commands.</param>
/// <param name="Text">What stands between the fences.</param>
/// <param name="Marks">The lines of comments directly before it.</param>
internal sealed partial record FencedBlock(string Path, int Line, string Language, string Text, string[] Marks)
{
    public string Place => $"{Path}:{Line}";

    public bool IsCommand => Language == "sh";

    /// <summary>Why the tests do not run it. Null if they do.</summary>
    public string? NotRun => Marked("not run");

    /// <summary>The file that must be there before it is run. Null if there is none.</summary>
    public string? With => Marked("with");

    /// <summary>True if it shows a VM until somebody closes the window.</summary>
    public bool IsEndless => EndlessShow().IsMatch(Text);

    /// <summary>The program that its commands need beside guestplane. Null if there is none.</summary>
    public string? Needs => Marked("needs");

    public static bool IsMark(string line) => Mark().IsMatch(line);

    private string? Marked(string name) => Marks.Select(mark => Mark().Match(mark))
        .FirstOrDefault(match => match.Groups["name"].Value == name)?.Groups["value"].Value;

    [GeneratedRegex("^(<!--|;) (?<name>[a-z ]+): (?<value>.+?)( -->)?$")]
    private static partial Regex Mark();

    [GeneratedRegex("^guestplane (show|kiosk) (?!.*--(seconds|frames) )", RegexOptions.Multiline)]
    private static partial Regex EndlessShow();
}
