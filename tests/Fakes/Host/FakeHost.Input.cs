namespace Guestplane.Tests.Fakes;

/// <summary>Actions of the user.</summary>
public sealed partial class FakeHost
{
    private uint _usedSeat;

    /// <summary>The seats whose keyboards clients use, by the names of their globals; those that were removed too.</summary>
    public IReadOnlyList<uint> UsedSeats => Locked(() => All<HostKeyboard>().Select(keyboard => keyboard.Seat).ToList());

    /// <summary>Another seat with the same devices.</summary>
    /// <returns>The name of its global.</returns>
    public uint AddSeat()
    {
        AddGlobal("wl_seat", Setup.Globals.GetValueOrDefault("wl_seat", 8));
        return Locked(() => _globals[^1].Name);
    }

    /// <summary>The seat is gone without a word to its devices, as when a remote desktop's client leaves.</summary>
    public void RemoveSeat(uint seat) => Act(() => Withdraw(_globals.First(global => global.Name == seat)));

    /// <summary>All seats lose their keyboard, or get one: a wireless one sleeps.</summary>
    public void SetKeyboard(bool isPresent)
    {
        Setup.KeyboardPresent = isPresent;
        Each<HostSeat>(seat => seat.SendCapabilities());
    }

    /// <summary>The user's next actions are on this seat; 0 (at first): on all.</summary>
    public void UseSeat(uint seat) => Act(() => _usedSeat = seat);

