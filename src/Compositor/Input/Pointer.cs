using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A pointer over our windows. A relative guest receives motion only during a grab, which locks the pointer: without a keyboard
/// of ours only in a kiosk, because no key would free it.
/// </summary>
// Fields: the compositor's objects, what they have of the window, and what a frame has so far.
internal sealed class Pointer : IDisposable
{
    private const uint Left = 0x110;

    /// <summary>Compositors send 10 units per wheel notch (libinput's 15 degrees, scaled); guests receive 120.</summary>
    private const double WheelPerUnit = 12;

    private readonly WlPointer _proxy;
    private readonly Globals _globals;
    private readonly WindowFocus _windows;
    private readonly DefaultPointer _default;
    private WindowInput? _focus;
    private uint _enterSerial;
    private PointerImage? _image;
    private ZwpRelativePointerV1? _relative;
    private ZwpLockedPointerV1? _locked;
    private readonly List<(uint Code, bool IsPressed)> _buttons = [];
    private (double Right, double Down) _axis, _rest;
    private (long Right, long Down)? _steps;
    private (double X, double Y) _place;
    private (double X, double Y)? _moved;

    public Pointer(WlPointer proxy, Globals globals, WindowFocus windows)
    {
        (_proxy, _globals, _windows, _default) = (proxy, globals, windows, new(proxy, globals));
        proxy.Enter += (_, e) => Enter(windows.Find(e.Surface), e.Serial, e.SurfaceX.Value, e.SurfaceY.Value);
        proxy.Leave += (_, _) => Leave();
        proxy.Motion += (_, e) => _moved = (e.SurfaceX.Value, e.SurfaceY.Value);
        proxy.Button += (_, e) =>
        {
            if (e.State == WlPointerButtonState.Pressed)
                Pressed!(e.Serial);
            _buttons.Add((e.Button, e.State == WlPointerButtonState.Pressed));
        };
        proxy.Axis += (_, e) => Scroll(e.Axis, e.Value.Value * WheelPerUnit);
        proxy.AxisDiscrete += (_, e) => Step(e.Axis, e.Discrete * 120L);
        proxy.AxisValue120 += (_, e) => Step(e.Axis, e.Value120);
        proxy.Frame += (_, _) => EndFrame();
    }

    /// <summary>Called with the serial of each press.</summary>
    public required Action<uint?> Pressed { get; init; }

    /// <summary>The window is closing.</summary>
    public void Forget(WindowInput input)
    {
        if (_focus == input)
            Leave();
    }

    /// <summary>
    /// A keyboard has entered a window, or is no more. A kiosk's grab ended when it left the one where the pointer may be; a
    /// click's may have begun before it came.
    /// </summary>
    public void Renew()
    {
        if (_focus is not { } focus)
            return;
        focus.GrabUnasked();
        Show(focus);
    }

    public void Dispose()
    {
        Leave();
        _default.Dispose();
        _proxy.Dispose();
    }

    private void Enter(WindowInput? input, uint serial, double x, double y)
    {
        Leave();
        if (input is null)
            return;
        // The pointer's image is undefined after an enter event.
        (_focus, _enterSerial, _image, _place) = (input, serial, null, (x, y));
        input.PointerChanged += Apply;
        input.GrabUnasked();
        Show(input);
        input.MoveTo(x, y);
    }

    /// <summary>What the frame has so far belongs to the window that the pointer leaves.</summary>
    private void Leave()
    {
        if (_focus is not { } focus)
            return;
        EndFrame();
        focus.PointerChanged -= Apply;
        focus.ReleaseButtons(this);
        (_focus, _rest) = (null, default);
        Unlock();
        focus.PointerLeft();
    }

    /// <summary>The events of a frame belong together (wl_pointer.frame): moves before it presses.</summary>
    private void EndFrame()
    {
        if (_moved is { } place)
            Move(place.X, place.Y);
        foreach (var (code, isPressed) in _buttons)
            Button(code, isPressed);
        _moved = null;
        _buttons.Clear();
        EndScroll();
    }

