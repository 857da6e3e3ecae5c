namespace Guestplane.Tests.Fakes;

/// <summary>What a new id stands for. Itself the behaviour of an interface that has none: it takes every valid request.</summary>
internal class HostObject(HostClient client, InterfaceModel model, uint id, int version)
{
    public HostClient Client { get; } = client;

    public InterfaceModel Model { get; } = model;

    public uint Id { get; } = id;

    public int Version { get; } = version;

    public bool Destroyed { get; private set; }

    protected FakeHost Host => Client.Host;

    public override string ToString() => $"{Model.Name}#{Id}";

    /// <summary>A request; one of type destructor is followed by the removal of this object.</summary>
    public virtual void Handle(Request request)
    {
    }

    /// <summary>Right after a wl_registry.bind.</summary>
    public virtual void Bound()
    {
    }

    /// <summary>The object goes: by request, or because its client left, when no more events can be sent.</summary>
    public void Free()
    {
        if (Destroyed)
            return;
        Destroyed = true;
        Freed();
    }

    protected virtual void Freed()
    {
    }

    protected void Send(string name, params object?[] values) => Client.Send(this, name, values);

    protected ProtocolFault Fault(uint code, string text) => new(this, code, text);
}
