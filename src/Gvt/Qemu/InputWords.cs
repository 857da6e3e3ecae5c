namespace Guestplane.Gvt.Qemu;

/// <summary>What the user reads and writes of a source that is used for input and clipboard only.</summary>
internal static class InputWords
{
    /// <summary>How the words of a bare QMP socket begin.</summary>
    public const string Qmp = "qmp:";

    public static string Lost(string source, string why) => $"{source} takes no input any more: {why}.";

    public static SourceException Refused(string source, SourceException why) =>
        new(why.Fault, $"{source} cannot be used for input: {why.Message}.");
}
