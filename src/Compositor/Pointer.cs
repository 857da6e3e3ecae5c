using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// The host's pointer over our windows. A guest that takes places gets them; one that takes moves gets them while it has
/// grabbed the pointer, which then stands still on the host.
/// </summary>
internal sealed class Pointer : IDisposable
{
    private const uint Left = 0x110;

    /// <summary>Hosts say 10 for a notch of a wheel without steps (libinput's 15 degrees, scaled), and 120 is a notch here.</summary>
    private const double WheelPerUnit = 12;

    private readonly WlPointer _proxy;
    private readonly Globals _globals;
    private WindowInput? _focus;
    private uint _enterSerial;
    private WpCursorShapeDeviceV1? _shape;
    private ZwpRelativePointerV1? _relative;
    private ZwpLockedPointerV1? _locked;
    private (double Right, double Down) _axis, _fine;
    private bool _hasSteps;
    private (double X, double Y)? _last;
    private bool? _isAbsolute;

    public Pointer(WlPointer proxy, Globals globals, WindowFocus windows)
    {
        (_proxy, _globals) = (proxy, globals);
        proxy.Enter += (_, e) => Enter(windows.Of(e.Surface), e.Serial, e.SurfaceX.Value, e.SurfaceY.Value);
        proxy.Leave += (_, _) => Leave();
        proxy.Motion += (_, e) => Move(e.SurfaceX.Value, e.SurfaceY.Value);
        proxy.Button += (_, e) =>
        {
            if (e.State == WlPointerButtonState.Pressed)
                Pressed!(e.Serial);
            Button(e.Button, e.State == WlPointerButtonState.Pressed);
        };
        proxy.Axis += (_, e) => Scroll(e.Axis, e.Value.Value * WheelPerUnit, ref _axis);
        proxy.AxisDiscrete += (_, e) => Step(e.Axis, e.Discrete * 120);
        proxy.AxisValue120 += (_, e) => Step(e.Axis, e.Value120);
        proxy.Frame += (_, _) => EndFrame();
    }

    /// <summary>Told the serial of every press.</summary>
    public required Action<uint?> Pressed { get; init; }

    public void Forget(WindowInput input)
    {
        if (_focus == input)
            Leave();
    }

    public void Dispose()
    {
        Leave();
        _shape?.Dispose();
        _proxy.Dispose();
    }

    private void Enter(WindowInput? input, uint serial, double x, double y)
    {
        Leave();
        if (input is null)
            return;
        (_focus, _enterSerial, _last, _isAbsolute) = (input, serial, (x, y), null);
        input.Changed += Follow;
        Follow();
        input.MoveTo(x, y);
    }

    private void Leave()
    {
        if (_focus is not { } focus)
            return;
        focus.Changed -= Follow;
        focus.ReleaseButtons();
        _focus = null;
        Unlock();
    }

    private void Move(double x, double y)
    {
        // Without relative motion on the host, what there is of it: it ends at the window's edge.
        if (_focus is { IsAbsolute: false, IsGrabbed: true } focus && _globals.RelativePointers is null && _last is { } last)
            focus.MoveBy(x - last.X, y - last.Y);
        _last = (x, y);
        _focus?.MoveTo(x, y);
    }

    private void Button(uint code, bool pressed)
    {
        if (_focus is not { } focus)
            return;
        if (pressed && code == Left && !focus.IsAbsolute && !focus.IsGrabbed)
        {
            // The click that takes the pointer is not for the guest, whose pointer is somewhere else.
            focus.Grab(true);
            return;
        }
        if (focus.IsAbsolute || focus.IsGrabbed || !pressed)
            focus.Button(code, pressed);
    }

    private static void Scroll(WlPointerAxis axis, double amount, ref (double Right, double Down) sum) => sum =
        axis == WlPointerAxis.HorizontalScroll ? (sum.Right + amount, sum.Down) : (sum.Right, sum.Down + amount);

    /// <summary>Of a wheel with steps the steps count, and not also the way.</summary>
    private void Step(WlPointerAxis axis, int amount)
    {
        _hasSteps = true;
        Scroll(axis, amount, ref _fine);
    }

    private void EndFrame()
    {
        var (right, down) = _hasSteps ? _fine : _axis;
        (_axis, _fine, _hasSteps) = (default, default, false);
        if ((right, down) != (0, 0))
            _focus?.Wheel((int)Math.Round(right), (int)Math.Round(down));
    }

    private void Follow()
    {
        if (_focus is not { } focus)
            return;
        var (wasAbsolute, isAbsolute) = (_isAbsolute, focus.IsAbsolute);
        _isAbsolute = isAbsolute;
        if (focus is { TakesPointer: true, IsGrabbed: false } && !isAbsolute && wasAbsolute != false)
        {
            // Which brings us here again.
            focus.Grab(true);
            return;
        }
        // A relative guest that has not taken the pointer leaves the host's as it is.
        var cursor = isAbsolute ? focus.Cursor : focus.IsGrabbed ? (null, 0, 0) : null;
        if (cursor is { } shown)
            _proxy.SetCursor(_enterSerial, shown.Surface, shown.HotspotX, shown.HotspotY);
        else
            (_shape ??= _globals.CursorShape?.GetPointer(_proxy))?.SetShape(_enterSerial, WpCursorShapeDeviceV1Shape.Default);
        // A guest whose driver has just come knows no place yet.
        if (isAbsolute && wasAbsolute == false && _last is { } last)
            focus.MoveTo(last.X, last.Y);
        if (focus.IsGrabbed && !isAbsolute)
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
        if (_locked is not null || _globals.PointerConstraints is not { } constraints)
            return;
        _locked = constraints.LockPointer(focus.Surface, _proxy, null, ZwpPointerConstraintsV1Lifetime.Persistent);
        // The host has its own escapes, and its word is the last.
        _locked.Unlocked += (_, _) => focus.Grab(false);
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
