using System.Text.RegularExpressions;

namespace Guestplane.Tests.House;

/// <summary>The rooms of src/Compositor in the order of the table in ARCHITECTURE.md: a room sees those before it.</summary>
internal sealed partial class Rooms
{
    /// <summary>Its own files are the first room, and its folders are the others.</summary>
    public const string Project = "src/Compositor";

    private Rooms(IEnumerable<Match> rows)
    {
        Match[] all = [.. rows];
        Order = [.. all.Select(row => row.Groups["room"].Value).Where(IsOfProject)];
        FirstFiles =
        [
            .. from row in all
               from file in row.Groups["file"].Captures
               select $"{row.Groups["room"].Value}/{file.Value}",
        ];
    }

    public IReadOnlyList<string> Order { get; }

    /// <summary>What the last column says to begin with, of all projects' rooms.</summary>
    public IReadOnlyList<string> FirstFiles { get; }

    /// <param name="root">A checkout; before it had such rooms, its table names none of them.</param>
    public static Rooms Read(string root) => new(Row().Matches(File.ReadAllText(Path.Combine(root, "ARCHITECTURE.md"))));

    public static bool IsOfProject(string room) => room == Project || room.StartsWith($"{Project}/", StringComparison.Ordinal);

    /// <summary>Whether the lower one of two rooms uses the upper one; both are in the table.</summary>
    public bool RunsUp((string From, string To, string Arrow) arrow) =>
        Place(arrow.From) is >= 0 and var from && Place(arrow.To) is var to && to > from;

    private int Place(string room) => Order.ToList().IndexOf(room);

    // | `src/Wayland` | what belongs there | `WlProxy.cs`, `WlDisplay.cs` |
    [GeneratedRegex(@"^\| `(?<room>src/[\w/]+)` \|[^|]*\| (?:`(?<file>[^`]+)`(?:, )?)* \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
