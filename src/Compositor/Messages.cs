using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Messages while the program runs: one line each on standard error, above the status line.</summary>
/// <param name="hourNs">How long <see cref="MostPerHour"/> last.</param>
internal sealed class Messages(StreamWriter output, long hourNs = 3_600_000_000_000)
{
    /// <summary>A guest, or strangers at the socket of a share, may cause as many different sentences as they like.</summary>
    private const int MostPerHour = 200;

    private readonly HashSet<string> _said = [];

    // When the first of them was said.
    private long _since;

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

    /// <summary>Reports a problem after which the show continues: each sentence once, and 200 an hour at most.</summary>
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
        if (_said.Contains(sentence))
            return;
        var now = Clock.Now;
        if (_said.Count >= MostPerHour && now - _since >= hourNs)
            _said.Clear();
        if (_said.Count == 0)
            _since = now;
        if (_said.Count >= MostPerHour)
            sentence = $"These were {MostPerHour} messages; others are left out for up to an hour.";
        if (_said.Add(sentence))
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
