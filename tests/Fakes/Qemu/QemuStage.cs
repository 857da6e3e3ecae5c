namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>Where in the handshake a fault strikes, always instead of what QEMU does there.</summary>
public enum QemuStage
{
    /// <summary>AUTH has come on the control connection.</summary>
    ControlAuth,

    /// <summary>NEGOTIATE_UNIX_FD has come.</summary>
    ControlNegotiate,

    /// <summary>BEGIN has come.</summary>
    ControlBegin,

    /// <summary>The call has come.</summary>
    GetManagedObjects,

    /// <summary>The call has come; nothing is answered yet.</summary>
    RegisterListener,

    /// <summary>The call is answered; nothing is read of the listener yet.</summary>
    ListenerRegistered,

    /// <summary>AUTH has come on the listener.</summary>
    ListenerAuth,

    /// <summary>NEGOTIATE_UNIX_FD has come on the listener.</summary>
    ListenerNegotiate,

    /// <summary>BEGIN has come; GetAll is not sent.</summary>
    ListenerBegin,

    /// <summary>The client has answered every GetAll; the scanout is not replayed.</summary>
    ListenerReplay,
}

public enum QemuFault
{
    None,

    /// <summary>QEMU dies: all its connections close.</summary>
    Die,

    /// <summary>Only the connection of the stage closes.</summary>
    Disconnect,

    /// <summary>The connection of the stage is never read or answered again.</summary>
    Hang,

    /// <summary>REJECTED or ERROR in the authentication, an error reply to a call.</summary>
    Refuse,
}
