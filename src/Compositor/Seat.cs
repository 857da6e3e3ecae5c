using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The user's devices on the host, which come and go; each is the one of its kind, for all windows.</summary>
internal sealed class Seat : IDisposable
{
    private readonly Globals _globals;
    private readonly Loop _loop;
    private readonly WindowFocus _windows = new();

    public Seat(WlSeat proxy, Globals globals, Loop loop)
    {
        (Proxy, _globals, _loop) = (proxy, globals, loop);
        proxy.Capabilities += (_, e) => Follow(e.Capabilities);
        if (globals.Tablets is { } tablets)
            _ = new Tablet(tablets.GetTabletSeat(proxy), _windows);
    }

    public WlSeat Proxy { get; }

    public Pointer? Pointer { get; private set; }

    public Keyboard? Keyboard { get; private set; }

    public Touch? Touch { get; private set; }

    /// <summary>Of the last key or button, while a window of ours has the keyboard; null else.</summary>
    public uint? LastSerial { get; private set; }

    /// <summary>A key or button was pressed in a window of ours; with its serial.</summary>
    public event Action<uint>? Pressed;

    /// <summary>The window's events go to this from now on.</summary>
    public void Add(WindowInput input) => _windows.Add(input);

    public void Remove(WindowInput input)
    {
        Pointer?.Forget(input);
        Keyboard?.Forget(input);
        _windows.Remove(input);
    }

    public void Dispose() => Follow(default);

    private void OnPressed(uint? serial)
    {
        LastSerial = serial;
        if (serial is { } pressed)
            Pressed?.Invoke(pressed);
    }

    private void Follow(WlSeatCapability capabilities)
    {
        if (Wants(WlSeatCapability.Pointer, Pointer is not null) is { } pointer)
        {
            Pointer?.Dispose();
            Pointer = pointer ? new Pointer(Proxy.GetPointer(), _globals, _windows) { Pressed = OnPressed } : null;
        }
        if (Wants(WlSeatCapability.Keyboard, Keyboard is not null) is { } keyboard)
        {
            Keyboard?.Dispose();
            Keyboard = keyboard ? new Keyboard(Proxy.GetKeyboard(), _globals, _loop, _windows) { Pressed = OnPressed } : null;
        }
        if (Wants(WlSeatCapability.Touch, Touch is not null) is { } touch)
        {
            Touch?.Dispose();
            Touch = touch ? new Touch(Proxy.GetTouch(), _windows) : null;
        }

        // Whether to make it or to drop it; null when all is as it should be.
        bool? Wants(WlSeatCapability kind, bool isThere) => (capabilities & kind) != 0 == isThere ? null : !isThere;
    }
}

/// <summary>Which window a surface is of.</summary>
internal sealed class WindowFocus
{
    private readonly List<WindowInput> _inputs = [];

    public void Add(WindowInput input) => _inputs.Add(input);

    public void Remove(WindowInput input) => _inputs.Remove(input);

    /// <summary>Null for a window whose guest takes no input.</summary>
    public WindowInput? Of(WlSurface? surface) => surface is null ? null : _inputs.Find(input => input.Surface == surface);
}
