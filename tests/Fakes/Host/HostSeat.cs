namespace Guestplane.Tests.Fakes;

internal sealed class HostSeat(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint MissingCapability = 0;
    private const uint Pointer = 1;
    private const uint Keyboard = 2;
    private const uint Touch = 4;

    private uint Capabilities => (Host.Setup.PointerPresent ? Pointer : 0) | (Host.Setup.KeyboardPresent ? Keyboard : 0)
        | (Host.Setup.TouchPresent ? Touch : 0);

    /// <summary>Sends which devices the seat has now.</summary>
    public void SendCapabilities() => Send("capabilities", Capabilities);

    public override void Bound()
    {
        SendCapabilities();
        if (Version >= 2)
            Send("name", $"seat{Global}");
    }

    public override void Handle(Request request)
    {
        var wanted = request.Name switch { "get_pointer" => Pointer, "get_keyboard" => Keyboard, "get_touch" => Touch, _ => 0u };
        if ((wanted & ~Capabilities) != 0)
            throw Fault(MissingCapability, $"{request.Name} without the capability");
        if (wanted != 0)
            request.New<HostObject>("id").Seat = Global;
        if (wanted == Keyboard)
            request.New<HostKeyboard>("id").Start();
    }
}

internal sealed class HostPointer(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const string CursorRole = "cursor";
    private const uint Role = 0;
    private const uint SourceWheel = 0;
    private const uint SourceFinger = 1;
    private const uint AxisDown = 0;
    private const uint AxisRight = 1;
    private const int Notch = 120;
    private const double MostFixed = (1 << 23) - 1;

    // libinput's 15 degrees, as compositors scale them.
    private const double UnitsPerNotch = 10;

    private readonly List<uint> _enterSerials = [];

    public HostSurface? Focus { get; private set; }

    public HostSurface? Cursor { get; private set; }

    public (int X, int Y) Hotspot { get; private set; }

    private bool IsLocked => Focus is { } focus && Client.All<HostLockedPointer>().Any(locked => locked.IsActive && locked.Is(focus, this));

    private static uint Now => (uint)Environment.TickCount64;

    public void Enter(HostSurface surface, double x, double y)
    {
        Leave();
        Focus = surface;
        _enterSerials.Add(Host.NextSerial());
        Send("enter", _enterSerials[^1], surface, x, y);
        SendFrame();
        FollowLocks();
    }

    public void Leave()
    {
        if (Focus is { Destroyed: false })
        {
            Send("leave", Host.NextSerial(), Focus);
            SendFrame();
        }
        Focus = null;
        FollowLocks();
    }

    /// <summary>Scrolls down by steps, and goes to another surface of the client, in one frame.</summary>
    public void Cross(HostSurface surface, double x, double y, int down120)
    {
        Send("axis_value120", AxisDown, down120);
        Send("axis", Now, AxisDown, down120 * UnitsPerNotch / Notch);
        Send("leave", Host.NextSerial(), Focus);
        Focus = surface;
        _enterSerials.Add(Host.NextSerial());
        Send("enter", _enterSerials[^1], surface, x, y);
        SendFrame();
        FollowLocks();
    }

    public void Move(double x, double y)
    {
        if (Focus is null || IsLocked)
            return;
        Send("motion", Now, x, y);
        SendFrame();
    }

    public void Press(uint button, bool isPressed)
    {
        if (Focus is null)
            return;
        Send("button", Host.NextSerial(), Now, button, isPressed ? 1u : 0u);
        SendFrame();
    }

    /// <summary>Scrolls by steps, or by fractions of them; older clients get whole steps.</summary>
    public void Wheel(int down120, int right120)
    {
        if (Focus is null)
            return;
        if (Version >= 5)
            Send("axis_source", SourceWheel);
        foreach (var (axis, amount) in new[] { (AxisDown, down120), (AxisRight, right120) })
        {
            if (amount == 0)
                continue;
            if (Version >= 8)
                Send("axis_value120", axis, amount);
            else if (Version >= 5 && amount / Notch != 0)
                Send("axis_discrete", axis, amount / Notch);
            Send("axis", Now, axis, Math.Clamp(amount * UnitsPerNotch / Notch, -MostFixed, MostFixed));
        }
        SendFrame();
    }

    /// <summary>Scrolls down by a touchpad's continuous units, 10 for what a wheel's notch scrolls.</summary>
    public void Scroll(double units)
    {
        if (Focus is null)
            return;
        Send("axis_source", SourceFinger);
        Send("axis", Now, AxisDown, units);
        SendFrame();
    }

    public void SendFrame()
    {
        if (Version >= 5)
            Send("frame");
    }

    public override void Handle(Request request)
    {
        if (request.Name != "set_cursor")
            return;
        var surface = request.Nullable<HostSurface>("surface");
        if (surface is not null && (surface.RoleObject is not null || surface.Role is not (null or CursorRole)))
            throw Fault(Role, $"{surface} already has the role {surface.Role}");
        var serial = request.UInt("serial");
        // Compositors ignore both; an older serial may be a race, one that was never sent is a mistake of the client.
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

    private void FollowLocks()
    {
        foreach (var locked in Client.All<HostLockedPointer>().ToList())
            locked.Follow();
    }
}
