namespace Guestplane.Gvt.Share;

/// <summary>
/// What all clients together hold of a head's input devices. A key that two of them hold is released when the last lets go, and
/// two fingers of two clients are two fingers.
/// </summary>
internal sealed class SharedInput(Head head)
{
    /// <summary>QEMU's (include/ui/input.h, INPUT_EVENT_SLOTS_MAX).</summary>
    public const int MaxSlots = 10;

    private readonly Finger?[] _fingers = new Finger?[MaxSlots];

    public SharedHolds Keys { get; } = new((code, pressed) => head.Input?.Key(code, pressed));

    public SharedHolds Buttons { get; } = new((code, pressed) => head.Input?.Button(code, pressed));

    /// <summary>Takes a touch of a client in one of its own slots. One finger more than there are slots does nothing.</summary>
    public void Touch(object client, TouchKind kind, int slot, double x, double y)
    {
        var place = Array.FindIndex(_fingers, finger => finger is { } used && used.Client == client && used.Slot == slot);
        if (place < 0 && kind == TouchKind.Begin)
            place = _fingers[slot] is null ? slot : Array.IndexOf(_fingers, null);
        if (place < 0)
            return;
        _fingers[place] = kind is TouchKind.Begin or TouchKind.Update ? new(client, slot, x, y) : null;
        head.Input?.Touch(kind, place, x, y);
    }

    /// <summary>Lifts the fingers of a client that has gone, without the click that the end of a touch may be.</summary>
    public void Lift(object client)
    {
        for (var place = 0; place < MaxSlots; place++)
            if (_fingers[place] is { } finger && finger.Client == client)
                Touch(client, TouchKind.Cancel, finger.Slot, finger.X, finger.Y);
    }

    private readonly record struct Finger(object Client, int Slot, double X, double Y);
}

/// <summary>How many clients hold each key, or each button.</summary>
/// <param name="send">Presses or releases it.</param>
internal sealed class SharedHolds(Action<uint, bool> send)
{
    private readonly Dictionary<uint, int> _holders = [];

    /// <param name="own">What this client holds.</param>
    public void Press(List<uint> own, uint code)
    {
        var holders = _holders.GetValueOrDefault(code);
        var isRepeat = own.Contains(code);
        if (!isRepeat)
        {
            own.Add(code);
            _holders[code] = holders + 1;
        }
        if (isRepeat || holders == 0)
            send(code, true);
    }

    /// <inheritdoc cref="Press"/>
    public void Release(List<uint> own, uint code)
    {
        var others = _holders.GetValueOrDefault(code) - (own.Remove(code) ? 1 : 0);
        if (others > 0)
            _holders[code] = others;
        else
        {
            _holders.Remove(code);
            send(code, false);
        }
    }

    /// <summary>Releases all that a client holds.</summary>
    public void ReleaseAll(List<uint> own)
    {
        while (own.Count > 0)
            Release(own, own[^1]);
    }
}
