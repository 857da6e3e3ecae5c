namespace Guestplane.Gvt.Qemu;

/// <summary>What a call of org.qemu.Display1.Listener says.</summary>
internal enum DisplayMessageKind
{
    /// <summary>No method that is served, or one that cannot be used: answered with an error.</summary>
    Unknown,

    /// <summary>Nothing new to show.</summary>
    Nothing,

    /// <summary>A new image in a dma-buf. It is shown when an update says that it is drawn.</summary>
    DmaBuf,

    /// <summary>The dma-buf is drawn. QEMU waits for the answer before the guest draws again.</summary>
    DmaBufDrawn,

    /// <summary>A new image, drawn already.</summary>
    Image,

    /// <summary>A part of the image has changed; the image may have become another one because it grew.</summary>
    ImageDrawn,

    /// <summary>The display is off, if nothing follows.</summary>
    Disable,

    /// <summary>A new cursor image.</summary>
    CursorImage,

    /// <summary>The cursor has another position, or was switched on or off.</summary>
    CursorMove,
}

/// <summary>A call of QEMU's that was read and checked. Nobody has been told of it yet.</summary>
internal readonly record struct DisplayMessage(DisplayMessageKind Kind)
{
    /// <summary>The new image, or the one that has changed.</summary>
    public Scanout? Scanout { get; init; }

    /// <summary>The image that a part belongs to; <see cref="Scanout"/> is another one if the image has grown.</summary>
    public Scanout? Before { get; init; }

    /// <summary>The part of the scanout that is shown; empty for all of it.</summary>
    public Rectangle Crop { get; init; }

    /// <summary>Row 0 in memory is the lowest on the screen.</summary>
    public bool IsBottomUp { get; init; }

    /// <summary>What has changed; empty: it may be anything.</summary>
    public Rectangle Damage { get; init; }

    /// <summary>A sentence without its full stop when the message's content cannot be shown.</summary>
    public string? Problem { get; init; }
}
