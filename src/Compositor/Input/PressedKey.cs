namespace Guestplane.Compositor;

/// <summary>A key of the compositor's side at its press, with what it means in the keymap there.</summary>
/// <param name="Code">The guest's key for it (linux/input-event-codes.h): a virtual keyboard has codes of its own.</param>
/// <param name="Modifiers">Those that are depressed.</param>
/// <param name="Plain">The character of the key alone; 0 for none.</param>
/// <param name="Typed">The character with the modifiers; 0 for none.</param>
/// <param name="Consumed">The modifiers that make <paramref name="Typed"/> of <paramref name="Plain"/>.</param>
internal readonly record struct PressedKey(uint Code, uint Modifiers, uint Plain, uint Typed, uint Consumed)
{
    /// <summary>The keys of a US keyboard from these codes on, for a machine without libxkbcommon.</summary>
    private static readonly (uint First, string Characters)[] s_us =
        [(2, "1234567890-="), (16, "qwertyuiop[]"), (30, "asdfghjkl;'`"), (44, "zxcvbnm,./")];

    /// <summary>Without a keymap.</summary>
    public static PressedKey Of(uint code, uint modifiers)
    {
        foreach (var (first, characters) in s_us)
            if (code >= first && code - first < characters.Length)
                return new(code, modifiers, characters[(int)(code - first)], 0, 0);
        return new(code, modifiers, 0, 0, 0);
    }

    /// <summary>Ctrl+Alt+plus is also Ctrl+Alt+Shift+equal where Shift makes the one of the other.</summary>
    public bool Is(KeyCombination keys)
    {
        var held = Modifiers & KeyCombination.Usable;
        return (held == keys.Modifiers && (keys.Code != 0 ? Code == keys.Code : Plain == keys.Character))
            || (keys.Code == 0 && Typed == keys.Character && (held & ~Consumed) == keys.Modifiers);
    }
}
