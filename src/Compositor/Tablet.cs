using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>Pens on the host's tablets, as the guest's absolute pointer: QEMU's D-Bus display has no pen of its own.</summary>
internal sealed class Tablet
{
    // linux/input-event-codes.h.
    private const uint Left = 0x110, Right = 0x111, Middle = 0x112, Stylus = 0x14b, Stylus2 = 0x14c;

    public Tablet(ZwpTabletSeatV2 seat, WindowFocus windows)
    {
        // The host tells of tablets and pads too, and an object that nobody takes would be destroyed under its events.
        seat.TabletAdded += (_, e) =>
        {
            var tablet = e.TakeId();
            tablet.Removed += (_, _) => tablet.Dispose();
        };
        seat.ToolAdded += (_, e) => Follow(e.TakeId(), windows);
    }

    private static void Follow(ZwpTabletToolV2 tool, WindowFocus windows)
    {
        WindowInput? focus = null;
        tool.ProximityIn += (_, e) => focus = windows.Of(e.Surface);
        tool.ProximityOut += (_, _) =>
        {
            focus?.ReleaseButtons();
            focus = null;
        };
        tool.Motion += (_, e) => focus?.MoveTo(e.X.Value, e.Y.Value);
        tool.Down += (_, _) => focus?.Button(Left, true);
        tool.Up += (_, _) => focus?.Button(Left, false);
        tool.Button += (_, e) =>
        {
            if (e.Button is Stylus or Stylus2)
                focus?.Button(e.Button == Stylus ? Right : Middle, e.State == ZwpTabletToolV2ButtonState.Pressed);
        };
        tool.Removed += (_, _) => tool.Dispose();
    }
}
