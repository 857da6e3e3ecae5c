using Guestplane.Gvt.Qemu;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>
/// What one client types and points at on a console (org.qemu.Display1.Keyboard, .Mouse and .MultiTouch). Keys and buttons that
/// it holds when it goes are released, and its fingers lifted. Every console has the first two, because libmks shows none without
/// (mks-dbus-screen.c); a head without input ignores what arrives.
/// </summary>
/// <param name="mayTouch">False for a client that may only look: its calls are errors.</param>
internal sealed class ClientInput(SharedHead head, bool mayTouch)
{
    private const int WheelNotch = 120;

    // linux/input-event-codes.h, in the order of QEMU's InputButton (qapi/ui.json); 0: the wheel.
    private static readonly uint[] s_buttons = [0x110, 0x112, 0x111, 0, 0, 0x113, 0x114, 0, 0];
    private static readonly (int Right, int Down)[] s_wheel =
        [default, default, default, (0, -WheelNotch), (0, WheelNotch), default, default, (-WheelNotch, 0), (WheelNotch, 0)];

    private readonly List<uint> _keys = [], _pressed = [];

    private IHeadInput? Input => head.Head.Input;

    public BusInterface Keyboard => new("org.qemu.Display1.Keyboard",
    [
        Method("Press", "u", message => Key(message, true)),
        Method("Release", "u", message => Key(message, false)),
    ], BusProperty.Of("Modifiers", () => (uint)(Input?.Locks ?? LockKeys.None)));

    public BusInterface Mouse => new("org.qemu.Display1.Mouse",
    [
        Method("Press", "u", message => Button(message, true)),
        Method("Release", "u", message => Button(message, false)),
        Method("SetAbsPosition", "uu", MoveTo),
        Method("RelMotion", "ii", MoveBy),
    ], BusProperty.Of("IsAbsolute", () => Input?.IsAbsolute == true));

    /// <summary>Only for a head that takes touch.</summary>
    public BusInterface MultiTouch => new("org.qemu.Display1.MultiTouch",
        [Method("SendEvent", "utdd", Touch)], new BusProperty("MaxSlots", "i", message => message.Add(SharedInput.MaxSlots)));

    public bool HasTouch => Input?.HasTouch == true;

    /// <summary>Releases what the client holds.</summary>
    public void ReleaseAll()
    {
        head.Input.Keys.ReleaseAll(_keys);
        head.Input.Buttons.ReleaseAll(_pressed);
        head.Input.Lift(this);
    }

    private BusMethod Method(string name, string arguments, BusHandler handle) =>
        new(name, arguments, "", mayTouch ? handle : DisplayError.RefuseTouch);

    private static void Hold(SharedHolds all, List<uint> own, uint code, bool isPressed)
    {
        if (isPressed)
            all.Press(own, code);
        else
            all.Release(own, code);
    }

    private bool Key(BusMessage message, bool isPressed)
    {
        if (Qnum.ToLinux(message.ReadUInt32()) is { } code)
            Hold(head.Input.Keys, _keys, code, isPressed);
        message.Reply();
        return true;
    }

    private bool Button(BusMessage message, bool isPressed)
    {
        var number = message.ReadUInt32();
        if (number >= s_buttons.Length)
            return Refuse(message, $"There is no button {number}.");
        if (s_buttons[number] is > 0 and var button)
            Hold(head.Input.Buttons, _pressed, button, isPressed);
        else if (isPressed)
            Input?.Wheel(s_wheel[number].Right, s_wheel[number].Down);
        message.Reply();
        return true;
    }

    private bool MoveTo(BusMessage message)
    {
        var (x, y) = (message.ReadUInt32(), message.ReadUInt32());
        if (Input is { IsAbsolute: false })
            return Refuse(message, "The mouse takes relative motion only.");
        if (Input is not null && (x >= head.Size.Width || y >= head.Size.Height))
            return Refuse(message, $"{x},{y} is outside of {head.Size.Width}x{head.Size.Height}.");
        Input?.MoveTo(x, y);
        message.Reply();
        return true;
    }

    private bool MoveBy(BusMessage message)
    {
        var (dx, dy) = (message.ReadInt32(), message.ReadInt32());
        if (Input is { IsAbsolute: true })
            return Refuse(message, "The mouse takes absolute positions only.");
        Input?.MoveBy(dx, dy);
        message.Reply();
        return true;
    }

    private bool Touch(BusMessage message)
    {
        var (kind, slot) = ((TouchKind)message.ReadUInt32(), message.ReadUInt64());
        var (x, y) = (message.ReadDouble(), message.ReadDouble());
        if (kind is < TouchKind.Begin or > TouchKind.Cancel || slot >= SharedInput.MaxSlots
            || !double.IsFinite(x) || !double.IsFinite(y))
            return Refuse(message, $"Touches are of kind 0 to 3, in slot 0 to {SharedInput.MaxSlots - 1}.");
        head.Input.Touch(this, kind, (int)slot, Math.Clamp(x, 0, head.Size.Width), Math.Clamp(y, 0, head.Size.Height));
        message.Reply();
        return true;
    }

    private static bool Refuse(BusMessage message, string sentence)
    {
        message.Fail(DisplayError.Invalid, sentence);
        return true;
    }
}

/// <summary>The names of errors (QEMU ui/dbus-error.h).</summary>
internal static class DisplayError
{
    public static ReadOnlySpan<byte> Failed => "org.qemu.Display1.Error.Failed"u8;

    public static ReadOnlySpan<byte> Invalid => "org.qemu.Display1.Error.Invalid"u8;

    public static ReadOnlySpan<byte> Unsupported => "org.qemu.Display1.Error.Unsupported"u8;

    /// <summary>Answers a call of a client that may look and not touch. The name of the error is ours.</summary>
    public static bool RefuseTouch(BusMessage message)
    {
        message.Fail("org.guestplane.Display1.Error.ReadOnly"u8, "This client may look and not touch (--read-only).");
        return true;
    }
}
