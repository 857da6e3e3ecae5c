namespace Guestplane.Tests.Fakes;

internal sealed class HostSubcompositor(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint BadSurface = 0;
    private const uint BadParent = 1;

    public override void Handle(Request request)
    {
        if (request.Name != "get_subsurface")
            return;
        var surface = request.Object<HostSurface>("surface");
        var parent = request.Object<HostSurface>("parent");
        if (surface == parent)
            throw Fault(BadSurface, $"{surface} cannot be its own parent");
        if (surface.RoleObject is not null || surface.Role is not (null or HostSubsurface.RoleName))
            throw Fault(BadSurface, $"{surface} already has the role {surface.Role}");
        for (var above = parent; above is not null; above = (above.RoleObject as HostSubsurface)?.Parent)
            if (above == surface)
                throw Fault(BadParent, $"{surface} is an ancestor of {parent}");
        request.New<HostSubsurface>("id").Start(surface, parent);
    }
}

internal sealed class HostSubsurface(HostClient client, InterfaceModel model, uint id, int version)
    : HostRole(client, model, id, version)
{
    public const string RoleName = "wl_subsurface";
    private const uint BadSurface = 0;

    private bool _isSync = true;

    public HostSurface? Parent { get; private set; }

    public (int X, int Y) Position { get; set; }

    public bool IsSync => _isSync;

    public bool IsEffectivelySync =>
        Parent is not null && (_isSync || Parent.RoleObject is HostSubsurface { IsEffectivelySync: true });

    // A new subsurface belongs to the tree only after the parent has applied the stack with it.
    public override bool IsMapped => Parent is { IsMapped: true } && Parent.Current.Stack!.Contains(Surface!);

    public void Start(HostSurface surface, HostSurface parent)
    {
        Surface = surface;
        Parent = parent;
        surface.Role = RoleName;
        surface.RoleObject = this;
        PendingStack(parent).Add(surface);
    }

    public void ParentGone(HostSurface parent)
    {
        if (Parent == parent)
            Parent = null;
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "set_position" when Parent is not null:
                Parent.Pending.Positions[this] = (request.Int("x"), request.Int("y"));
                break;
            case "place_above": Place(request.Object<HostSurface>("sibling"), 1); break;
            case "place_below": Place(request.Object<HostSurface>("sibling"), 0); break;
            case "set_sync": _isSync = true; break;
            case "set_desync": SetDesync(); break;
        }
    }

    protected override void Freed()
    {
        if (Surface is null)
            return;
        Surface.RoleObject = null;
        foreach (var state in new[] { Parent?.Current, Parent?.Cached, Parent?.Pending })
            state?.Forget(Surface);
    }

    private static List<HostSurface> PendingStack(HostSurface parent) =>
        parent.Pending.Stack ??= [.. parent.Cached?.Stack ?? parent.Current.Stack!];

    private void Place(HostSurface sibling, int distance)
    {
        if (Parent is null)
            return;
        var stack = PendingStack(Parent);
        if (sibling == Surface || !stack.Contains(sibling))
            throw Fault(BadSurface, $"{sibling} is neither parent nor sibling");
        stack.Remove(Surface!);
        stack.Insert(stack.IndexOf(sibling) + distance, Surface!);
    }

    private void SetDesync()
    {
        _isSync = false;
        if (!IsEffectivelySync)
            Surface!.ApplyCached();
    }
}
