namespace Guestplane.Compositor;

/// <summary>
/// The keys that the guest holds for one keyboard. The guest has not seen a modifier's press if its key was pressed for another
/// window, or if a virtual keyboard reports the modifier without a key. Such modifiers are pressed just before the next key or
/// button, so that Alt+Tab to this window is no tap of Alt in the guest.
/// </summary>
/// <param name="keyboard">Whose keys these are for the window.</param>
internal sealed class GuestKeys(object keyboard)
{
    /// <summary>More keys than hands can hold; a compositor that never releases any must not fill the memory.</summary>
    private const int MaxHeld = 64;

    private readonly List<HeldKey> _held = [];
    private WindowInput? _focus;
    private HeldKey? _last;
    private uint _depressed, _borrowed;
    private int _pressed;

    /// <summary>The keyboard has entered a window. The modifier keys that are held already follow by <see cref="Add"/>.</summary>
    public void Enter(WindowInput focus)
    {
        _focus = focus;
        focus.UseBegins += BorrowModifiers;
        focus.UseEnded += ReturnModifiers;
    }

    /// <summary>The keyboard has left: <see cref="WindowInput.KeyboardLeft"/> releases all its keys in the guest.</summary>
    public void Leave()
    {
        if (_focus is not { } focus)
            return;
        focus.UseBegins -= BorrowModifiers;
        focus.UseEnded -= ReturnModifiers;
        _held.Clear();
        (_focus, _last, _depressed, _borrowed, _pressed) = (null, null, 0, 0, 0);
    }

    /// <summary>Takes the modifiers that are depressed on the compositor's side, by keys or without.</summary>
    public void SetDepressed(uint modifiers)
    {
        _depressed = modifiers;
        _borrowed &= modifiers;
        SyncModifiers();
    }

    /// <summary>A key was pressed; false if it is held already. The guest sees it by <see cref="Press"/>.</summary>
    public bool Add(HeldKey key)
    {
        var isNew = _held.Count < MaxHeld && !_held.Exists(key.IsSame);
        if (isNew)
            _held.Add(key);
        return isNew;
    }

    /// <summary>A key was released; null if its press was for another window.</summary>
    public HeldKey? Remove(object? keymap, uint code)
    {
        var index = _held.FindIndex(held => held.HostCode == code && held.Keymap == keymap);
        // The keymap may have changed while the key was held.
        if (index < 0)
            index = _held.FindIndex(held => held.HostCode == code);
        if (index < 0)
            return null;
        var key = _held[index];
        _held.RemoveAt(index);
        return key;
    }

    /// <summary>Presses a key of <see cref="Add"/> in the guest.</summary>
    public void Press(HeldKey key)
    {
        key.IsSent = true;
        if (key.IsModifier)
        {
            SyncModifiers();
            return;
        }
        if (key.Dead is { } dead)
        {
            Send(dead, false);
            Send(key, false);
        }
        else
            Send(key, true);
    }

    /// <summary>Releases a key of <see cref="Remove"/> in the guest, unless another one holds the same guest key.</summary>
    public void Release(HeldKey key)
    {
        if (key is { IsSent: true, IsModifier: false } && !_held.Exists(held => held.IsSent && held.Code == key.Code))
            _focus!.Key(keyboard, key.Code, false);
        if (_last == key)
            _last = null;
        ReturnModifiers();
    }

    /// <summary>Presses a key with its modifiers.</summary>
    /// <param name="isHeld">False for one that follows a dead key: the guest would repeat the plain letter.</param>
    private void Send(HeldKey key, bool isHeld)
    {
        _last = key;
        BorrowModifiers();
        _focus!.Key(keyboard, key.Code, true);
        if (!isHeld)
            _focus.Key(keyboard, key.Code, false);
    }

    /// <summary>Gives the guest all modifiers of the compositor's side, before something is pressed.</summary>
    private void BorrowModifiers()
    {
        var ofKeys = 0u;
        foreach (var held in _held)
        {
            held.IsSent |= held.IsModifier;
            ofKeys |= held.Modifiers;
        }
        _borrowed |= _depressed & ~ofKeys;
        SyncModifiers();
    }

    /// <summary>
    /// Releases the modifiers that no key holds, when nothing is pressed any more. A virtual keyboard may go without reporting
    /// that they are not depressed now: wtype does.
    /// </summary>
    private void ReturnModifiers()
    {
        if (!_held.Exists(held => held is { IsSent: true, IsModifier: false }))
            _borrowed = 0;
        SyncModifiers();
    }

    /// <summary>Presses and releases modifier keys in the guest until it holds what it should.</summary>
    private void SyncModifiers()
    {
        var wanted = WantedModifiers();
        for (var i = 0; i < ModifierKeys.Codes.Length; i++)
        {
            var bit = 1 << i;
            if (((wanted ^ _pressed) & bit) != 0)
                _focus?.Key(keyboard, ModifierKeys.Codes[i], (wanted & bit) != 0);
        }
        _pressed = wanted;
    }

    /// <summary>
    /// The modifier keys that the guest should hold, as bits by index in <see cref="ModifierKeys.Codes"/>. A translated key needs
    /// some of them, and some must not be there, until it is released or the next key is pressed.
    /// </summary>
    private int WantedModifiers()
    {
        var needed = _last?.Needed ?? 0;
        var unwanted = (_last?.Consumed ?? 0) & ~needed;
        var keys = 0;
        foreach (var held in _held)
            if (held is { IsSent: true, IsModifier: true } && (held.Modifiers & unwanted) == 0)
            {
                keys |= 1 << ModifierKeys.IndexOf(held.Code);
                needed &= ~held.Modifiers;
            }
        needed |= _borrowed & ~unwanted;
        for (var i = 0; i < ModifierKeys.Codes.Length; i++)
            if ((needed & ModifierKeys.Masks[i]) != 0)
            {
                keys |= 1 << i;
                needed &= ~ModifierKeys.Masks[i];
            }
        return keys;
    }
}
