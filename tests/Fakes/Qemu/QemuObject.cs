namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>An object that QEMU exports.</summary>
internal sealed record QemuObject(string Path, params IReadOnlyList<QemuInterface> Interfaces);

internal sealed class QemuInterface(string name)
{
    public string Name { get; } = name;

    public List<QemuProperty> Properties { get; } = [];

    public Dictionary<string, QemuMethod> Methods { get; } = [];

    public QemuInterface Property(string name, string signature, Func<object> get)
    {
        Properties.Add(new QemuProperty(name, signature, get));
        return this;
    }

    public QemuInterface Method(string name, string signature, Action<QemuInvocation> run)
    {
        Methods.Add(name, new QemuMethod(signature, run));
        return this;
    }

    public List<DBusEntry> AllProperties() => Properties.Select(property => property.Entry()).ToList();
}

internal sealed record QemuProperty(string Name, string Signature, Func<object> Get)
{
    public DBusVariant Value => new(Signature, Get());

    public DBusEntry Entry() => new(Name, Value);
}

internal sealed record QemuMethod(string Signature, Action<QemuInvocation> Run);