    /// <summary>True if the pointer is locked by a client.</summary>
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
        foreach (var pointer in Used<HostPointer>(surface.Client))
            pointer.Enter(surface, x, y);
    });

    /// <inheritdoc cref="HostPointer.Cross"/>
    public void PointerCross(uint surfaceId, double x, double y, int down120) => OnSurface(surfaceId, surface =>
    {
        foreach (var pointer in Used<HostPointer>(surface.Client))
            pointer.Cross(surface, x, y, down120);
    });

    public void PointerMove(double x, double y) => Each<HostPointer>(pointer => pointer.Move(x, y));

    public void PointerButton(uint button, bool pressed) => Each<HostPointer>(pointer => pointer.Press(button, pressed));

    /// <summary>Scrolls down and right; 120 is one notch.</summary>
    public void PointerWheel(int down120, int right120 = 0) => Each<HostPointer>(pointer => pointer.Wheel(down120, right120));

    /// <inheritdoc cref="HostPointer.Scroll"/>
    public void PointerScroll(double units) => Each<HostPointer>(pointer => pointer.Scroll(units));

    public void PointerLeave() => Each<HostPointer>(pointer => pointer.Leave());

    /// <summary>Moves by device units. If the pointer is not locked, PointerMove sets its position.</summary>
    public void PointerMoveBy(double dx, double dy) => Each<HostRelativePointer>(pointer => pointer.Move(dx, dy));

    /// <summary>The compositor itself ends a lock.</summary>
    public void UnlockPointer() => Each<HostLockedPointer>(locked => locked.Set(false));

    public void KeyboardEnter(uint surfaceId, uint[]? held = null, uint locked = 0, uint depressed = 0) => OnSurface(surfaceId, surface =>
    {
        foreach (var keyboard in Used<HostKeyboard>(surface.Client))
            keyboard.Enter(surface, held ?? [], new(depressed, Locked: locked));
        FocusSelections(surface.Client);
    });

    public void KeyboardLeave() => Act(() =>
    {
        foreach (var keyboard in _clients.SelectMany(Used<HostKeyboard>).ToList())
            keyboard.Leave();
        FocusSelections(null);
    });

    public void Key(uint code, bool pressed) => Each<HostKeyboard>(keyboard => keyboard.Key(code, pressed));

    /// <summary>The modifiers change, by a key or without.</summary>
    public void SetModifiers(uint depressed, uint latched = 0, uint locked = 0, uint group = 0) =>
        Each<HostKeyboard>(keyboard => keyboard.SendModifiers(new(depressed, latched, locked, group)));

    /// <summary>Another of the seat's keyboards is used, or it changes its keymap: a text of <see cref="HostKeymap"/>.</summary>
    public void SetKeymap(byte[] text) => SendKeymap(1, text, (uint)text.Length);

    /// <summary>Any keymap event: see <see cref="HostKeyboard.SendKeymap"/>.</summary>
    public void SendKeymap(uint format, byte[]? content, uint size) =>
        Each<HostKeyboard>(keyboard => keyboard.SendKeymap(format, content, size));

    /// <summary>The user changes how keys repeat: so many per second (0: none), so many milliseconds after the press.</summary>
    public void SetKeyRepeat(int rate, int delay) => Each<HostKeyboard>(keyboard => keyboard.SetRepeat(rate, delay));

    /// <summary>A tablet is plugged in: tablet_added and its description.</summary>
    public void AddTablet() => Each<HostTabletSeat>(seat => seat.AddTablet());

    /// <summary>The tablet's pad, announced without its groups: they come by <see cref="AddPadGroup"/>, one by one.</summary>
    public void AddPad() => Each<HostTabletSeat>(seat => seat.AddPad());

    /// <summary>A group with a ring, a strip and two modes, on the newest pad.</summary>
    public void AddPadGroup() => Each<HostTabletSeat>(seat => seat.AddPadGroup());

    /// <summary>The pad's description is complete.</summary>
    public void FinishPad() => Each<HostTabletSeat>(seat => seat.FinishPad());

    /// <summary>The user turns the ring of the newest pad's last group, and switches that group's mode.</summary>
    public void UsePad() => Each<HostTabletSeat>(seat => seat.UsePad());

    public void RemovePad() => Each<HostTabletSeat>(seat => seat.RemovePad());

    /// <summary>A pen comes near the surface. A new one each time: then the host announces it first.</summary>
    public void PenEnter(uint surfaceId) => OnSurface(surfaceId, surface =>
    {
        CheckInput(surface);
        foreach (var seat in Used<HostTabletSeat>(surface.Client).ToList())
            seat.AddPen().Enter(surface);
    });

    /// <summary>One frame of the pen's events, in this order; as <see cref="HostTabletTool"/> names them.</summary>
    public void PenFrame(params (string Event, object?[] Arguments)[] events) =>
        Each<HostTabletTool>(pen => pen.SendFrame(events));

    /// <summary>True if there are pens, and none has an image of the compositor's.</summary>
    public bool ArePensHidden => Locked(() => All<HostTabletTool>().ToList() is { Count: > 0 } pens && pens.TrueForAll(pen => pen.IsHidden));

    /// <summary>Living objects of the tablet protocol, by interface.</summary>
    public int TabletObjects(string name) => Locked(() => All<HostObject>().Count(made => made.Model.Name == name));

    public void TouchDown(uint surfaceId, int finger, double x, double y) => OnSurface(surfaceId, surface =>
    {
        CheckInput(surface);
        foreach (var touch in Used<HostTouch>(surface.Client))
            touch.Down(surface, finger, x, y);
    });

    /// <inheritdoc cref="HostTouch.Tap"/>
    public void TouchTap(uint surfaceId, int finger, double x, double y) => OnSurface(surfaceId, surface =>
    {
        foreach (var touch in Used<HostTouch>(surface.Client))
            touch.Tap(surface, finger, x, y);
    });

    public void TouchMove(int finger, double x, double y) => Each<HostTouch>(touch => touch.Move(finger, x, y));

    public void TouchUp(int finger) => Each<HostTouch>(touch => touch.Up(finger));

    public void TouchCancel() => Each<HostTouch>(touch => touch.Cancel());

    /// <summary>A mistake of the test: no compositor sends touch input to a surface with an empty input region.</summary>
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
        foreach (var each in _clients.SelectMany(Used<T>).ToList())
            act(each);
    });

    private IEnumerable<T> Used<T>(HostClient client)
        where T : HostObject =>
        client.All<T>().Where(made => (_usedSeat == 0 || made.Seat == 0 || made.Seat == _usedSeat) && RemovedGlobal(made.Seat) is null);
}
