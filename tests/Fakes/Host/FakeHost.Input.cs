namespace Guestplane.Tests.Fakes;

/// <summary>What the user does.</summary>
public sealed partial class FakeHost
{
    /// <summary>The pointer of a client of this host is locked in its place.</summary>
    public bool IsPointerLocked => Locked(() => All<HostLockedPointer>().Any(locked => locked.IsActive));

    public bool AreShortcutsInhibited => Locked(() => All<HostShortcutsInhibitor>().Any());

    /// <summary>The surface and hotspot of the last wl_pointer.set_cursor; null for a hidden cursor.</summary>
    public (uint Surface, int X, int Y)? Cursor => Locked(() =>
        All<HostPointer>().LastOrDefault(pointer => pointer.Cursor is not null) is { Cursor: { } cursor, Hotspot: var hotspot }
            ? (cursor.Id, hotspot.X, hotspot.Y)
            : ((uint, int, int)?)null);

    public void PointerEnter(uint surfaceId, double x, double y) => OnSurface(surfaceId, surface =>
    {
        CheckInput(surface);
        foreach (var pointer in surface.Client.All<HostPointer>())
            pointer.Enter(surface, x, y);
    });

    public void PointerMove(double x, double y) => Each<HostPointer>(pointer => pointer.Move(x, y));

    public void PointerButton(uint button, bool pressed) => Each<HostPointer>(pointer => pointer.Press(button, pressed));

    /// <summary>The wheel, down and right; 120 is a notch.</summary>
    public void PointerWheel(int down120, int right120 = 0) => Each<HostPointer>(pointer => pointer.Wheel(down120, right120));

    public void PointerLeave() => Each<HostPointer>(pointer => pointer.Leave());

    /// <summary>By so many device units; where a pointer is not locked, PointerMove says where it is then.</summary>
    public void PointerMoveBy(double dx, double dy) => Each<HostRelativePointer>(pointer => pointer.Move(dx, dy));

    /// <summary>The host's own way out of a lock.</summary>
    public void UnlockPointer() => Each<HostLockedPointer>(locked => locked.Set(false));

    public void KeyboardEnter(uint surfaceId, uint[]? held = null, uint locked = 0) => OnSurface(surfaceId, surface =>
    {
        foreach (var keyboard in surface.Client.All<HostKeyboard>())
            keyboard.Enter(surface, held ?? [], locked);
    });

    public void KeyboardLeave() => Each<HostKeyboard>(keyboard => keyboard.Leave());

    public void Key(uint code, bool pressed) => Each<HostKeyboard>(keyboard => keyboard.Key(code, pressed));

    public void TouchDown(uint surfaceId, int finger, double x, double y) => OnSurface(surfaceId, surface =>
    {
        CheckInput(surface);
        foreach (var touch in surface.Client.All<HostTouch>())
            touch.Down(surface, finger, x, y);
    });

    public void TouchMove(int finger, double x, double y) => Each<HostTouch>(touch => touch.Move(finger, x, y));

    public void TouchUp(int finger) => Each<HostTouch>(touch => touch.Up(finger));

    public void TouchCancel() => Each<HostTouch>(touch => touch.Cancel());

    /// <summary>The test's mistake: no host lets the user touch what lets everything through.</summary>
    private static void CheckInput(HostSurface surface)
    {
        if (surface.Current.Input!.Value.Value is { Count: 0 })
            throw new ArgumentException($"{surface} takes no input");
    }

    private void OnSurface(uint surfaceId, Action<HostSurface> act) => Act(() =>
        act(Newest<HostSurface>(surfaceId) ?? throw new ArgumentException($"no surface {surfaceId}")));

    private void Each<T>(Action<T> act)
        where T : HostObject => Act(() =>
    {
        foreach (var each in All<T>().ToList())
            act(each);
    });
}
