namespace Guestplane.Compositor;

/// <summary>What the program says while it runs: a line each on standard error, above the status line if there is one.</summary>
internal sealed class Messages(StreamWriter output)
{
    private const int MaxRemembered = 200;
    private readonly HashSet<string> _said = [];

    /// <summary>Where they go, for the status line's bytes.</summary>
    public Stream Stream => output.BaseStream;

    /// <summary>Runs before a line is written: the status line gets out of the way.</summary>
    public Action? BeforeLine { get; set; }

    /// <summary>Something changed that a user may want to know.</summary>
    public void Info(string sentence) => Write(sentence);

    /// <summary>Bad, but the show goes on. The same sentence is not said twice, and not endlessly many.</summary>
    public void Warn(string sentence)
    {
        if (_said.Count < MaxRemembered && _said.Add(sentence))
            Write("warning: " + sentence);
    }

    private void Write(string line)
    {
        BeforeLine?.Invoke();
        output.WriteLine("guestplane: " + OneLine(line));
    }

    /// <summary>A sentence may quote strangers: a VMM's error, a console's label.</summary>
    private static string OneLine(string line)
    {
        const int Longest = 2000;
        if (line.Length <= Longest && !line.Any(char.IsControl))
            return line;
        return string.Concat(line.Take(Longest).Select(letter => char.IsControl(letter) ? ' ' : letter));
    }
}
