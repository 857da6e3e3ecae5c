using System.Runtime.InteropServices;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A seat's keyboard: its focus, the keys and modifiers that go to the guest, their repeats, and the lock keys.
/// </summary>
internal sealed class Keyboard : IDisposable
{
    // linux/input-event-codes.h.
    private const uint CapsLock = 58, NumLock = 69, ScrollLock = 70;

    private readonly WlSeat _seat;
    private readonly WlKeyboard _proxy;
    private readonly Globals _globals;
    private readonly HostKeymap _keymap;
    private readonly GuestKeys _keys;
    private readonly KeyRepeat _repeat;
    private WindowInput? _focus;
    private ZwpKeyboardShortcutsInhibitorV1? _inhibitor;
    private bool _isLockSyncDue;
    private LockKeys _asked;

    /// <param name="seat">The seat of the keyboard.</param>
    /// <param name="globals">May have keyboard-shortcuts-inhibit, now or later.</param>
    /// <param name="loop">Runs the timer for repeats.</param>
    /// <param name="windows">The windows that may have the focus.</param>
    /// <param name="layout">See <see cref="HostKeymap"/>.</param>
    public Keyboard(WlSeat seat, Globals globals, Loop loop, WindowFocus windows, GuestLayout? layout)
    {
        (_seat, _proxy, _globals) = (seat, seat.GetKeyboard(), globals);
        (_keymap, _keys) = (new HostKeymap(layout), new GuestKeys(this));
        _repeat = new KeyRepeat(_proxy.Display, loop, code => _focus?.Repeat(code));
        _proxy.Keymap += (_, e) => ReadKeymap(e.Format, e.TakeFd(), e.Size);
        _proxy.Enter += (_, e) => Enter(windows.Find(e.Surface), MemoryMarshal.Cast<byte, uint>(e.Keys));
        _proxy.Leave += (_, _) =>
        {
            Leave();
            Pressed!(null);
        };
        _proxy.Key += (_, e) =>
        {
            if (e.State == WlKeyboardKeyState.Pressed)
                Pressed!(e.Serial);
            Key(e.Key, e.State == WlKeyboardKeyState.Pressed);
        };
        _proxy.Modifiers += (_, e) => SetModifiers(e.ModsDepressed | e.ModsLatched, e.ModsLocked, e.Group);
        _proxy.RepeatInfo += (_, e) => _repeat.SetRate(e.Rate, e.Delay);
    }

    /// <summary>Called with the serial of each press, and with null when the keyboard leaves.</summary>
    public required Action<uint?> Pressed { get; init; }

    /// <summary>The window is closing.</summary>
    public void Forget(WindowInput input)
    {
        if (_focus != input)
            return;
        Leave();
        Pressed!(null);
    }

    public void Dispose()
    {
        Leave();
        Pressed!(null);
        _repeat.Dispose();
        _keymap.Dispose();
        _proxy.Dispose();
    }

    private void ReadKeymap(WlKeyboardKeymapFormat format, Fd fd, uint size)
    {
        using (fd)
            _keymap.Read(format, fd, size);
    }

    /// <summary>Keys that are held already were pressed for another window: only the modifiers are the guest's.</summary>
    private void Enter(WindowInput? input, ReadOnlySpan<uint> held)
    {
        Leave();
        _focus = input;
        if (input is not null)
        {
            _keys.Enter(input);
            foreach (var code in held)
                if (_keymap.Resolve(code, input) is { IsModifier: true, Modifiers: not 0 } key)
                    _keys.Add(key);
            input.GrabChanged += InhibitShortcuts;
            InhibitShortcuts();
            input.KeyboardEntered(this);
        }
        _isLockSyncDue = true;
    }

    private void Leave()
    {
        _repeat.Cancel();
        if (_focus is not { } focus)
            return;
        _keys.Leave();
        focus.KeyboardLeft(this);
        focus.GrabChanged -= InhibitShortcuts;
        _focus = null;
        InhibitShortcuts();
    }

    /// <summary>Inhibits the compositor's shortcuts during a grab. The compositor may keep some; ours is Ctrl+Alt.</summary>
    private void InhibitShortcuts()
    {
        if (_focus is { } focus && (focus.State.IsGrabbed || focus.HasAllKeys))
            _inhibitor ??= _globals.ShortcutsInhibit?.InhibitShortcuts(focus.Surface, _seat);
        else
        {
            _inhibitor?.Dispose();
            _inhibitor = null;
        }
    }

    private void Key(uint hostCode, bool pressed)
    {
        if (_focus is not { } focus || Find(focus, hostCode, pressed) is not { } key)
            return;
        var code = key.Code;
        // The guest has not seen its press, so it will not see its release.
        if (pressed && focus.Bindings.Find(_keymap.Press(hostCode) with { Code = code }) is { } action && focus.Do(action))
            return;
        if (pressed)
            _keys.Press(key);
        else
            _keys.Release(key);
        if (pressed && key is { IsModifier: false, Dead: null } && code is not (CapsLock or NumLock or ScrollLock))
            _repeat.Start(code);
        else
            _repeat.End(code);
    }

    private HeldKey? Find(WindowInput focus, uint hostCode, bool pressed)
    {
        if (!pressed)
            return _keys.Remove(_keymap.Current, hostCode);
        return _keymap.Resolve(hostCode, focus) is { } key && _keys.Add(key) ? key : null;
    }

    /// <summary>Without a keymap, modifiers that no key holds may be anything.</summary>
    private void SetModifiers(uint depressed, uint locked, uint group)
    {
        _keymap.SetState(depressed, locked, group);
        _keys.SetDepressed(_keymap.Current is null ? 0 : depressed);
        SyncLocks(locked);
    }

    /// <summary>
    /// Sets the guest's lock keys to the compositor's when the window gets the focus. Keys that the guest did not follow the last
    /// time (firmware ignores LEDs) are not tapped again: each tap would toggle a lock that nobody sees.
    /// </summary>
    private void SyncLocks(uint locked)
    {
        if (!_isLockSyncDue || _focus is not { Locks: { } known } focus)
            return;
        _isLockSyncDue = false;
        var differs = (ModifierKeys.LocksOf(locked) ^ known) & (LockKeys.Caps | LockKeys.Num);
        var ask = differs & ~_asked;
        // A lock that agrees now may be tapped again.
        _asked = differs;
        if ((ask & LockKeys.Caps) != 0)
            Tap(focus, CapsLock);
        if ((ask & LockKeys.Num) != 0)
            Tap(focus, NumLock);
    }

    private void Tap(WindowInput focus, uint code)
    {
        focus.Key(this, code, true);
        focus.Key(this, code, false);
    }
}
