using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The host's keyboard. Its keys go on as they are, with no keymap of ours: the guest has its own. Repeats are ours to make
/// (wl_keyboard.repeat_info), since a PC's keyboard makes them itself and firmware counts on that.
/// </summary>
internal sealed class Keyboard : IDisposable
{
    // linux/input-event-codes.h.
    private const uint LeftCtrl = 29, LeftShift = 42, RightShift = 54, LeftAlt = 56, F11 = 87, CapsLock = 58, NumLock = 69, ScrollLock = 70;
    private const uint RightCtrl = 97, RightAlt = 100, LeftMeta = 125, RightMeta = 126;

    // Real modifiers have these places in every xkb keymap (XKBproto, 2.1), and NumLock has Mod2 in all that are in use.
    private const uint LockMask = 1 << 1, Mod2Mask = 1 << 4;

    private readonly WlKeyboard _proxy;
    private readonly Globals _globals;
    private readonly Loop _loop;
    private readonly LoopTimer _repeat;
    private readonly HashSet<uint> _held = [];
    private WindowInput? _focus;
    private ZwpKeyboardShortcutsInhibitorV1? _inhibitor;
    private long _delayNs = 500_000_000, _intervalNs = 40_000_000;
    private uint _repeated;
    private bool _isChord, _isLockSyncDue;
    private LockKeys _asked;

    public Keyboard(WlKeyboard proxy, Globals globals, Loop loop, WindowFocus windows)
    {
        (_proxy, _globals, _loop) = (proxy, globals, loop);
        loop.Add(_repeat = new LoopTimer(Repeat));
        proxy.Enter += (_, e) => Enter(windows.Of(e.Surface));
        proxy.Leave += (_, _) =>
        {
            Leave();
            Pressed!(null);
        };
        proxy.Key += (_, e) =>
        {
            if (e.State == WlKeyboardKeyState.Pressed)
                Pressed!(e.Serial);
            Key(e.Key, e.State == WlKeyboardKeyState.Pressed);
        };
        proxy.Modifiers += (_, e) => SyncLocks(e.ModsLocked);
        proxy.RepeatInfo += (_, e) =>
        {
            // A rate of 0 means none; hosts say at most a few hundred a second.
            _intervalNs = e.Rate is > 0 and <= 1000 ? 1_000_000_000 / e.Rate : 0;
            _delayNs = Math.Clamp(e.Delay, 1, 10_000) * 1_000_000L;
        };
    }

    /// <summary>Told the serial of every press, and null when the keyboard leaves.</summary>
    public required Action<uint?> Pressed { get; init; }

    public void Forget(WindowInput input)
    {
        if (_focus == input)
            Leave();
    }

    public void Dispose()
    {
        Leave();
        _loop.Remove(_repeat);
        _proxy.Dispose();
    }

    /// <summary>What is held when the window gets the focus was pressed for another: the guest sees nothing of it.</summary>
    private void Enter(WindowInput? input)
    {
        Leave();
        _focus = input;
        if (input is not null)
        {
            input.Changed += FollowGrab;
            FollowGrab();
        }
        _held.Clear();
        (_isChord, _isLockSyncDue) = (false, true);
    }

    private void Leave()
    {
        _repeat.Cancel();
        if (_focus is not { } focus)
            return;
        focus.ReleaseKeys();
        focus.Grab(false);
        focus.Changed -= FollowGrab;
        _focus = null;
        FollowGrab();
    }

    /// <summary>Grabbed, the guest gets the host's own shortcuts too; the host may keep an escape, and we have ours.</summary>
    private void FollowGrab()
    {
        if (_focus is { } focus && (focus.IsGrabbed || focus.HasAllKeys))
            _inhibitor ??= _globals.ShortcutsInhibit?.InhibitShortcuts(focus.Surface, _globals.Seat!.Proxy);
        else
        {
            _inhibitor?.Dispose();
            _inhibitor = null;
        }
    }

    private void Key(uint code, bool pressed)
    {
        if (_focus is not { } focus)
            return;
        // Not its release either, or a guest would see a key go up that never went down.
        if (code == F11 && focus is { IsGrabbed: false, HasAllKeys: false })
        {
            if (pressed)
                focus.ToggleFullscreen();
            return;
        }
        if (IsGrabChord(code, pressed))
            focus.Grab(!focus.IsGrabbed);
        focus.Key(code, pressed);
        if (pressed && !IsModifier(code) && _intervalNs > 0)
        {
            _repeated = code;
            _repeat.Set(Clock.Now + _delayNs);
        }
        else if (code == _repeated)
            _repeat.Cancel();
    }

    private void Repeat(long now)
    {
        _focus?.Repeat(_repeated);
        _repeat.Set(now + _intervalNs);
    }

    /// <summary>Ctrl and Alt are down, nothing else has been, and one of them is let go: Ctrl+Alt+F1 and the like are the guest's.</summary>
    private bool IsGrabChord(uint code, bool pressed)
    {
        var isPart = code is LeftCtrl or RightCtrl or LeftAlt or RightAlt;
        if (pressed)
        {
            _held.Add(code);
            var hasBoth = (_held.Contains(LeftCtrl) || _held.Contains(RightCtrl)) && (_held.Contains(LeftAlt) || _held.Contains(RightAlt));
            _isChord = isPart && hasBoth && _held.Count == 2;
            return false;
        }
        _held.Remove(code);
        var isChord = _isChord && isPart;
        _isChord = false;
        return isChord;
    }

    /// <summary>
    /// The guest's lock keys follow the host's when the window gets the focus. A guest that did not follow the last time
    /// (firmware knows no LEDs) is not asked again: it would toggle what nobody sees.
    /// </summary>
    private void SyncLocks(uint locked)
    {
        if (!_isLockSyncDue || _focus is not { } focus)
            return;
        _isLockSyncDue = false;
        var host = ((locked & LockMask) != 0 ? LockKeys.Caps : 0) | ((locked & Mod2Mask) != 0 ? LockKeys.Num : 0);
        var differs = (host ^ focus.Locks) & (LockKeys.Caps | LockKeys.Num);
        var ask = differs & ~_asked;
        // What has come to agree may be asked for again.
        _asked = differs;
        if ((ask & LockKeys.Caps) != 0)
            Tap(focus, CapsLock);
        if ((ask & LockKeys.Num) != 0)
            Tap(focus, NumLock);
    }

    private static void Tap(WindowInput focus, uint code)
    {
        focus.Key(code, true);
        focus.Key(code, false);
    }

    private static bool IsModifier(uint code) =>
        code is LeftCtrl or RightCtrl or LeftShift or RightShift or LeftAlt or RightAlt or LeftMeta or RightMeta or CapsLock or NumLock or ScrollLock;
}
