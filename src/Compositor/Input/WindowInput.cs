using System.Numerics;
using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Converts a window's input to guest pixels, and owns its <see cref="InputState"/>. A grab gives the guest all keys
/// (keyboard-shortcuts-inhibit), and a relative guest also the locked pointer. Ctrl+Alt without another key begins and ends a
/// grab; for a relative guest a click begins it too, or the pointer's entering (<see cref="TakesPointer"/>).
/// </summary>
// Fields: six are what a window's input is built from or told; the others are what is held and what has been applied.
internal sealed class WindowInput : IDisposable
{
    /// <summary>QEMU's limit (INPUT_EVENT_SLOTS_MAX); more fingers of one window are not sent.</summary>
    private const int MostFingers = 10;

    /// <summary>BTN_LEFT (linux/input-event-codes.h).</summary>
    private const uint BtnLeft = 0x110;

    /// <summary>KEY_* of the same.</summary>
    private const uint LeftCtrl = 29, LeftAlt = 56, Delete = 111;

    /// <summary>No user turns a wheel further in one frame; each notch is two messages to the guest.</summary>
    private const long MostWheel120 = 50 * 120;

    private readonly Host? _host;
    private readonly IHeadInput? _head;
    private readonly HeldCodes _keys, _buttons;
    private readonly GrabChord _chord = new();
    private readonly List<object> _keyboards = [];
    private InputState _applied;
    private uint _slots;
    private bool _isApplying, _areFingersPointer;

    /// <param name="surface">The window's root, which receives the events.</param>
    /// <param name="head">Null for a guest without input.</param>
    /// <param name="takesPointer">See <see cref="TakesPointer"/>.</param>
    /// <param name="host">Changes of the guest wait while it does not read. Null if there is no guest.</param>
    public WindowInput(WlSurface surface, IHeadInput? head, bool takesPointer = false, Host? host = null)
    {
        (Surface, _head, TakesPointer, _host) = (surface, head, takesPointer, host);
        if (host is not null)
            host.Resumed += ApplyChanges;
        _keys = new((code, pressed) => head?.Key(code, pressed));
        _buttons = new((code, pressed) => head?.Button(code, pressed));
        var image = head is null && !takesPointer ? PointerImage.Default : PointerImage.Hidden;
        State = _applied = new(head?.IsAbsolute ?? true, IsGrabbed: false, image);
        if (head is not null)
            head.Changed += OnHeadChanged;
    }

    public WlSurface Surface { get; }

    /// <summary>True for a kiosk: the compositor's pointer is hidden, and a relative guest grabs it without a click.</summary>
    public bool TakesPointer { get; }

    /// <summary>False for a guest that takes no input, such as a vGPU.</summary>
    public bool HasInput => _head is not null;

    /// <inheritdoc cref="IHeadInput.Locks"/>
    public LockKeys? Locks => _head is null ? LockKeys.None : _head.Locks;

    /// <summary>True if the compositor's shortcuts and ours go to the guest even without a grab.</summary>
    public bool HasAllKeys { get; init; }

    public TouchMode TouchMode { get; init; }

    /// <summary>Raised before a button, the wheel or a finger is used, because modifier keys change what that does.</summary>
    public event Action? UseBegins;

    /// <summary>Raised after a use, when no button is held any more.</summary>
    public event Action? UseEnded;

    /// <summary>The keys that are not for the guest.</summary>
    public KeyBindings Bindings { get; init; } = KeyBindings.Default;

    /// <summary>Such a key was pressed, and its action is for the window.</summary>
    public event Action<BoundAction>? ActionWanted;

    /// <summary>Something else than a key was used, or a key that is not for the guest: no chord is under way any more.</summary>
    public event Action? Used;

    /// <summary>A key was pressed that is the guest's.</summary>
    public event Action? KeyPressed;

    /// <summary>The user wants a grab to begin or to end.</summary>
    public event Action? GrabWanted;

    /// <summary>True if a keyboard has entered the window, false if one has left.</summary>
    public event Action<bool>? KeyboardChanged;

    /// <summary>True if a keyboard has the focus here.</summary>
    public bool HasKeyboard => _keyboards.Count > 0;

