namespace Guestplane.Tests.Fakes;

internal sealed class HostOutput(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint CurrentPreferred = 0x1 | 0x2;

    public override void Bound()
    {
        Send("geometry", 0, 0, Host.Setup.Millimetres.Width, Host.Setup.Millimetres.Height, 0, "Guestplane", "fake host", Host.Setup.Transform);
        SendMode();
        if (Version >= 2)
            Send("scale", Host.Setup.Scale);
        if (Version >= 4)
        {
            Send("name", "FAKE-1");
            Send("description", "output of the fake host");
        }
        SendDone();
        foreach (var surface in Client.All<HostSurface>().Where(surface => surface.IsOnOutput))
            Client.Send(surface, "enter", this);
    }

    public void ChangeMode()
    {
        SendMode();
        SendDone();
    }

    private void SendMode() =>
        Send("mode", CurrentPreferred, Host.Setup.Width, Host.Setup.Height, Host.Setup.RefreshMilliHz);

    private void SendDone()
    {
        if (Version >= 2)
            Send("done");
    }
}

/// <summary>xdg-output: how large the output is in logical pixels, as the compositor knows best.</summary>
internal sealed class HostOutputManager(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public override void Handle(Request request)
    {
        if (request.Name != "get_xdg_output")
            return;
        var made = request.New<HostObject>("id");
        Client.Send(made, "logical_position", 0, 0);
        Client.Send(made, "logical_size", Host.Setup.LogicalSize.Width, Host.Setup.LogicalSize.Height);
        if (Version < 3)
            Client.Send(made, "done");
        else
            Client.Send(request.Object<HostOutput>("output"), "done");
    }
}
