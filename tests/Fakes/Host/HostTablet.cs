namespace Guestplane.Tests.Fakes;

internal sealed class HostTabletManager(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public override void Handle(Request request)
    {
        if (request.Name == "get_tablet_seat")
            request.New<HostTabletSeat>("tablet_seat").Seat = request.Object<HostSeat>("seat").Global;
    }
}

/// <summary>
/// The tablets of a seat. The host makes all objects below it: a client that destroys one while an event with another new
/// object is on its way never learns of that one's id.
/// </summary>
internal sealed class HostTabletSeat(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private HostTabletPart? _tablet;
    private HostTabletPart? _pad;
    private HostTabletPart? _group;
    private HostTabletPart? _ring;

    public void AddTablet()
    {
        _tablet = Make<HostTabletPart>("zwp_tablet_v2");
        Send("tablet_added", _tablet);
        _tablet.Tell("name", "Fake tablet");
        _tablet.Tell("done");
    }

    public HostTabletTool AddPen()
    {
        if (_tablet is null)
            AddTablet();
        var pen = Make<HostTabletTool>("zwp_tablet_tool_v2");
        Send("tool_added", pen);
        pen.Start(_tablet!);
        return pen;
    }

    public void AddPad()
    {
        _pad = Make<HostTabletPart>("zwp_tablet_pad_v2");
        Send("pad_added", _pad);
    }

    public void AddPadGroup()
    {
        _group = Make<HostTabletPart>("zwp_tablet_pad_group_v2");
        _pad!.Tell("group", _group);
        _group.Tell("buttons", new byte[4]);
        _ring = Make<HostTabletPart>("zwp_tablet_pad_ring_v2");
        _group.Tell("ring", _ring);
        _group.Tell("strip", Make<HostTabletPart>("zwp_tablet_pad_strip_v2"));
        _group.Tell("modes", 2u);
        _group.Tell("done");
    }

    public void FinishPad()
    {
        _pad!.Tell("buttons", 4u);
        _pad.Tell("done");
    }

    public void UsePad()
    {
        _group!.Tell("mode_switch", 0u, Host.NextSerial(), 1u);
        _ring!.Tell("angle", 90.0);
        _ring.Tell("frame", 0u);
    }

    public void RemovePad() => _pad!.Tell("removed");

    private T Make<T>(string name)
        where T : HostObject => Client.CreateFromServer<T>(name, Version);
}

/// <summary>A tablet, a pad, or one of a pad's parts: it takes every request, and says what its seat has it say.</summary>
internal sealed class HostTabletPart(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    /// <summary>A host has nobody to tell of an object whose destroy request it has read.</summary>
    public void Tell(string name, params object?[] values)
    {
        if (!Destroyed)
            Send(name, values);
    }
}

internal sealed class HostTabletTool(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint Pen = 0x140;

    private HostTabletPart? _tablet;
    private uint _serial;

    /// <summary>Whether the client has hidden its image since it came near.</summary>
    public bool IsHidden { get; private set; }

    public void Start(HostTabletPart tablet)
    {
        _tablet = tablet;
        Send("type", Pen);
        Send("done");
    }

    public void Enter(HostSurface surface)
    {
        (_serial, IsHidden) = (Host.NextSerial(), false);
        SendFrame(("proximity_in", [_serial, _tablet, surface]));
    }

    public override void Handle(Request request)
    {
        if (request.Name != "set_cursor")
            return;
        if (request.UInt("serial") != _serial)
            Host.Violate($"{this}.set_cursor: no proximity_in had the serial {request.UInt("serial")}");
        IsHidden = request.Nullable<HostSurface>("surface") is null;
    }

    public void SendFrame(params (string Event, object?[] Arguments)[] events)
    {
        foreach (var (name, arguments) in events)
            Send(name, arguments);
        Send("frame", (uint)Environment.TickCount64);
    }
}
