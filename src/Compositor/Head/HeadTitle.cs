namespace Guestplane.Compositor;

/// <summary>A window's title: the VM's name, and what the user must know of it now.</summary>
/// <param name="window">The window.</param>
/// <param name="name">The VM's name.</param>
/// <param name="release">The keys that end a grab; null for none.</param>
internal sealed class HeadTitle(Window window, string name, KeyCombination? release)
{
    private bool _isGone, _isGrabbed;

    /// <summary>What the window says while the VM is gone.</summary>
    public string Gone => $"{name} is gone. Waiting for it.";

    /// <summary>The VM has ended, and is waited for.</summary>
    public void SetGone(bool isGone) => Set(ref _isGone, isGone);

    /// <summary>The VM has all input.</summary>
    public void SetGrabbed(bool isGrabbed) => Set(ref _isGrabbed, isGrabbed);

    private void Set(ref bool state, bool value)
    {
        if (state == value)
            return;
        state = value;
        window.SetTitle(name + (_isGone ? " (gone; waiting for it)" : "")
            + (_isGrabbed && release is { } keys ? $" ({keys} lets go)" : ""));
    }
}
