using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>One seat: tablets, and a pointer, a keyboard and a touch screen, each of which may come and go.</summary>
internal sealed class Seat : IDisposable
{
    private readonly Globals _globals;
    private readonly Loop _loop;
    private readonly WindowFocus _windows;
    private readonly GuestLayout? _layout;
    private TabletSeat? _tablets;
    private Pointer? _pointer;
    private Keyboard? _keyboard;
    private Touch? _touch;

    public Seat(uint id, Globals globals, Loop loop, WindowFocus windows, GuestLayout? layout)
    {
        (Id, Proxy, _globals, _loop, _windows) = (id, globals.BindSeat(id), globals, loop, windows);
        _layout = layout;
        Proxy.Capabilities += (_, e) => SetCapabilities(e.Capabilities);
        windows.KeyboardEntered += OnKeyboardEntered;
    }

    /// <summary>The id of its global.</summary>
    public uint Id { get; }

    public WlSeat Proxy { get; }

    /// <summary>The serial of the last press while one of our windows has the keyboard; null otherwise.</summary>
    public uint? LastSerial { get; private set; }

    /// <summary>True if a pen is near one of our windows, or there is a touch screen: its first touch is unannounced.</summary>
    public bool IsInUse => _touch is not null || _tablets is { HasPen: true };

    /// <summary>A key or button was pressed in one of our windows. The argument is the event's serial.</summary>
    public event Action<uint>? Pressed;

    /// <summary>Adds the seat's tablets, once the compositor has tablets.</summary>
    public void AddTablets()
    {
        if (_tablets is null && _globals.Tablets is { } tablets)
            _tablets = new TabletSeat(tablets.GetTabletSeat(Proxy), _windows);
    }

    /// <summary>The window is closing.</summary>
    public void Forget(WindowInput input)
    {
        _pointer?.Forget(input);
        _keyboard?.Forget(input);
        _touch?.Forget(input);
        _tablets?.Forget(input);
    }

    public void Dispose()
    {
        _windows.KeyboardEntered -= OnKeyboardEntered;
        SetCapabilities(default);
        _tablets?.Dispose();
        Proxy.Dispose();
    }

    private void OnKeyboardEntered() => _pointer?.Renew();

    private void OnPressed(uint? serial)
    {
        LastSerial = serial;
        if (serial is { } pressed)
            Pressed?.Invoke(pressed);
    }

    private void SetCapabilities(WlSeatCapability capabilities)
    {
        if (IsOther(WlSeatCapability.Pointer, _pointer is not null) is { } hasPointer)
        {
            _pointer?.Dispose();
            _pointer = hasPointer ? new Pointer(Proxy.GetPointer(), _globals, _windows) { Pressed = OnPressed } : null;
        }
        if (IsOther(WlSeatCapability.Keyboard, _keyboard is not null) is { } hasKeyboard)
        {
            _keyboard?.Dispose();
            _keyboard = !hasKeyboard ? null
                : new Keyboard(Proxy, _globals, _loop, _windows, _layout) { Pressed = OnPressed };
            // A keyboard's end ends a grab, because another program may have its focus. Without one, no other program has.
            if (!hasKeyboard)
                _pointer?.Renew();
        }
        if (IsOther(WlSeatCapability.Touch, _touch is not null) is { } hasTouch)
        {
            _touch?.Dispose();
            _touch = hasTouch ? new Touch(Proxy.GetTouch(), _windows) : null;
        }

        // Whether the seat has the device now; null if that has not changed.
        bool? IsOther(WlSeatCapability kind, bool had) => (capabilities & kind) != 0 == had ? null : !had;
    }
}
