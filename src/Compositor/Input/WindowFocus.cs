using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Finds the window that an input event is for, by the event's surface. Keyboard and pointer of a seat may be in different
/// windows: what is done in one counts for all.
/// </summary>
internal sealed class WindowFocus
{
    private readonly List<WindowInput> _inputs = [];

    /// <summary>A keyboard has entered one of the windows.</summary>
    public event Action? KeyboardEntered;

    public void Add(WindowInput input)
    {
        _inputs.Add(input);
        input.Used += () => _inputs.ForEach(other => other.SpoilChord());
        input.GrabWanted += () => ToggleGrab(input);
        input.KeyboardChanged += OnKeyboardChanged;
    }

    public void Remove(WindowInput input) => _inputs.Remove(input);

    /// <summary>True if the guest takes input by one of the windows.</summary>
    public bool HasInput => _inputs.Exists(input => input.HasInput);

    /// <summary>True if a keyboard is in one of the windows.</summary>
    public bool HasKeyboard => _inputs.Exists(input => input.HasKeyboard);

    /// <summary>True if a keyboard or a pointer is in one of the windows.</summary>
    public bool IsAny => _inputs.Exists(input => input.HasKeyboard || input.HasPointer);

    /// <summary>Null if the surface is gone or takes no input.</summary>
    public WindowInput? Find(WlSurface? surface) =>
        surface is null ? null : _inputs.Find(input => input.Surface == surface);

    /// <summary>
    /// A window that is grabbed without a keyboard has no chord of its own: a click may lock the pointer in one window while the
    /// keyboard stays in another one.
    /// </summary>
    private void ToggleGrab(WindowInput input)
    {
        var others = _inputs.FindAll(other => other is { State.IsGrabbed: true, HasKeyboard: false } && other != input);
        others.ForEach(other => other.Grab(false));
        input.Grab(input.HasInput && !input.State.IsGrabbed && others.Count == 0);
    }

    /// <summary>When the last keyboard has gone to another program, the pointer must be free for that, too.</summary>
    private void OnKeyboardChanged(bool hasEntered)
    {
        if (hasEntered)
            KeyboardEntered?.Invoke();
        else if (!HasKeyboard)
            _inputs.ForEach(input => input.Grab(false));
    }
}