    /// <summary>Does what a key is bound to.</summary>
    /// <returns>False if all keys are the guest's now.</returns>
    public bool Do(BoundAction action)
    {
        if ((State.IsGrabbed || HasAllKeys) && action != BoundAction.Release)
            return false;
        Used?.Invoke();
        if (action == BoundAction.Release)
            GrabWanted?.Invoke();
        else if (action >= BoundAction.SendCtrlAltDel)
            SendCtrlAlt(action);
        else
            ActionWanted?.Invoke(action);
        return true;
    }

    /// <summary>Where the guest's image lies in the window; one to one until the first layout.</summary>
    public Placement Placement { get; set; } = Placement.OneToOne;

    /// <summary>Set only by <see cref="Change"/>, which applies each change in a fixed order.</summary>
    public InputState State { get; private set; }

    /// <summary>Raised first: the guest has become absolute or relative, or a pen has come or gone.</summary>
    public event Action? DeviceChanged;

    /// <summary>Raised second, for a pointer over this window: the previous state and the new one.</summary>
    public event Action<InputState, InputState>? PointerChanged;

    /// <summary>True while a pointer is in the window: it then listens.</summary>
    public bool HasPointer => PointerChanged is not null;

    /// <summary>Raised third: a grab has begun or ended.</summary>
    public event Action? GrabChanged;

    public void Grab(bool on) => Change(State with { IsGrabbed = on });

    public void SetPointerImage(PointerImage image) => Change(State with { Image = image });

    /// <summary>A keyboard has the focus here. A kiosk grabs again what the compositor took with the focus.</summary>
    public void KeyboardEntered(object keyboard)
    {
        _keyboards.Add(keyboard);
        GrabUnasked();
        KeyboardChanged?.Invoke(true);
    }

    /// <summary>The focus has gone, and the releases of the keys with it. The last keyboard ends the grab.</summary>
    public void KeyboardLeft(object keyboard)
    {
        _keys.Release(keyboard);
        _chord.Clear();
        if (_keyboards.Remove(keyboard) && !HasKeyboard)
            Grab(false);
        KeyboardChanged?.Invoke(false);
    }

    /// <summary>The last pointer has left. Where no keyboard is, nothing else would end its grab.</summary>
    public void PointerLeft()
    {
        if (!HasKeyboard && !HasPointer)
            Grab(false);
    }

    /// <summary>Pens are near the window.</summary>
    /// <param name="more">-1 if one has left.</param>
    public void AddPens(int more) => Change(State with { Pens = State.Pens + more });

    /// <summary>Grabs for a relative guest that needs no click.</summary>
    public void GrabUnasked()
    {
        if (TakesPointer && !State.HasButtons)
            Grab(true);
    }

    /// <summary>A chord that is under way counts no more: a device was used in a window of the guest.</summary>
    public void SpoilChord() => _chord.Spoil();

    /// <summary>True if the guest's keyboard has the key, or nobody could press it.</summary>
    public bool HasKey(uint code) => _head?.HasKey(code) ?? true;

    public void Key(object keyboard, uint code, bool pressed)
    {
        if (pressed)
            KeyPressed?.Invoke();
        if (_chord.Key(code, pressed, Bindings[BoundAction.Release]))
            GrabWanted?.Invoke();
        _keys.Set(keyboard, code, pressed);
    }

    /// <summary>Sends another press of a held key.</summary>
    public void Repeat(uint code) => _head?.Key(code, true);

    /// <summary>Moves an absolute pointer to a position in the window, in logical pixels.</summary>
    public void MoveTo(double x, double y)
    {
        if (_head is null || !State.IsAbsolute)
            return;
        var (guestX, guestY) = Placement.Unmap(x, y);
        _head.MoveTo(guestX, guestY);
    }

    /// <summary>Moves a relative pointer during a grab.</summary>
    public void MoveBy(double dx, double dy)
    {
        if (State.IsLocked)
            _head?.MoveBy(dx, dy);
    }

    /// <summary>A press that is not for the guest is dropped, and so is its release.</summary>
    public void Button(object device, uint code, bool pressed)
    {
        if (pressed && State.HasButtons)
            UseBegins?.Invoke();
        Used?.Invoke();
        if (!pressed || State.HasButtons)
            _buttons.Set(device, code, pressed);
        EndUse();
    }

    /// <summary>The pointer has gone: this window will not receive the releases of these buttons.</summary>
    public void ReleaseButtons(object device)
    {
        _buttons.Release(device);
        EndUse();
    }

