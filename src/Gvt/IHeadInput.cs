namespace Guestplane.Gvt;

/// <summary>Lock keys, as bits (a keyboard's LEDs).</summary>
[Flags]
public enum LockKeys
{
    None = 0,
    Scroll = 1,
    Num = 2,
    Caps = 4,
}

/// <summary>What a finger does.</summary>
public enum TouchKind
{
    Begin = 0,
    Update = 1,
    End = 2,
    Cancel = 3,
}

/// <summary>
/// A head's input devices. Keys and buttons are Linux's codes (linux/input-event-codes.h), places are guest pixels from the
/// image's top left corner. Nothing waits for the guest; a guest that does not read is not sent more than it can use.
/// </summary>
public interface IHeadInput
{
    /// <summary>It is told where the pointer is; else only how far it has moved.</summary>
    bool IsAbsolute { get; }

    /// <summary>The lock keys as the guest has them.</summary>
    LockKeys Locks { get; }

    /// <summary><see cref="IsAbsolute"/> or <see cref="Locks"/> is another now.</summary>
    event Action? Changed;

    void Key(uint code, bool pressed);

    void Button(uint code, bool pressed);

    void MoveTo(double x, double y);

    void MoveBy(double dx, double dy);

    /// <summary>Right and down are positive; 120 is one notch of a wheel (wl_pointer.axis_value120).</summary>
    void Wheel(int right120, int down120);

    void Touch(TouchKind kind, int slot, double x, double y);
}
