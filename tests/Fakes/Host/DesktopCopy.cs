namespace Guestplane.Tests.Fakes;

/// <summary>Something that a program of the fake desktop has copied.</summary>
public sealed record DesktopCopy(string Text, params IReadOnlyList<string> Types)
{
    /// <summary>The program writes the text and does not close its pipe, as one that hangs.</summary>
    public bool NeverEnds { get; init; }

    public byte[]? Bytes { get; init; }

    internal byte[] Content => Bytes ?? System.Text.Encoding.UTF8.GetBytes(Text);
}
