using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A tablet's tool as the guest's absolute pointer, because QEMU's D-Bus display has no pen.</summary>
internal sealed class Pen
{
    // linux/input-event-codes.h.
    private const uint Left = 0x110, Right = 0x111, Middle = 0x112, Stylus = 0x14b, Stylus2 = 0x14c;

    private readonly List<(uint Code, bool IsPressed)> _buttons = [];
    private WindowInput? _focus;
    private (double X, double Y)? _place;
    private bool _isLeaving;

    /// <summary>Of proximity_in; null once the compositor's image is hidden.</summary>
    private uint? _nearSerial;

    public Pen(ZwpTabletToolV2 tool, WindowFocus windows)
    {
        tool.ProximityIn += (_, e) =>
        {
            // What the frame has so far belongs to the window that the tool leaves.
            if (_focus is not null)
                EndFrame();
            Leave();
            _focus = windows.Find(e.Surface);
            _focus?.AddPens(1);
            _nearSerial = e.Serial;
        };
        tool.ProximityOut += (_, _) => _isLeaving = true;
        tool.Motion += (_, e) => _place = (e.X.Value, e.Y.Value);
        tool.Down += (_, _) => _buttons.Add((Left, true));
        tool.Up += (_, _) => _buttons.Add((Left, false));
        tool.Button += (_, e) =>
        {
            if (e.Button is Stylus or Stylus2)
                _buttons.Add((e.Button == Stylus ? Right : Middle, e.State == ZwpTabletToolV2ButtonState.Pressed));
        };
        tool.Frame += (_, _) =>
        {
            EndFrame();
            HideImage(tool);
        };
        tool.Removed += (_, _) => Leave();
    }

    /// <summary>True if it is near one of our windows.</summary>
    public bool IsNear => _focus is not null;

    public void Forget(WindowInput input)
    {
        if (_focus == input)
            Leave();
    }

    /// <summary>The events of a frame belong together, in any order (tablet-v2.xml): moves before it presses.</summary>
    private void EndFrame()
    {
        if (_place is { } place)
            _focus?.MoveTo(place.X, place.Y);
        foreach (var (code, isPressed) in _buttons)
            _focus?.Button(this, code, isPressed);
        _place = null;
        _buttons.Clear();
        if (_isLeaving)
            Leave();
    }

    /// <summary>
    /// The guest's image is on a subsurface while a pen is near: the pointer's cannot be the pen's, too, as a surface has one
    /// role.
    /// </summary>
    private void HideImage(ZwpTabletToolV2 tool)
    {
        if (_nearSerial is not { } serial || _focus is not { State.Pointer: { IsDefault: false, Surface: null } })
            return;
        tool.SetCursor(serial, null, 0, 0);
        _nearSerial = null;
    }

    /// <summary>The tool is gone, or it is near no window of ours.</summary>
    public void Leave()
    {
        _focus?.ReleaseButtons(this);
        _focus?.AddPens(-1);
        (_focus, _isLeaving) = (null, false);
    }
}
