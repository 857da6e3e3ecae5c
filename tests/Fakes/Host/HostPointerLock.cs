namespace Guestplane.Tests.Fakes;

internal sealed class HostPointerConstraints(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint AlreadyConstrained = 1;
    private const uint OneShot = 1;
    private const uint Persistent = 2;

    public override void Handle(Request request)
    {
        if (request.Name != "lock_pointer")
            return;
        var (surface, pointer) = (request.Object<HostSurface>("surface"), request.Object<HostPointer>("pointer"));
        if (Client.All<HostLockedPointer>().Any(locked => locked.Is(surface, pointer)))
            throw Fault(AlreadyConstrained, $"{surface} has a constraint of {pointer}");
        if (request.UInt("lifetime") is not (OneShot or Persistent))
            Host.Violate($"{this}.lock_pointer: lifetime {request.UInt("lifetime")}");
        request.New<HostLockedPointer>("id").Start(surface, pointer);
    }
}

/// <summary>Active while the pointer is on its surface. All locks are persistent here.</summary>
internal sealed class HostLockedPointer(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private HostSurface? _surface;
    private HostPointer? _pointer;

    public bool IsActive { get; private set; }

    public bool Is(HostSurface surface, HostPointer pointer) => _surface == surface && _pointer == pointer;

    public void Start(HostSurface surface, HostPointer pointer)
    {
        (_surface, _pointer, Seat) = (surface, pointer, pointer.Seat);
        Follow();
    }

    /// <summary>The pointer may be on another surface now.</summary>
    public void Follow() => Set(_pointer!.Focus == _surface && _surface is { Destroyed: false });

    public void Set(bool isActive)
    {
        if (isActive == IsActive)
            return;
        IsActive = isActive;
        Send(isActive ? "locked" : "unlocked");
    }
}

internal sealed class HostRelativePointerManager(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public override void Handle(Request request)
    {
        if (request.Name == "get_relative_pointer")
            request.New<HostRelativePointer>("id").Start(request.Object<HostPointer>("pointer"));
    }
}

internal sealed class HostRelativePointer(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private HostPointer? _pointer;

    public void Start(HostPointer pointer) => (_pointer, Seat) = (pointer, pointer.Seat);

    /// <summary>Sent also while the pointer is locked.</summary>
    public void Move(double dx, double dy)
    {
        if (_pointer is not { Destroyed: false, Focus: not null })
            return;
        // Accelerated by a factor that no test should depend on.
        Send("relative_motion", 0u, (uint)(HostClock.Now / 1000), dx * 2, dy * 2, dx, dy);
        _pointer.SendFrame();
    }
}

internal sealed class HostShortcutsInhibitManager(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint AlreadyInhibited = 0;

    public override void Handle(Request request)
    {
        if (request.Name != "inhibit_shortcuts")
            return;
        var (surface, seat) = (request.Object<HostSurface>("surface"), request.Object<HostSeat>("seat").Global);
        if (Client.All<HostShortcutsInhibitor>().Any(inhibitor => inhibitor.Surface == surface && inhibitor.Seat == seat))
            throw Fault(AlreadyInhibited, $"{surface} inhibits already");
        request.New<HostShortcutsInhibitor>("id").Start(surface, seat);
    }
}

internal sealed class HostShortcutsInhibitor(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public HostSurface? Surface { get; private set; }

    public void Start(HostSurface surface, uint seat)
    {
        (Surface, Seat) = (surface, seat);
        Send("active");
    }
}
