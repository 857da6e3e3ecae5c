namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>One of clipboard, primary and secondary, as QEMU remembers it.</summary>
internal sealed class QemuSelection
{
    private QemuInvocation? _request;
    private QemuTimer? _timer;

    public bool IsClients { get; private set; }

    public bool IsGuests { get; private set; }

    public uint Serial { get; set; }

    /// <summary>Null while the guest has not said it.</summary>
    public string? Text { get; set; }

    public bool HasRequest => _request is not null;

    public void Grab(bool isClient, uint serial, string? text) =>
        (IsClients, IsGuests, Serial, Text) = (isClient, !isClient, serial, text);

    public void Release() => (IsClients, IsGuests, Text) = (false, false, null);

    public void Request(QemuInvocation request, QemuTimer timer) => (_request, _timer) = (request, timer);

    /// <summary>The request, to answer it; null without.</summary>
    public QemuInvocation? EndRequest()
    {
        var request = _request;
        _timer?.Cancel();
        (_request, _timer) = (null, null);
        return request;
    }
}
