using Guestplane.Gvt;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>Input devices that note what arrives.</summary>
internal sealed class RecordedInput : IHeadInput
{
    public List<string> Events { get; } = [];

    public bool IsAbsolute { get; private set; } = true;

    public bool HasTouch => true;

    public LockKeys? Locks { get; private set; }

    public (int Width, int Height) Size => (64, 48);

    public event Action? Changed;

    public void Change(bool isAbsolute, LockKeys locks)
    {
        (IsAbsolute, Locks) = (isAbsolute, locks);
        Changed?.Invoke();
    }

    public bool HasKey(uint code) => true;

    public void Key(uint code, bool pressed) => Events.Add($"key {code} {(pressed ? "down" : "up")}");

    public void Button(uint code, bool pressed) => Events.Add($"button {code} {(pressed ? "down" : "up")}");

    public void MoveTo(double x, double y) => Events.Add($"at {x},{y}");

    public void MoveBy(double dx, double dy) => Events.Add($"by {dx},{dy}");

    public void Wheel(int right120, int down120) => Events.Add($"wheel {right120},{down120}");

    public void Touch(TouchKind kind, int slot, double x, double y) => Events.Add($"touch {kind} {slot} at {x},{y}");
}
