namespace Guestplane.Tests.Fakes;

internal sealed class HostDmabuf(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const int FirstWithModifiers = 3;

    public override void Bound()
    {
        if (Version > FirstWithModifiers)
            return;
        if (Version == FirstWithModifiers)
            foreach (var format in Host.DmabufFormats.Main)
                Send("modifier", format.Fourcc, (uint)(format.Modifier >> 32), (uint)format.Modifier);
        else
            foreach (var fourcc in Host.DmabufFormats.Main.Select(format => format.Fourcc).Distinct())
                Send("format", fourcc);
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "get_default_feedback":
                request.New<HostDmabufFeedback>("id").Start(null);
                break;
            case "get_surface_feedback":
                request.New<HostDmabufFeedback>("id").Start(request.Object<HostSurface>("surface"));
                break;
        }
    }
}

internal sealed class HostDmabufFeedback(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const int FirstWithoutMainDevice = 6;

    private HostSurface? _surface;

    public void Start(HostSurface? surface)
    {
        _surface = surface;
        Tell(withTable: true);
    }

    public void Tell(bool withTable)
    {
        if (_surface is { Destroyed: true })
            return;
        var formats = Host.DmabufFormats;
        if (withTable)
            Send("format_table", formats.Table, Host.Setup.TableSize ?? formats.TableSize);
        if (Version < FirstWithoutMainDevice)
            Send("main_device", BitConverter.GetBytes(Host.Setup.MainDevice));
        foreach (var tranche in formats.Tranches.Where(tranche => _surface is not null || !tranche.IsOfSurfaces))
            TellTranche(tranche, formats.Indices(tranche.Formats));
        Send("done");
    }

    private void TellTranche(HostTranche tranche, byte[] indices)
    {
        Send("tranche_target_device", BitConverter.GetBytes(tranche.Device));
        Send("tranche_flags", Version < FirstWithoutMainDevice ? tranche.Flags & HostTranche.Scanout : tranche.Flags);
        Send("tranche_formats", indices);
        Send("tranche_done");
    }
}
