namespace Guestplane.Compositor;

/// <summary>Messages while the program runs: one line each on standard error, above the status line.</summary>
internal sealed class Messages(StreamWriter output)
{
    private const int MaxRemembered = 200;
    private readonly HashSet<string> _said = [];

    /// <summary>The stream of the messages, which the status line shares.</summary>
    public Stream Stream => output.BaseStream;

    /// <summary>Called before a line is written, so that the status line can be cleared.</summary>
    public Action? BeforeLine { get; set; }

    public Verbosity Verbosity { get; set; }

    /// <summary>Reports a change that the user may want to know.</summary>
    public void Info(string sentence)
    {
        if (Verbosity != Verbosity.Quiet)
            Write(sentence);
    }

    /// <summary>Reports a fact the first time that it is met.</summary>
    public void InfoOnce(string sentence)
    {
        if (Verbosity != Verbosity.Quiet)
            Once(sentence);
    }

    /// <summary>Reports a problem after which the show continues: each sentence once, 200 sentences at most.</summary>
    public void Warn(string sentence) => Once("warning: " + sentence);

    /// <summary>Reports why the program ends.</summary>
    public void Error(string sentence) => Write(sentence);

    /// <summary>Reports a decision, for a user who wants to know more.</summary>
    public void Detail(string sentence)
    {
        if (Verbosity == Verbosity.Verbose)
            Write(sentence);
    }

    private void Once(string sentence)
    {
        if (_said.Count < MaxRemembered && _said.Add(sentence))
            Write(sentence);
    }

    private void Write(string line)
    {
        BeforeLine?.Invoke();
        output.WriteLine("guestplane: " + OneLine(line));
    }

    /// <summary>Replaces control characters and cuts the line: it may quote untrusted text, such as a VMM's error.</summary>
    public static string OneLine(string line)
    {
        const int Longest = 2000;
        if (line.Length <= Longest && !line.Any(Disturbs))
            return line;
        return string.Concat(line.Take(Longest).Select(letter => Disturbs(letter) ? ' ' : letter));

        // Separators of lines, and what turns the direction of text around (Unicode, annex 9), are no control characters to .NET.
        static bool Disturbs(char letter) => char.IsControl(letter)
            || letter is '\u061c' or '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
    }
}
