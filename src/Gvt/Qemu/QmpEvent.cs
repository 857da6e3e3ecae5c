using System.Text.Json;

namespace Guestplane.Gvt.Qemu;

internal enum QmpEventKind
{
    Key,
    Button,
    MoveTo,
    MoveBy,
    Touch,
}

/// <summary>
/// One event for input-send-event, which is up to four InputEvents of QEMU's (qapi/ui.json). <see cref="QemuInput"/> has its
/// keys, buttons and fingers in the same form.
/// </summary>
/// <param name="Code">A key's Linux code, an InputButton, or the slot of a finger.</param>
/// <param name="IsPressed">Of a key or button.</param>
/// <param name="Touch">Of a finger.</param>
/// <param name="X">0 to INPUT_EVENT_ABS_MAX, or pixels of a motion.</param>
/// <param name="Y">The same.</param>
internal readonly record struct QmpEvent(
    QmpEventKind Kind, uint Code = 0, bool IsPressed = false, TouchKind Touch = default, int X = 0, int Y = 0)
{
    private static readonly string[] s_buttons =
        ["left", "middle", "right", "wheel-up", "wheel-down", "side", "extra", "wheel-left", "wheel-right"];

    public bool IsKeyOrButton => Kind is QmpEventKind.Key or QmpEventKind.Button;

    /// <summary>True if the VM holds something from this event on: a key, a button, a finger.</summary>
    public bool IsPress => Kind == QmpEventKind.Touch ? Touch == TouchKind.Begin : IsKeyOrButton && IsPressed;

    /// <summary>True for the end of such a press.</summary>
    public bool IsRelease =>
        Kind == QmpEventKind.Touch ? Touch is TouchKind.End or TouchKind.Cancel : IsKeyOrButton && !IsPressed;

    /// <summary>The press that a release ends, wherever the finger was; other events are themselves.</summary>
    public QmpEvent Press => Kind == QmpEventKind.Touch
        ? new(Kind, Code, Touch: TouchKind.Begin) : this with { IsPressed = IsKeyOrButton };

    /// <summary>What ends a press.</summary>
    public QmpEvent Release =>
        Kind == QmpEventKind.Touch ? new(Kind, Code, Touch: TouchKind.Cancel) : this with { IsPressed = false };

    /// <summary>The VM has got this event.</summary>
    /// <param name="held">The presses that it holds.</param>
    public void Update(HashSet<QmpEvent> held)
    {
        if (IsPress)
            held.Add(Press);
        else if (IsRelease)
            held.Remove(Press);
    }

    /// <summary>The event in place of this one and the next; null if both must be sent.</summary>
    public QmpEvent? Merge(QmpEvent next) => (Kind, next.Kind) switch
    {
        (QmpEventKind.MoveTo, QmpEventKind.MoveTo) => next,
        (QmpEventKind.MoveBy, QmpEventKind.MoveBy) => next with { X = X + next.X, Y = Y + next.Y },
        (QmpEventKind.Touch, QmpEventKind.Touch) when
            Code == next.Code && Touch == TouchKind.Update && next.Touch == TouchKind.Update => next,
        _ => null,
    };

    public void Write(Utf8JsonWriter json)
    {
        switch (Kind)
        {
            case QmpEventKind.Key:
                WriteKey(json);
                break;
            case QmpEventKind.Button:
                WriteButton(json, s_buttons[Code], IsPressed);
                break;
            case QmpEventKind.Touch:
                WriteTouch(json);
                break;
            default:
                WriteAxis(json, Kind == QmpEventKind.MoveTo ? "abs" : "rel", "x", X);
                WriteAxis(json, Kind == QmpEventKind.MoveTo ? "abs" : "rel", "y", Y);
                break;
        }
    }

    private void WriteKey(Utf8JsonWriter json)
    {
        Begin(json, "key");
        json.WriteBoolean("down", IsPressed);
        json.WriteStartObject("key");
        json.WriteString("type", "number");
        json.WriteNumber("data", Qnum.FromLinux(Code) ?? 0);
        json.WriteEndObject();
        End(json);
    }

    /// <summary>As QEMU does it for its own windows (ui/console.c, console_handle_touch_event).</summary>
    private void WriteTouch(Utf8JsonWriter json)
    {
        WriteFinger(json, Touch.Spelled(), null, 0);
        if (Touch is TouchKind.Begin or TouchKind.Update)
        {
            WriteButton(json, "touch", true);
            WriteFinger(json, "data", "x", X);
            WriteFinger(json, "data", "y", Y);
        }
        else
            WriteButton(json, "touch", false);
    }

    private void WriteFinger(Utf8JsonWriter json, string type, string? axis, int value)
    {
        Begin(json, "mtt");
        json.WriteString("type", type);
        json.WriteNumber("slot", Code);
        json.WriteNumber("tracking-id", Touch is TouchKind.End or TouchKind.Cancel ? -1 : Code);
        json.WriteString("axis", axis ?? "x");
        json.WriteNumber("value", value);
        End(json);
    }

    private static void WriteButton(Utf8JsonWriter json, string button, bool isPressed)
    {
        Begin(json, "btn");
        json.WriteBoolean("down", isPressed);
        json.WriteString("button", button);
        End(json);
    }

    private static void WriteAxis(Utf8JsonWriter json, string type, string axis, int value)
    {
        Begin(json, type);
        json.WriteString("axis", axis);
        json.WriteNumber("value", value);
        End(json);
    }

    private static void Begin(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteStartObject("data");
    }

    private static void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
