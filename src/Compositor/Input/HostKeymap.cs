using System.Buffers;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The compositor's keymap, which says what its key codes mean. A physical keyboard's codes are evdev's and are passed through:
/// the guest has a keymap of its own. Other codes, such as a virtual keyboard's, are translated by their symbols. A keymap that
/// cannot be read counts as evdev's.
/// </summary>
/// <param name="layout">The guest's; null if codes are always passed through.</param>
internal sealed class HostKeymap(GuestLayout? layout) : IDisposable
{
    /// <summary>Real keymaps have up to 100 KB. Virtual and physical keyboards take turns, so a few are kept.</summary>
    private const int MaxBytes = 1 << 20, MaxKept = 4;

    private readonly List<Kept> _kept = [];
    private bool _isEvdev = true;
    private uint _depressed, _locked, _group;

    /// <summary>The keymap of the next key events; null if it could not be understood.</summary>
    public XkbKeymap? Current { get; private set; }

    /// <summary>Reads wl_keyboard.keymap. If that cannot be understood, the user is told.</summary>
    public void Read(WlKeyboardKeymapFormat format, Fd fd, uint size)
    {
        (Current, _isEvdev) = (null, true);
        if (format != WlKeyboardKeymapFormat.XkbV1 || layout is null)
            return;
        if (!XkbKeymap.IsInstalled)
            layout.Messages.Warn($"{XkbKeymap.File} is not installed (Debian: libxkbcommon0): keys are passed to the VM by their "
                + "codes, and what virtual keyboards type is wrong.");
        else if ((Current = Compile(fd, size)) is { } keymap)
            _isEvdev = IsEvdev(keymap);
        else
            layout.Messages.Warn("The compositor's keymap cannot be read: keys are passed to the VM by their codes.");
    }

    /// <summary>Takes the state that wl_keyboard.modifiers reports.</summary>
    public void SetState(uint depressed, uint locked, uint group) => (_depressed, _locked, _group) = (depressed, locked, group);

    /// <summary>What a code means here, with the modifiers that are depressed now.</summary>
    public PressedKey Press(uint code)
    {
        if (Current is not { } keymap)
            return PressedKey.Of(code, _depressed);
        var plain = XkbKeymap.CharacterOf(keymap.SymbolOf(code, 0, 0, _group, out _));
        var typed = XkbKeymap.CharacterOf(keymap.SymbolOf(code, _depressed, 0, _group, out var consumed));
        return new(code, _depressed, plain, typed, consumed);
    }

    /// <summary>The guest's key for a code of the compositor; null if there is none.</summary>
    public HeldKey? Resolve(uint code, WindowInput focus)
    {
        if (Current is not { } keymap)
            return new(null, code, code) { Modifiers = ModifierKeys.MaskOf(code) };
        var modifiers = keymap.ModifiersOf(code, _group);
        if (_isEvdev && focus.HasKey(code))
            return new(keymap, code, code) { Modifiers = modifiers };
        var keysym = keymap.SymbolOf(code, _depressed, _locked, _group, out var consumed);
        if (!focus.HasInput || layout!.Find(keysym, focus, out var dead) is not { } found)
            return null;
        if (ModifierKeys.IndexOf(found.Code) >= 0)
            return new(keymap, code, found.Code) { Modifiers = modifiers };
        return new(keymap, code, found.Code)
        {
            Modifiers = modifiers,
            Needed = found.Needed,
            Consumed = consumed,
            Dead = dead is { } first ? new(keymap, code, first.Code) { Needed = first.Needed, Consumed = consumed } : null,
        };
    }

    public void Dispose()
    {
        foreach (var kept in _kept)
            kept.Dispose();
        _kept.Clear();
    }

    /// <summary>True if the usual keys that the keymap has, at least one, have the codes of linux/input-event-codes.h.</summary>
    private static bool IsEvdev(XkbKeymap keymap)
    {
        const int NameLength = 4;
        var names = "AE01AD01AC01AB01SPCERTRNTAB\0LFSH"u8;
        ReadOnlySpan<uint> codes = [2, 16, 30, 44, 57, 28, 15, 42];
        var isAny = false;
        for (var i = 0; i < codes.Length; i++)
        {
            var code = keymap.CodeOf(names.Slice(i * NameLength, NameLength));
            if (code is not null && code != codes[i])
                return false;
            isAny |= code is not null;
        }
        return isAny;
    }

    /// <summary>
    /// Reads the file instead of mapping it: if it is truncated meanwhile, a mapping would end the program by SIGBUS. A pipe is
    /// refused by pread(2) at once. Null if it is no file of that size, or no keymap.
    /// </summary>
    private XkbKeymap? Compile(Fd fd, uint size)
    {
        if (size is 0 or > MaxBytes)
            return null;
        var buffer = ArrayPool<byte>.Shared.Rent((int)size);
        try
        {
            fd.ReadAt(buffer.AsSpan(0, (int)size), 0);
        }
        catch (LinuxException)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return null;
        }
        var kept = new Kept(buffer, (int)size);
        if (_kept.FindIndex(other => other.Text.SequenceEqual(kept.Text)) is >= 0 and var index)
        {
            kept.Dispose();
            kept = _kept[index];
            _kept.RemoveAt(index);
        }
        else if (!kept.Parse())
        {
            kept.Dispose();
            return null;
        }
        return Keep(kept);
    }

    /// <summary>The newest is at the end. Held keys keep no more than a keymap's identity.</summary>
    private XkbKeymap? Keep(Kept kept)
    {
        if (_kept.Count == MaxKept)
        {
            _kept[0].Dispose();
            _kept.RemoveAt(0);
        }
        _kept.Add(kept);
        return kept.Keymap;
    }

    /// <summary>A keymap and its text, in a pooled array.</summary>
    private sealed class Kept(byte[] buffer, int size) : IDisposable
    {
        public XkbKeymap? Keymap { get; private set; }

        public ReadOnlySpan<byte> Text => buffer.AsSpan(0, size);

        public bool Parse() => (Keymap = XkbKeymap.Parse(Text)) is not null;

        public void Dispose()
        {
            Keymap?.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
