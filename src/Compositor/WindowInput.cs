using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// A window's input on its way to the guest: from window to guest pixels, and grabbed or not. A grab gives the guest the
/// keyboard whole (keyboard-shortcuts-inhibit), and a guest that wants relative motion the pointer, locked in place.
/// Ctrl+Alt, pressed and let go with no other key, begins and ends it; a click begins it for a relative guest, or the pointer's
/// coming alone.
/// </summary>
internal sealed class WindowInput : IDisposable
{
    private readonly IHeadInput? _head;
    private readonly HashSet<uint> _keys = [];
    private readonly HashSet<uint> _buttons = [];

    /// <param name="surface">The one that gets the events: the window's root.</param>
    /// <param name="head">Null for a guest that only shows.</param>
    /// <param name="takesPointer">There is nothing else to point at: the host's is hidden, and a relative guest has it without a click.</param>
    public WindowInput(WlSurface surface, IHeadInput? head, bool takesPointer = false)
    {
        (Surface, _head, TakesPointer) = (surface, head, takesPointer);
        if (takesPointer)
            Cursor = (null, 0, 0);
        if (head is null)
            return;
        Cursor = (null, 0, 0);
        head.Changed += OnHeadChanged;
    }

    public WlSurface Surface { get; }

    /// <summary>The guest's pointer is where the host's is; a guest without a pointer has nothing against it.</summary>
    public bool IsAbsolute => _head?.IsAbsolute ?? true;

    public bool TakesPointer { get; }

    public LockKeys Locks => _head?.Locks ?? LockKeys.None;

    /// <summary>The host's shortcuts and ours are the guest's, grabbed or not.</summary>
    public bool HasAllKeys { get; init; }

    /// <summary>F11 was pressed, and not for the guest.</summary>
    public event Action? FullscreenToggled;

    public void ToggleFullscreen() => FullscreenToggled?.Invoke();

    /// <summary>Where the image is in the window.</summary>
    public Placement Placement { get; set; }

    public bool IsGrabbed { get; private set; }

    /// <summary>The image that the pointer has over this window, a null surface for an invisible one; null: what the host likes.</summary>
    public (WlSurface? Surface, int HotspotX, int HotspotY)? Cursor { get; private set; }

    /// <summary>Grabbed or not, absolute or not, or the cursor: something is another now.</summary>
    public event Action? Changed;

    public void Grab(bool on)
    {
        if (on == IsGrabbed)
            return;
        IsGrabbed = on;
        Changed?.Invoke();
    }

    public void SetCursor(WlSurface? cursor, int hotspotX, int hotspotY)
    {
        Cursor = (cursor, hotspotX, hotspotY);
        Changed?.Invoke();
    }

    /// <summary>A place in the window, logical pixels.</summary>
    public void MoveTo(double x, double y)
    {
        if (_head is not { IsAbsolute: true })
            return;
        var (guestX, guestY) = Placement.Unmap(x, y);
        _head.MoveTo(guestX, guestY);
    }

    public void MoveBy(double dx, double dy) => _head?.MoveBy(dx, dy);

    /// <summary>120 is a notch.</summary>
    public void Wheel(int right120, int down120) => _head?.Wheel(right120, down120);

    public void Touch(TouchKind kind, int slot, double x, double y)
    {
        var (guestX, guestY) = Placement.Unmap(x, y);
        _head?.Touch(kind, slot, guestX, guestY);
    }

    public void Key(uint code, bool pressed)
    {
        if (pressed ? _keys.Add(code) : _keys.Remove(code))
            _head?.Key(code, pressed);
    }

    /// <summary>A key that is held down, once more.</summary>
    public void Repeat(uint code) => _head?.Key(code, true);

    public void Button(uint code, bool pressed)
    {
        if (pressed ? _buttons.Add(code) : _buttons.Remove(code))
            _head?.Button(code, pressed);
    }

    /// <summary>The focus has gone: what was pressed here will not be let go here.</summary>
    public void ReleaseKeys()
    {
        foreach (var code in _keys)
            _head?.Key(code, false);
        _keys.Clear();
    }

    public void ReleaseButtons()
    {
        foreach (var code in _buttons)
            _head?.Button(code, false);
        _buttons.Clear();
    }

    /// <summary>The guest may outlive its window.</summary>
    public void Dispose()
    {
        if (_head is not null)
            _head.Changed -= OnHeadChanged;
    }

    private void OnHeadChanged() => Changed?.Invoke();
}
