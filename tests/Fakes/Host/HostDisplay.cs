namespace Guestplane.Tests.Fakes;

internal sealed class HostDisplay(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "sync":
                var callback = request.New<HostObject>("callback");
                Client.Send(callback, "done", Host.NextSerial());
                Client.Remove(callback);
                break;
            case "get_registry":
                request.New<HostRegistry>("registry").Announce();
                break;
        }
    }
}

internal sealed class HostRegistry(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint InvalidObject = 0;

    public void Announce()
    {
        foreach (var global in Host.Globals)
            AnnounceOne(global);
    }

    public void AnnounceOne(HostGlobal global) => Send("global", global.Name, global.Interface, (uint)global.Version);

    public void Withdraw(HostGlobal global) => Send("global_remove", global.Name);

    public override void Handle(Request request)
    {
        var name = request.UInt("name");
        var bound = request.Bound("id");
        var global = Host.Globals.FirstOrDefault(global => global.Name == name) ?? Host.RemovedGlobal(name);
        if (global is null || global.Interface != bound.Interface)
            throw Fault(InvalidObject, $"invalid global {bound.Interface} ({name})");
        if (bound.Version > global.Version)
            throw Fault(
                InvalidObject,
                $"invalid version for global {bound.Interface} ({name}): have {global.Version}, wanted {bound.Version}");
        var made = Client.Create(bound.Id, bound.Interface, (int)bound.Version);
        made.Global = name;
        made.Bound();
    }
}

internal sealed record HostGlobal(uint Name, string Interface, int Version);
