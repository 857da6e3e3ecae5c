namespace Guestplane.Gvt;

/// <summary>How options, reports and messages spell an enum's word, and which word a misspelled one may be.</summary>
public static class Spelling
{
    private const int MostEdits = 2;

    /// <summary>In lower case.</summary>
    public static string Spelled<T>(this T word) where T : struct, Enum => word.ToString().ToLowerInvariant();

    /// <summary>The known word that is at most two edits away, case apart; null if there is none.</summary>
    public static string? Nearest(string word, IEnumerable<string> known) => known
        .Select(other => (Word: other, Edits: Edits(word.ToLowerInvariant(), other)))
        .Where(other => other.Edits <= Math.Min(MostEdits, other.Word.Length / 2))
        .OrderBy(other => other.Edits).Select(other => other.Word).FirstOrDefault();

    /// <summary>Levenshtein's distance: how many letters must be inserted, removed or replaced.</summary>
    private static int Edits(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 0; i < from.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 0; j < to.Length; j++)
            {
                var replaced = diagonal + (from[i] == to[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, Math.Min(row[j], diagonal) + 1);
            }
        }
        return row[to.Length];
    }
}
