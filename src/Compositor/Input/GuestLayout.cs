using System.Text;
using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The keyboard layout that the guest is expected to have. It finds the key for a symbol; only keys whose codes mean nothing to
/// the guest need it.
/// </summary>
/// <param name="name">A layout of xkeyboard-config, as "us" or "de(nodeadkeys)".</param>
/// <param name="messages">Receives one sentence for each symbol that the layout does not have.</param>
internal sealed class GuestLayout(string name, Messages messages) : IDisposable
{
    public const string Default = "us";

    private XkbKeymap? _keymap;
    private bool _isLoaded;

    public Messages Messages => messages;

    /// <summary>Fewest modifiers first.</summary>
    private static ReadOnlySpan<uint> Levels =>
        [0, ModifierKeys.Shift, ModifierKeys.AltGr, ModifierKeys.Shift | ModifierKeys.AltGr];

    /// <summary>True if libxkbcommon knows the layout, or is not there to tell.</summary>
    public static bool Exists(string name)
    {
        if (!XkbKeymap.IsInstalled)
            return true;
        using var keymap = XkbKeymap.OfLayout(name);
        return keymap is not null;
    }

    /// <summary>The key for a symbol; null if the layout has none.</summary>
    /// <param name="focus">Knows the guest's keys, and its lock keys.</param>
    /// <param name="dead">The dead key that must be tapped before; null for none.</param>
    public LayoutKey? Find(uint keysym, WindowInput focus, out LayoutKey? dead)
    {
        dead = null;
        if (keysym == 0 || !Load())
            return null;
        var character = XkbKeymap.CharacterOf(keysym);
        var found = Find(focus, symbol => symbol == keysym) ?? OfCharacter(focus, character)
            ?? FindByTwo(focus, character, out dead);
        var named = character == 0 ? DeadKeys.AccentOf(keysym) : character;
        if (found is null && Rune.IsValid(named) && named > ' ')
            messages.Warn($"\"{new Rune(named)}\" was typed, and the VM's keyboard layout \"{name}\" does not have it: "
                + "--guest-layout sets the layout.");
        return found;
    }

    public void Dispose() => _keymap?.Dispose();

    private LayoutKey? OfCharacter(WindowInput focus, uint character) =>
        character == 0 ? null : Find(focus, symbol => XkbKeymap.CharacterOf(symbol) == character);

    /// <summary>Finds the second key of a letter that the layout has only by a dead key.</summary>
    private LayoutKey? FindByTwo(WindowInput focus, uint character, out LayoutKey? dead)
    {
        dead = null;
        foreach (var (first, second) in DeadKeys.For(character))
            if (OfCharacter(focus, second) is { } found && (dead = Find(focus, symbol => symbol == first)) is not null)
                return found;
        return null;
    }

    /// <summary>Less than a millisecond, and only for keys that are translated.</summary>
    private LayoutKey? Find(WindowInput focus, Predicate<uint> isWanted)
    {
        var locked = ModifierKeys.MaskOf(focus.Locks ?? LockKeys.None);
        foreach (var level in Levels)
            for (var code = 1u; code <= _keymap!.LastCode; code++)
                if (focus.HasKey(code) && isWanted(_keymap.SymbolOf(code, level, locked, group: 0, out _)))
                    return new(code, level);
        return null;
    }

    private bool Load()
    {
        if (!_isLoaded && (_keymap = XkbKeymap.OfLayout(name)) is null)
            messages.Warn($"The keyboard layout \"{name}\" is not installed (Debian: xkb-data): virtual keyboards cannot type.");
        _isLoaded = true;
        return _keymap is not null;
    }
}
