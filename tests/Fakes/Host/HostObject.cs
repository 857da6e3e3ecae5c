namespace Guestplane.Tests.Fakes;

/// <summary>
/// A protocol object. This base class is used for interfaces without behaviour: it accepts every valid request.
/// </summary>
internal class HostObject(HostClient client, InterfaceModel model, uint id, int version)
{
    public HostClient Client { get; } = client;

    public InterfaceModel Model { get; } = model;

    public uint Id { get; } = id;

    public int Version { get; } = version;

    public bool Destroyed { get; private set; }

    /// <summary>The name of the global it was bound from; 0 for an object that was made by another.</summary>
    public uint Global { get; set; }

    /// <summary>The global of the seat that a device belongs to; 0 for what belongs to no seat.</summary>
    public uint Seat { get; set; }

    protected FakeHost Host => Client.Host;

    public override string ToString() => $"{Model.Name}#{Id}";

    /// <summary>Handles a request. The object is removed after one of type destructor.</summary>
    public virtual void Handle(Request request)
    {
    }

    /// <summary>Called right after wl_registry.bind.</summary>
    public virtual void Bound()
    {
    }

    /// <summary>The object is destroyed: by request, or because its client left (then no more events can be sent).</summary>
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
