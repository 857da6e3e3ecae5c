namespace Guestplane.Compositor;

/// <summary>Modifiers, and a key by its code or by the character that it types; modifiers alone have neither.</summary>
/// <param name="Modifiers">Masks of <see cref="ModifierKeys"/>.</param>
/// <param name="Code">linux/input-event-codes.h; 0 if the character says which key.</param>
/// <param name="Character">A code point in lower case; 0 if the code says which key.</param>
internal readonly record struct KeyCombination(uint Modifiers, uint Code = 0, uint Character = 0)
{
    /// <summary>The modifiers that a combination can have: the locks, and AltGr, are none of them.</summary>
    public const uint Usable = ModifierKeys.Shift | ModifierKeys.Control | ModifierKeys.Alt | ModifierKeys.Super;

    private static readonly (string Word, uint Mask)[] s_modifiers =
    [
        ("Ctrl", ModifierKeys.Control), ("Alt", ModifierKeys.Alt), ("Shift", ModifierKeys.Shift), ("Super", ModifierKeys.Super),
    ];

    private static readonly (string Word, uint Code)[] s_keys =
    [
        ("Escape", 1), ("Backspace", 14), ("Tab", 15), ("Return", 28), ("Space", 57), ("Print", 99), ("Home", 102), ("Up", 103),
        ("PageUp", 104), ("Left", 105), ("Right", 106), ("End", 107), ("Down", 108), ("PageDown", 109), ("Insert", 110),
        ("Delete", 111), ("Pause", 119), ("Menu", 127), ("ScrollLock", 70),
        .. Enumerable.Range(1, 12).Select(n => ($"F{n}", FunctionKey(n))),
    ];

    /// <summary>Characters that have a meaning in the option, or in a shell.</summary>
    private static readonly (string Word, char Character)[] s_characters =
        [("plus", '+'), ("minus", '-'), ("comma", ','), ("equal", '=')];

    public bool IsModifiersOnly => Code == 0 && Character == 0;

    /// <summary>The code of F1 to F12.</summary>
    public static uint FunctionKey(int number) => (uint)(number <= 10 ? 58 + number : 76 + number);

    /// <summary>"Ctrl+Alt+S", "F11", "Ctrl+Alt"; null if it is none.</summary>
    public static KeyCombination? Parse(string text)
    {
        var (parts, modifiers) = (text.Split('+'), 0u);
        for (var i = 0; i < parts.Length; i++)
            if (Array.Find(s_modifiers, known => Is(known.Word, parts[i])) is { Mask: > 0 and var mask })
                modifiers |= mask;
            else
                return i == parts.Length - 1 ? Key(modifiers, parts[i]) : null;
        return new(modifiers);
    }

    public override string ToString()
    {
        var (modifiers, code, character) = (Modifiers, Code, Character);
        var words = s_modifiers.Where(known => (modifiers & known.Mask) != 0).Select(known => known.Word);
        if (code != 0)
            words = words.Append(Array.Find(s_keys, key => key.Code == code).Word);
        else if (character != 0)
            words = words.Append(Array.Find(s_characters, known => known.Character == character).Word
                ?? ((char)character).ToString().ToUpperInvariant());
        return string.Join('+', words);
    }

    private static KeyCombination? Key(uint modifiers, string word)
    {
        if (Array.Find(s_keys, key => Is(key.Word, word)) is { Code: > 0 and var code })
            return new(modifiers, code);
        if (Array.Find(s_characters, known => Is(known.Word, word)) is { Word: not null } named)
            return new(modifiers, Character: named.Character);
        return word.Length == 1 && word[0] > ' ' ? new(modifiers, Character: char.ToLowerInvariant(word[0])) : null;
    }

    private static bool Is(string word, string written) => word.Equals(written, StringComparison.OrdinalIgnoreCase);
}
