using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>
/// The real modifiers of xkb, as bits (XKBproto, 2.1), and the keys of a PC that depress them. What Mod1 to Mod5 are is a
/// convention that all keymaps in use keep, and that virtual keyboards rely on.
/// </summary>
internal static class ModifierKeys
{
    public const uint Shift = 1 << 0, Lock = 1 << 1, Control = 1 << 2, Alt = 1 << 3, Num = 1 << 4, Super = 1 << 6, AltGr = 1 << 7;

    // linux/input-event-codes.h.
    private const uint LeftCtrl = 29, LeftShift = 42, RightShift = 54, LeftAlt = 56, RightCtrl = 97, RightAlt = 100;
    private const uint LeftMeta = 125, RightMeta = 126;

    /// <summary>The codes of the keys.</summary>
    public static ReadOnlySpan<uint> Codes =>
        [LeftShift, RightShift, LeftCtrl, RightCtrl, LeftAlt, RightAlt, LeftMeta, RightMeta];

    /// <summary>The modifier of each key. The first key of a modifier stands for it where no key was pressed.</summary>
    public static ReadOnlySpan<uint> Masks => [Shift, Shift, Control, Control, Alt, AltGr, Super, Super];

    /// <summary>The index of a code in <see cref="Codes"/>; negative for other keys.</summary>
    public static int IndexOf(uint code) => Codes.IndexOf(code);

    /// <summary>The lock keys that these modifiers stand for.</summary>
    public static LockKeys LocksOf(uint modifiers) =>
        ((modifiers & Lock) != 0 ? LockKeys.Caps : 0) | ((modifiers & Num) != 0 ? LockKeys.Num : 0);

    /// <summary>The modifiers that these lock keys lock.</summary>
    public static uint MaskOf(LockKeys locks) =>
        ((locks & LockKeys.Caps) != 0 ? Lock : 0) | ((locks & LockKeys.Num) != 0 ? Num : 0);

    /// <summary>The modifier of a key; 0 for other keys.</summary>
    public static uint MaskOf(uint code) => IndexOf(code) is >= 0 and var index ? Masks[index] : 0;
}
