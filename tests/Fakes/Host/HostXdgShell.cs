namespace Guestplane.Tests.Fakes;

internal sealed class HostWmBase(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint Role = 0;
    private const uint DefunctSurfaces = 1;

    private readonly HashSet<uint> _pings = [];

    public bool IsAnswered => _pings.Count == 0;

    public void Ping()
    {
        var serial = Host.NextSerial();
        _pings.Add(serial);
        Send("ping", serial);
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "get_xdg_surface": GetXdgSurface(request); break;
            case "pong": _pings.Remove(request.UInt("serial")); break;
            case "destroy" when Client.All<HostXdgSurface>().FirstOrDefault(surface => surface.Base == this) is { } left:
                throw Fault(DefunctSurfaces, $"destroyed before {left}");
        }
    }

    private void GetXdgSurface(Request request)
    {
        var surface = request.Object<HostSurface>("surface");
        if (surface.RoleObject is not null || surface.Role is not (null or HostToplevel.RoleName))
            throw Fault(Role, $"{surface} already has the role {surface.Role ?? surface.RoleObject!.Model.Name}");
        request.New<HostXdgSurface>("id").Start(this, surface);
    }
}

internal sealed class HostXdgSurface(HostClient client, InterfaceModel model, uint id, int version)
    : HostRole(client, model, id, version)
{
    private const uint NotConstructed = 1;
    private const uint AlreadyConstructed = 2;
    private const uint UnconfiguredBuffer = 3;
    private const uint InvalidSerial = 4;
    private const uint InvalidSize = 5;
    private const uint DefunctRole = 6;
    private const uint Implementation = 3;

    private readonly List<uint> _unacked = [];
    private bool _isAcked;
    private bool _wasMapped;

    public HostWmBase? Base { get; private set; }

    public HostToplevel? Toplevel { get; private set; }

    public HostRect? Geometry { get; private set; }

    /// <summary>True if the first commit, which has no buffer, has been answered.</summary>
    public bool IsConfigured { get; private set; }

    public override bool IsMapped => Toplevel is not null && _isAcked;

    public void Start(HostWmBase wmBase, HostSurface surface)
    {
        Base = wmBase;
        Surface = surface;
        if (surface.HasContent)
            throw Fault(UnconfiguredBuffer, $"{surface} already has a buffer");
        surface.RoleObject = this;
    }

    public void Configure()
    {
        Toplevel!.SendConfigure();
        IsConfigured = true;
        _unacked.Add(Host.NextSerial());
        Send("configure", _unacked[^1]);
    }

    public void ToplevelGone()
    {
        Toplevel = null;
        Reset();
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "destroy" when Toplevel is not null:
                throw Fault(DefunctRole, $"destroyed before {Toplevel}");
            case "destroy":
                return;
            case "get_toplevel":
                GetToplevel(request);
                return;
            case "get_popup":
                throw new ProtocolFault(Client.Find(1)!, Implementation, "the fake host has no popups");
            case var _ when Toplevel is null:
                throw Fault(NotConstructed, $"{request.Name} before the role object");
            case "set_window_geometry":
                SetGeometry(request);
                return;
            case "ack_configure":
                Ack(request.UInt("serial"));
                return;
        }
    }

    public override void Committing(SurfaceState next)
    {
        if (Toplevel is null)
            throw Fault(NotConstructed, "commit before the role object");
        if (next.Buffer!.Value.Value is not null && !_isAcked)
            throw Fault(UnconfiguredBuffer, "buffer committed before the first configure was acknowledged");
        Toplevel.Committing();
    }

    public override void Applied()
    {
        if (Surface!.Buffer is not null)
        {
            _wasMapped = true;
            return;
        }
        if (_wasMapped)
            Reset();
        else if (!IsConfigured)
            Configure();
    }

    protected override void Freed()
    {
        if (Surface?.RoleObject == this)
            Surface.RoleObject = null;
    }

    // After an unmap the window starts again, with a commit without a buffer.
    private void Reset()
    {
        _unacked.Clear();
        (_isAcked, _wasMapped, IsConfigured) = (false, false, false);
    }

    private void GetToplevel(Request request)
    {
        if (Toplevel is not null)
            throw Fault(AlreadyConstructed, $"{Toplevel} exists");
        Toplevel = request.New<HostToplevel>("id");
        Toplevel.Start(this);
        Surface!.Role = HostToplevel.RoleName;
    }

    private void SetGeometry(Request request)
    {
        var rect = new HostRect(request.Int("x"), request.Int("y"), request.Int("width"), request.Int("height"));
        if (rect.Width <= 0 || rect.Height <= 0)
            throw Fault(InvalidSize, $"window geometry of {rect.Width}x{rect.Height}");
        Geometry = rect;
    }

    private void Ack(uint serial)
    {
        var index = _unacked.IndexOf(serial);
        if (index < 0)
            throw Fault(InvalidSerial, $"serial {serial} was not sent, or is already acknowledged");
        _unacked.RemoveRange(0, index + 1);
        _isAcked = true;
    }
}
