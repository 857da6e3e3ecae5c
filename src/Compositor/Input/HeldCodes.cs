namespace Guestplane.Compositor;

/// <summary>
/// The keys or the buttons that are held in one window. Several devices may hold the same one: the guest receives the first press
/// and the last release.
/// </summary>
/// <param name="send">Sends a press or a release to the guest.</param>
internal sealed class HeldCodes(Action<uint, bool> send)
{
    private readonly List<(object Device, uint Code)> _held = [];

    public bool IsAny => _held.Count > 0;

    /// <summary>A release without its press is dropped, and so is a second press.</summary>
    public void Set(object device, uint code, bool pressed)
    {
        var index = _held.FindIndex(held => held.Device == device && held.Code == code);
        if (index >= 0 == pressed)
            return;
        if (!pressed)
            _held.RemoveAt(index);
        if (!_held.Exists(held => held.Code == code))
            send(code, pressed);
        if (pressed)
            _held.Add((device, code));
    }

    /// <summary>The device has left: this window will not receive its releases.</summary>
    public void Release(object device)
    {
        for (var i = _held.Count - 1; i >= 0; i--)
            if (_held[i].Device == device)
                Set(device, _held[i].Code, false);
    }
}
