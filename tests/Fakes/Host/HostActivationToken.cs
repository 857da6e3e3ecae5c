namespace Guestplane.Tests.Fakes;

/// <summary>Given to whoever asks: this host's tokens are all one.</summary>
internal sealed class HostActivationToken(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint AlreadyUsed = 0;

    private bool _isUsed;

    public override void Handle(Request request)
    {
        if (request.Name == "destroy")
            return;
        if (_isUsed)
            throw Fault(AlreadyUsed, $"{request.Name} after commit");
        _isUsed = request.Name == "commit";
        if (_isUsed)
            Send("done", "host-token");
    }
}
