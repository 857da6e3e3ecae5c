namespace Guestplane.Tests.Fakes;

internal sealed class HostSeat(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint MissingCapability = 0;
    private const uint Pointer = 1;

    public override void Bound()
    {
        Send("capabilities", Host.Setup.PointerPresent ? Pointer : 0);
        if (Version >= 2)
            Send("name", "seat0");
    }

    public override void Handle(Request request)
    {
        if (request.Name is "get_keyboard" or "get_touch" || (request.Name == "get_pointer" && !Host.Setup.PointerPresent))
            throw Fault(MissingCapability, $"{request.Name} without the capability");
    }
}

internal sealed class HostPointer(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const string CursorRole = "cursor";
    private const uint Role = 0;

    private readonly List<uint> _enterSerials = [];
    private HostSurface? _focus;

    public HostSurface? Cursor { get; private set; }

    public (int X, int Y) Hotspot { get; private set; }

    private static uint Now => (uint)Environment.TickCount64;

    public void Enter(HostSurface surface, double x, double y)
    {
        Leave();
        _focus = surface;
        _enterSerials.Add(Host.NextSerial());
        Send("enter", _enterSerials[^1], surface, x, y);
        SendFrame();
    }

    public void Leave()
    {
        if (_focus is { Destroyed: false })
        {
            Send("leave", Host.NextSerial(), _focus);
            SendFrame();
        }
        _focus = null;
    }

    public void Move(double x, double y)
    {
        if (_focus is null)
            return;
        Send("motion", Now, x, y);
        SendFrame();
    }

    public void Press(uint button, bool isPressed)
    {
        if (_focus is null)
            return;
        Send("button", Host.NextSerial(), Now, button, isPressed ? 1u : 0u);
        SendFrame();
    }

    public override void Handle(Request request)
    {
        if (request.Name != "set_cursor")
            return;
        var surface = request.Nullable<HostSurface>("surface");
        if (surface is not null && (surface.RoleObject is not null || surface.Role is not (null or CursorRole)))
            throw Fault(Role, $"{surface} already has the role {surface.Role}");
        var serial = request.UInt("serial");
        // Hosts ignore both; an older serial may be a race, one that never was is a mistake of the client.
        if (!_enterSerials.Contains(serial))
            Host.Violate($"{this}.set_cursor: no enter had the serial {serial}");
        if (_enterSerials.Count == 0 || serial != _enterSerials[^1])
            return;
        SetCursor(surface);
        Hotspot = (request.Int("hotspot_x"), request.Int("hotspot_y"));
    }

    protected override void Freed() => SetCursor(null);

    private void SetCursor(HostSurface? surface)
    {
        if (Cursor is not null)
            Cursor.CursorOf = null;
        Cursor = surface;
        if (surface is null)
            return;
        surface.Role = CursorRole;
        surface.CursorOf = this;
    }

    private void SendFrame()
    {
        if (Version >= 5)
            Send("frame");
    }
}
