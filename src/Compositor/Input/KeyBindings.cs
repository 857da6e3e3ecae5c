using System.Text;

namespace Guestplane.Compositor;

/// <summary>Which key combinations are not for the guest.</summary>
internal sealed class KeyBindings
{
    private const string Nothing = "none";

    private readonly Dictionary<BoundAction, KeyCombination> _keys;

    private KeyBindings(Dictionary<BoundAction, KeyCombination> keys) => _keys = keys;

    public static KeyBindings Default { get; } = new(new()
    {
        [BoundAction.Fullscreen] = new(0, KeyCombination.FunctionKey(11)),
        [BoundAction.Release] = new(ModifierKeys.Control | ModifierKeys.Alt),
    });

    public static KeyBindings None { get; } = new([]);

    /// <summary>The words of the actions: "fullscreen", "zoom-in", "send-ctrl-alt-f1".</summary>
    public static IEnumerable<string> Words => Enum.GetValues<BoundAction>().Select(Word);

    /// <summary>The combination for an action; null for none.</summary>
    public KeyCombination? this[BoundAction action] => _keys.TryGetValue(action, out var keys) ? keys : null;

    /// <summary>
    /// "ACTION=KEYS,…" in place of the usual keys of these actions; null, and a clause, if it cannot be understood.
    /// </summary>
    public static KeyBindings? Parse(string text, out string problem)
    {
        var keys = new Dictionary<BoundAction, KeyCombination>(Default._keys);
        foreach (var pair in text.Split(','))
        {
            var (word, written) = pair.IndexOf('=') is > 0 and var at ? (pair[..at], pair[(at + 1)..]) : (pair, "");
            var actions = Enum.GetValues<BoundAction>().Where(known => Word(known) == word).ToList();
            problem = actions.Count == 0 ? $"there is no action \"{word}\" (there are: {string.Join(", ", Words)})"
                : $"\"{written}\" names no keys; they are written as Ctrl+Alt+S, F11 or none";
            if (actions.Count == 0)
                return null;
            keys.Remove(actions[0]);
            if (written == Nothing)
                continue;
            if (KeyCombination.Parse(written) is not { } combination)
                return null;
            problem = $"\"{written}\" has no key; only release can be modifiers alone";
            if (combination.IsModifiersOnly && actions[0] != BoundAction.Release)
                return null;
            keys.Add(actions[0], combination);
        }
        // Last: an action may get the keys that another one had.
        var twice = keys.Values.GroupBy(combination => combination).FirstOrDefault(group => group.Count() > 1);
        problem = $"{twice?.Key} is given to two actions";
        return twice is null ? new(keys) : null;
    }

    /// <summary>The action of a key that is pressed; null if the key is the guest's.</summary>
    public BoundAction? Find(in PressedKey key)
    {
        foreach (var (action, keys) in _keys)
            if (!keys.IsModifiersOnly && key.Is(keys))
                return action;
        return null;
    }

    private static string Word(BoundAction action)
    {
        var word = new StringBuilder();
        foreach (var letter in action.ToString())
            word.Append(char.IsUpper(letter) && word.Length > 0 ? "-" : "").Append(char.ToLowerInvariant(letter));
        return word.ToString();
    }
}
