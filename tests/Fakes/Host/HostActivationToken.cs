namespace Guestplane.Tests.Fakes;

/// <summary>An activation token; all requests get the same one.</summary>
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
