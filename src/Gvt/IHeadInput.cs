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

/// <summary>What a touch point does.</summary>
public enum TouchKind
{
    Begin = 0,
    Update = 1,
    End = 2,
    Cancel = 3,
}

/// <summary>
/// A head's input devices. Keys and buttons are Linux codes (linux/input-event-codes.h); positions are guest pixels from the
/// image's top left corner. No call blocks, and a guest that does not read gets no more events than it can use.
/// </summary>
public interface IHeadInput
{
    /// <summary>True if the guest takes absolute pointer positions, false if it takes relative motion.</summary>
    bool IsAbsolute { get; }

    /// <summary>False if <see cref="Touch"/> reaches no guest. True does not mean that this one has a touch screen.</summary>
    bool HasTouch { get; }

    /// <summary>The guest's lock keys; null if nobody reports them.</summary>
    LockKeys? Locks { get; }

    /// <summary>Positions are from 0 to this, exclusively: the image's size; (0, 0) if it is not known yet.</summary>
    (int Width, int Height) Size { get; }

    /// <summary><see cref="IsAbsolute"/> or <see cref="Locks"/> has changed.</summary>
    event Action? Changed;

    /// <summary>True if the guest's keyboard has a key for the code.</summary>
    bool HasKey(uint code);

    void Key(uint code, bool pressed);

    void Button(uint code, bool pressed);

    void MoveTo(double x, double y);

    void MoveBy(double dx, double dy);

    /// <summary>Right and down are positive; 120 is one wheel detent (wl_pointer.axis_value120).</summary>
    void Wheel(int right120, int down120);

    void Touch(TouchKind kind, int slot, double x, double y);
}
