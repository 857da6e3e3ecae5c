namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>QEMU's state of one of clipboard, primary and secondary.</summary>
internal sealed class QemuSelection
{
    private QemuInvocation? _request;
    private QemuTimer? _timer;
    private uint _agentSerial;

    public bool IsClients { get; private set; }

    public bool IsGuests { get; private set; }

    public uint Serial { get; set; }

    /// <summary>False if the guest has copied something else than text.</summary>
    public bool HasTextType { get; private set; }

    /// <summary>Null until the guest has sent the text.</summary>
    public string? Text { get; set; }

    public bool HasRequest => _request is not null;

    /// <summary>True if the guest's agent knows that the client has the selection.</summary>
    public bool IsClientsInGuest { get; private set; }

    /// <summary>The agent is connected anew.</summary>
    public void Reset() => (Serial, _agentSerial, IsClientsInGuest) = (0, 0, false);

    public void GuestGrab(uint serial, string? text)
    {
        (IsClients, IsGuests, Serial, Text) = (false, true, serial, text);
        (_agentSerial, IsClientsInGuest, HasTextType) = (serial + 1, false, true);
    }

    public void GuestCopiesImage()
    {
        GuestGrab(_agentSerial, null);
        HasTextType = false;
    }

    /// <returns>False if the agent drops the grab, because its serial is not the one that it expects.</returns>
    public bool ClientGrab(uint serial)
    {
        (IsClients, IsGuests, Serial, Text) = (true, false, serial, null);
        // do_client_clipboard in spice-vdagent's vdagentd.c; the second is "client grab wins".
        if (serial != _agentSerial && serial != _agentSerial - 1)
            return false;
        (_agentSerial, IsClientsInGuest) = (serial + 1, true);
        return true;
    }

    public void Release() => (IsClients, IsGuests, IsClientsInGuest, Text) = (false, false, false, null);

    public void Request(QemuInvocation request, QemuTimer timer) => (_request, _timer) = (request, timer);

    /// <summary>The pending request; null if there is none.</summary>
    public QemuInvocation? EndRequest()
    {
        var request = _request;
        _timer?.Cancel();
        (_request, _timer) = (null, null);
        return request;
    }
}
