namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The objects that a client finds, with the properties and signatures of ui/dbus-display1.xml.</summary>
public sealed partial class FakeQemu
{
    private const string VmPath = Root + "/VM";
    private const string VmInterface = "org.qemu.Display1.VM";

    internal static List<DBusEntry> Described(QemuObject o) =>
        o.Interfaces.Select(found => new DBusEntry(found.Name, found.AllProperties())).ToList();

    internal List<QemuObject> Objects()
    {
        List<QemuObject> objects =
        [
            .. _consoles.Select(console => console.Object), new(VmPath, Vm()), new(Root + "/Clipboard", Clipboard.Interface()),
        ];
        if (Setup.HasChardevs)
            objects.AddRange(
            [
                new(Root + "/Chardev_serial0", Chardev("org.qemu.console.serial.0")),
                new(Root + "/Chardev_parallel0", Chardev("")),
            ]);
        return objects;
    }

    /// <summary>The optional interfaces of an object (QEMU 8.1 and later).</summary>
    internal QemuInterface WithInterfaces(QemuInterface found, params string[] names) =>
        Setup.IsBefore8 ? found : found.Property("Interfaces", "as", () => names);

    private QemuInterface Vm() => WithInterfaces(new QemuInterface(VmInterface)
        .Property("Name", "s", () => Setup.Name)
        .Property("UUID", "s", () => Setup.Uuid)
        .Property("ConsoleIDs", "au", ConsoleIds));

    private List<object> ConsoleIds() => _consoles.Select(console => (object)console.Id).ToList();

    private QemuInterface Chardev(string name) => WithInterfaces(new QemuInterface("org.qemu.Display1.Chardev")
        .Property("Name", "s", () => name)
        .Property("FEOpened", "b", () => true)
        .Property("Echo", "b", () => false)
        .Property("Owner", "s", () => ""));
}
