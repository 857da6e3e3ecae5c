namespace Guestplane.Tests.Fakes;

/// <summary>The object that gives a surface its role, and must be destroyed before it.</summary>
internal abstract class HostRole(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public HostSurface? Surface { get; protected set; }

    /// <summary>True if the surface is visible, given that it has a buffer.</summary>
    public abstract bool IsMapped { get; }

    /// <summary>Checks a commit; <paramref name="next"/> is the state that will be current.</summary>
    public virtual void Committing(SurfaceState next)
    {
    }

    public virtual void Applied()
    {
    }
}