    /// <summary>120 is one notch.</summary>
    public void Wheel(long right120, long down120)
    {
        if (State.HasButtons)
            UseBegins?.Invoke();
        Used?.Invoke();
        if (State.HasButtons)
            _head?.Wheel(Clamp(right120), Clamp(down120));
        EndUse();

        static int Clamp(long amount) => (int)Math.Clamp(amount, -MostWheel120, MostWheel120);
    }

    /// <summary>A finger touches the window, on any touch screen.</summary>
    /// <returns>The lowest free slot; null if there is none.</returns>
    public int? TouchDown(double x, double y)
    {
        var slot = BitOperations.TrailingZeroCount(~_slots);
        if (slot >= MostFingers)
            return null;
        // Until the last finger is lifted: a guest may get a driver meanwhile.
        if (_slots == 0)
            _areFingersPointer = TouchMode == TouchMode.Pointer
                || _head is not { HasTouch: true } || (TouchMode == TouchMode.Auto && _head.IsAbsolute);
        _slots |= 1u << slot;
        UseBegins?.Invoke();
        Touch(TouchKind.Begin, slot, x, y);
        return slot;
    }

    public void TouchMove(int slot, double x, double y) => Touch(TouchKind.Update, slot, x, y);

    /// <param name="slot">Free from now on.</param>
    /// <param name="kind"><see cref="TouchKind.End"/> or <see cref="TouchKind.Cancel"/>.</param>
    /// <param name="x">In logical pixels.</param>
    /// <param name="y">In logical pixels.</param>
    public void TouchUp(int slot, TouchKind kind, double x, double y)
    {
        _slots &= ~(1u << slot);
        Touch(kind, slot, x, y);
        EndUse();
    }

    /// <summary>The guest may outlive its window.</summary>
    public void Dispose()
    {
        if (_head is not null)
            _head.Changed -= OnHeadChanged;
        if (_host is not null)
            _host.Resumed -= ApplyChanges;
    }

    /// <summary>What the user still holds of it stays pressed, as <see cref="HeldCodes"/> counts.</summary>
    private void SendCtrlAlt(BoundAction action)
    {
        var key = action == BoundAction.SendCtrlAltDel ? Delete
            : KeyCombination.FunctionKey(1 + action - BoundAction.SendCtrlAltF1);
        uint[] codes = [LeftCtrl, LeftAlt, key];
        foreach (var code in codes)
            _keys.Set(this, code, true);
        foreach (var code in codes.Reverse())
            _keys.Set(this, code, false);
    }

    private void EndUse()
    {
        if (!_buttons.IsAny && _slots == 0)
            UseEnded?.Invoke();
    }

    private void Touch(TouchKind kind, int slot, double x, double y)
    {
        Used?.Invoke();
        var (guestX, guestY) = Placement.Unmap(x, y);
        if (!_areFingersPointer)
            _head?.Touch(kind, slot, guestX, guestY);
        else if (slot == 0)
            TouchAsPointer(kind, guestX, guestY);
    }

    private void TouchAsPointer(TouchKind kind, double guestX, double guestY)
    {
        if (_head is null || (kind == TouchKind.Begin && !_head.IsAbsolute))
            return;
        if (kind is TouchKind.Begin or TouchKind.Update)
            _head.MoveTo(guestX, guestY);
        if (kind != TouchKind.Update)
            _buttons.Set(this, BtnLeft, kind == TouchKind.Begin);
    }

    /// <summary>Lock keys change no state here: <see cref="Keyboard"/> reads them when it enters.</summary>
    private void OnHeadChanged() => Change(State with { IsAbsolute = _head!.IsAbsolute });

    /// <summary>A change that is made while another one is being applied is applied after it.</summary>
    private void Change(InputState state)
    {
        State = state;
        ApplyChanges();
    }

    private void ApplyChanges()
    {
        if (_isApplying)
            return;
        _isApplying = true;
        try
        {
            while (_applied != State && _host is not { IsStalled: true })
            {
                var before = _applied;
                _applied = State;
                Apply(before, _applied);
            }
        }
        finally
        {
            _isApplying = false;
        }
    }

    /// <summary>The cursor plane comes first, because it may change the pointer's image.</summary>
    private void Apply(InputState before, InputState now)
    {
        if ((now.IsAbsolute, now.Pens) != (before.IsAbsolute, before.Pens))
            DeviceChanged?.Invoke();
        PointerChanged?.Invoke(before, now);
        if (now.IsGrabbed != before.IsGrabbed)
            GrabChanged?.Invoke();
    }
}
