namespace Guestplane.Tests.Fakes;

internal sealed class HostOutput(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint CurrentPreferred = 0x1 | 0x2;

    public override void Bound()
    {
        Send("geometry", 0, 0, Host.Setup.Millimetres.Width, Host.Setup.Millimetres.Height, 0, "Guestplane", "fake host", 0);
        SendMode();
        if (Version >= 2)
            Send("scale", 1);
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
