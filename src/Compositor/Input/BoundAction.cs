namespace Guestplane.Compositor;

/// <summary>What a key combination does that is not for the guest. The words of --keys are made of the names.</summary>
internal enum BoundAction
{
    Fullscreen,

    /// <summary>Begins or ends a grab.</summary>
    Release,
    Screenshot,
    ZoomIn,
    ZoomOut,

    /// <summary>One guest pixel per device pixel.</summary>
    ZoomReset,
    Quit,
    SendCtrlAltDel,
    SendCtrlAltF1,
    SendCtrlAltF2,
    SendCtrlAltF3,
    SendCtrlAltF4,
    SendCtrlAltF5,
    SendCtrlAltF6,
    SendCtrlAltF7,
    SendCtrlAltF8,
    SendCtrlAltF9,
    SendCtrlAltF10,
    SendCtrlAltF11,
    SendCtrlAltF12,
}
