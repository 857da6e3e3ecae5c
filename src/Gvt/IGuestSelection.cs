namespace Guestplane.Gvt;

/// <summary>
/// One selection that the guest shares with the desktop, text only (UTF-8). It has one owner: whoever copies ends the claim of
/// the owner before. No call blocks.
/// </summary>
public interface IGuestSelection
{
    SelectionOwner Owner { get; }

    /// <summary>A text with more bytes is not passed on, in either direction.</summary>
    int MaxBytes { get; }

    /// <summary>There is another owner, or the guest copied again.</summary>
    event Action? Changed;

    /// <summary>The desktop has a new text.</summary>
    /// <param name="text">Reads the text; called each time the guest pastes.</param>
    void Offer(DesktopText text);

    /// <summary>The desktop has this text no longer. Does nothing if somebody else has copied since.</summary>
    void Withdraw(DesktopText text);

    /// <summary>Requests the guest's text.</summary>
    void Fetch(Action<GuestText> done);
}

/// <summary>
/// Reads a text of the desktop. It must call <paramref name="done"/> once, within a few seconds: with the text, or with null if
/// none arrived. The VM may stand still for so long.
/// </summary>
public delegate void DesktopText(Action<byte[]?> done);
