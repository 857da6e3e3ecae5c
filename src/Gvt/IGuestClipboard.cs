namespace Guestplane.Gvt;

/// <summary>The selections that a guest shares with the desktop. They outlive a life of the guest, as its heads do.</summary>
public interface IGuestClipboard
{
    /// <summary>What "copy" and "paste" use.</summary>
    IGuestSelection Clipboard { get; }

    /// <summary>X11's primary selection: the marked text, which the middle button pastes.</summary>
    IGuestSelection Primary { get; }
}
