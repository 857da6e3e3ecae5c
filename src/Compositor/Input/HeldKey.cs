namespace Guestplane.Compositor;

/// <summary>A key that is held on the compositor's side, and the guest's key for it.</summary>
/// <param name="keymap">The keymap that its code is of, because the keyboards of a seat share one wl_keyboard.</param>
/// <param name="hostCode">The compositor's code.</param>
/// <param name="code">The guest's, of linux/input-event-codes.h.</param>
internal sealed class HeldKey(object? keymap, uint hostCode, uint code)
{
    public object? Keymap => keymap;

    public uint HostCode => hostCode;

    public uint Code => code;

    /// <summary>The modifiers that the compositor's key depresses while it is held.</summary>
    public uint Modifiers { get; init; }

    /// <summary>The modifiers that the guest's layout needs for the symbol of a translated key.</summary>
    public uint Needed { get; init; }

    /// <summary>The modifiers that select the key's symbol in the compositor's keymap: the guest must not see them.</summary>
    public uint Consumed { get; init; }

    /// <summary>The guest's dead key that is tapped before it; null for none.</summary>
    public HeldKey? Dead { get; init; }

    /// <summary>True from the time when the guest has seen the press.</summary>
    public bool IsSent { get; set; }

    public bool IsModifier => ModifierKeys.IndexOf(code) >= 0;

    public bool IsSame(HeldKey other) => other.Keymap == keymap && other.HostCode == hostCode;
}