    private void Move(double x, double y)
    {
        // Without zwp_relative_pointer_v1 this is all the motion there is; it ends at the window's edge.
        if (_globals.RelativePointers is null)
            _focus?.MoveBy(x - _place.X, y - _place.Y);
        _place = (x, y);
        _focus?.MoveTo(x, y);
    }

    private void Button(uint code, bool pressed)
    {
        // The click that begins a grab is not sent: the guest's pointer is somewhere else.
        var isGrab = _focus is { State.HasButtons: false } && pressed && code == Left;
        _focus?.Button(this, code, pressed);
        if (isGrab)
            _focus!.Grab(true);
    }

    private void Scroll(WlPointerAxis axis, double amount) =>
        _axis = axis == WlPointerAxis.HorizontalScroll ? (_axis.Right + amount, _axis.Down) : (_axis.Right, _axis.Down + amount);

    /// <summary>A wheel with steps sends continuous events too; only the steps count.</summary>
    private void Step(WlPointerAxis axis, long amount)
    {
        var (right, down) = _steps ?? default;
        _steps = axis == WlPointerAxis.HorizontalScroll ? (right + amount, down) : (right, down + amount);
    }

    /// <summary>What is less than 1/120 of a notch is kept for the next frame.</summary>
    private void EndScroll()
    {
        var (right, down) = _steps ?? (0, 0);
        if (_steps is null)
        {
            _rest = (_rest.Right + _axis.Right, _rest.Down + _axis.Down);
            (right, down) = ((long)_rest.Right, (long)_rest.Down);
            _rest = (_rest.Right - right, _rest.Down - down);
        }
        (_axis, _steps) = (default, null);
        if ((right, down) != (0, 0))
            _focus?.Wheel(right, down);
    }

    private void Apply(InputState before, InputState now)
    {
        if (_focus is not { } focus)
            return;
        if (before.IsAbsolute)
            focus.GrabUnasked();
        Show(focus);
        // A guest that has just become absolute knows no position yet.
        if (now.IsAbsolute && !before.IsAbsolute)
            focus.MoveTo(_place.X, _place.Y);
    }

    /// <summary>Sends the pointer image and the lock, if they differ from what the compositor has.</summary>
    private void Show(WindowInput focus)
    {
        var image = focus.State.Pointer;
        if (image != _image && image.IsDefault)
            _default.Show(_enterSerial);
        else if (image != _image)
            _proxy.SetCursor(_enterSerial, image.Surface, image.HotspotX, image.HotspotY);
        _image = image;
        if (focus.State.IsLocked)
            Lock(focus);
        else
            Unlock();
    }

    private void Lock(WindowInput focus)
    {
        if (_relative is null && _globals.RelativePointers is { } relatives)
        {
            _relative = relatives.GetRelativePointer(_proxy);
            _relative.RelativeMotion += (_, e) => _focus?.MoveBy(e.DxUnaccel.Value, e.DyUnaccel.Value);
        }
        var mayLock = focus.TakesPointer || _windows.HasKeyboard;
        if (_locked is not null || !mayLock || _globals.PointerConstraints is not { } constraints)
            return;
        _locked = constraints.LockPointer(focus.Surface, _proxy, null, ZwpPointerConstraintsV1Lifetime.Persistent);
        // The compositor may end a lock by itself. A kiosk's stays: the compositor may restore it, or it is asked for again.
        _locked.Unlocked += (_, _) =>
        {
            if (!focus.TakesPointer)
                focus.Grab(false);
        };
    }

    private void Unlock()
    {
        DisposeOf(ref _relative);
        DisposeOf(ref _locked);
    }

    private static void DisposeOf<T>(ref T? proxy) where T : WlProxy
    {
        proxy?.Dispose();
        proxy = null;
    }
}
