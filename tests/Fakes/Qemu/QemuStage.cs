namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The stage of the handshake at which a fault occurs, instead of what QEMU does there.</summary>
public enum QemuStage
{
    /// <summary>AUTH was received on the control connection.</summary>
    ControlAuth,

    /// <summary>NEGOTIATE_UNIX_FD was received.</summary>
    ControlNegotiate,

    /// <summary>BEGIN was received.</summary>
    ControlBegin,

    /// <summary>The call was received.</summary>
    GetManagedObjects,

    /// <summary>The call was received and has not been answered.</summary>
    RegisterListener,

    /// <summary>The call was answered, and nothing has been read from the listener.</summary>
    ListenerRegistered,

    /// <summary>AUTH was received on the listener.</summary>
    ListenerAuth,

    /// <summary>NEGOTIATE_UNIX_FD was received on the listener.</summary>
    ListenerNegotiate,

    /// <summary>BEGIN was received, and GetAll has not been sent.</summary>
    ListenerBegin,

    /// <summary>The client has answered every GetAll, and the scanout has not been replayed.</summary>
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
