using System.Runtime.InteropServices;
using System.Text;
using Guestplane.Linux;

namespace Guestplane.Wayland;

/// <summary>
/// A keymap, compiled by libxkbcommon (xkbcommon.h, 0.7 or later), which is loaded at first use. Codes are the kernel's
/// (linux/input-event-codes.h); xkb's are larger by 8. Modifiers are masks of the eight real ones, which have fixed bits.
/// </summary>
public sealed unsafe partial class XkbKeymap : IDisposable
{
    /// <summary>The file name of the library.</summary>
    public const string File = "libxkbcommon.so.0";

    private const uint Offset = 8, InvalidCode = uint.MaxValue, RealModifiers = 0xff;
    private const int NameLength = 4, TextV1 = 1, NoDefaultIncludes = 1, Down = 1, Depressed = 1, ConsumedAsGtk = 1;

    private readonly nint _keymap;
    private nint _state;

    private XkbKeymap(nint keymap)
    {
        _keymap = keymap;
        _state = xkb_state_new(keymap);
        LastCode = xkb_keymap_max_keycode(keymap) is var last and > Offset ? last - Offset : 0;
    }

    public static bool IsInstalled { get; } = SharedLibrary.File(File) is not null;

    /// <summary>The highest code of the keymap.</summary>
    public uint LastCode { get; }

    /// <summary>
    /// A keymap from a compositor, which ends at the first NUL, if there is one. It may not include this machine's files:
    /// compositors send whole keymaps. Null if libxkbcommon rejects it.
    /// </summary>
    public static XkbKeymap? Parse(ReadOnlySpan<byte> text)
    {
        // libxkbcommon 1.5 rejects a NUL in the buffer, and leaks what it has parsed before.
        if (text.IndexOf((byte)0) is >= 0 and var end)
            text = text[..end];
        if (XkbText.HasHugeNumber(text) || XkbText.HasEmptyPart(text))
            return null;
        fixed (byte* bytes = text)
        {
            var context = NewContext(NoDefaultIncludes);
            var keymap = context == 0 ? 0 : xkb_keymap_new_from_buffer(context, bytes, (nuint)text.Length, TextV1, 0);
            return Wrap(context, keymap);
        }
    }

    /// <summary>
    /// The keymap of a PC keyboard with this layout of xkeyboard-config, as "us" or "de(nodeadkeys)". Null if it is not
    /// installed.
    /// </summary>
    public static XkbKeymap? OfLayout(string layout)
    {
        fixed (byte* rules = "evdev\0"u8, model = "pc105\0"u8, none = "\0"u8, name = Encoding.UTF8.GetBytes(layout + '\0'))
        {
            var names = new RuleNames { Rules = rules, Model = model, Layout = name, Variant = none, Options = none };
            var context = NewContext(0);
            var keymap = context == 0 ? 0 : xkb_keymap_new_from_names(context, &names, 0);
            return Wrap(context, keymap);
        }
    }

    /// <summary>The code of the key with this name in xkb_keycodes, or with an alias of it; null if there is none.</summary>
    /// <param name="name">At most four letters; shorter ones are filled with NUL.</param>
    public uint? CodeOf(ReadOnlySpan<byte> name)
    {
        var bytes = stackalloc byte[NameLength + 1];
        name.CopyTo(new Span<byte>(bytes, NameLength));
        return xkb_keymap_key_by_name(_keymap, bytes) is var code && code is InvalidCode or < Offset ? null : code - Offset;
    }

    /// <summary>The modifiers that the key depresses while it alone is held.</summary>
    public uint ModifiersOf(uint code, uint group)
    {
        // A new state each time, because a latch would outlive the key.
        var state = xkb_state_new(_keymap);
        _ = xkb_state_update_mask(state, 0, 0, 0, 0, 0, group);
        _ = xkb_state_update_key(state, code + Offset, Down);
        var modifiers = xkb_state_serialize_mods(state, Depressed) & RealModifiers;
        xkb_state_unref(state);
        return modifiers;
    }

    /// <summary>The keysym of a key; 0 for none.</summary>
    /// <param name="consumed">The modifiers that select its symbol: Shift for "A", but not Control for Ctrl+A.</param>
    public uint SymbolOf(uint code, uint depressed, uint locked, uint group, out uint consumed)
    {
        _ = xkb_state_update_mask(_state, depressed, 0, locked, 0, 0, group);
        consumed = xkb_state_key_get_consumed_mods2(_state, code + Offset, ConsumedAsGtk) & RealModifiers;
        return xkb_state_key_get_one_sym(_state, code + Offset);
    }

    /// <summary>The Unicode code point that the keysym stands for; 0 for none.</summary>
    public static uint CharacterOf(uint keysym) => xkb_keysym_to_utf32(keysym);

    public void Dispose()
    {
        if (_state == 0)
            return;
        xkb_state_unref(_state);
        xkb_keymap_unref(_keymap);
        _state = 0;
    }

    private static nint NewContext(int flags)
    {
        var context = xkb_context_new(flags);
        // Otherwise it writes to standard error. 0 is below XKB_LOG_LEVEL_CRITICAL.
        if (context != 0)
            xkb_context_set_log_level(context, 0);
        return context;
    }

    /// <summary>The keymap keeps its own reference to the context.</summary>
    private static XkbKeymap? Wrap(nint context, nint keymap)
    {
        if (context != 0)
            xkb_context_unref(context);
        return keymap == 0 ? null : new XkbKeymap(keymap);
    }

    /// <summary>struct xkb_rule_names. A null would stand for a value of the environment.</summary>
    private struct RuleNames
    {
        public byte* Rules, Model, Layout, Variant, Options;
    }

    [LibraryImport(File)]
    private static partial nint xkb_context_new(int flags);

    [LibraryImport(File)]
    private static partial void xkb_context_unref(nint context);

    [LibraryImport(File)]
    private static partial void xkb_context_set_log_level(nint context, int level);

    [LibraryImport(File)]
    private static partial nint xkb_keymap_new_from_buffer(nint context, byte* text, nuint length, int format, int flags);

    [LibraryImport(File)]
    private static partial nint xkb_keymap_new_from_names(nint context, RuleNames* names, int flags);

    [LibraryImport(File)]
    private static partial void xkb_keymap_unref(nint keymap);

    [LibraryImport(File)]
    private static partial uint xkb_keymap_max_keycode(nint keymap);

    [LibraryImport(File)]
    private static partial uint xkb_keymap_key_by_name(nint keymap, byte* name);

    [LibraryImport(File)]
    private static partial nint xkb_state_new(nint keymap);

    [LibraryImport(File)]
    private static partial void xkb_state_unref(nint state);

    [LibraryImport(File)]
    private static partial uint xkb_state_update_key(nint state, uint code, int direction);

    [LibraryImport(File)]
    private static partial uint xkb_state_update_mask(
        nint state, uint depressed, uint latched, uint locked, uint depressedGroup, uint latchedGroup, uint lockedGroup);

    [LibraryImport(File)]
    private static partial uint xkb_state_serialize_mods(nint state, int components);

    [LibraryImport(File)]
    private static partial uint xkb_state_key_get_one_sym(nint state, uint code);

    [LibraryImport(File)]
    private static partial uint xkb_state_key_get_consumed_mods2(nint state, uint code, int mode);

    [LibraryImport(File)]
    private static partial uint xkb_keysym_to_utf32(uint keysym);
}
