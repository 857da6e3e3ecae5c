using System.Globalization;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>A console's properties, as QEMU reports them.</summary>
// Fields: one for each property, and for each interface that a console may lack.
internal sealed class ConsoleInfo(string path)
{
    /// <summary>
    /// Listed in "Interfaces" by guestplane share for a console whose keyboard and mouse are there, because some clients need
    /// them, but do nothing.
    /// </summary>
    public const string NoInput = "org.guestplane.Display1.NoInput";

    /// <summary>
    /// An interface of a console for its size, with the refresh rate that SetUIInfo lacks. No release of QEMU up to 11.1 has it;
    /// the keys of its dictionary are those that other clients use.
    /// </summary>
    public const string UiInfo = "org.qemu.Display1.UIInfo";

    private const string Prefix = "/org/qemu/Display1/Console_";

    public string Path => path;

    /// <summary>The number in the object's path, which --console takes.</summary>
    public uint Id { get; } = uint.TryParse(path.AsSpan(Prefix.Length), out var id) ? id : 0;

    /// <summary>The device's name: "VGA", "virtio-vga".</summary>
    public string Label { get; private set; } = "";

    /// <summary>The index of the output of its device.</summary>
    public uint Head { get; private set; }

    /// <summary>False for a text console (monitor, serial line), which QEMU draws itself.</summary>
    public bool IsGraphic { get; private set; }

    public int Width { get; private set; }

    public int Height { get; private set; }

    public string DeviceAddress { get; private set; } = "";

    public bool IsAbsolute { get; private set; }

    public LockKeys Locks { get; private set; }

    public bool HasTouch { get; private set; }

    public bool HasInput { get; private set; } = true;

    /// <summary>True if it has <see cref="UiInfo"/>.</summary>
    public bool HasUiInfo { get; private set; }

    public FoundConsole Found => new(Id, Label, IsGraphic, Width, Height, DeviceAddress, IsAbsolute, HasTouch);

    /// <summary>True if its planes may come by the planes interface of guestplane share.</summary>
    public bool HasPlanes { get; private set; }

    /// <summary>True if it should be polled: it has the planes interface, and its VM's display reports no flips.</summary>
    public bool IsPolled { get; private set; }

    /// <summary>True for the path of a console as QEMU writes it: "Console_00" and "Console_x" are none.</summary>
    public static bool IsConsole(string path) =>
        path.StartsWith(Prefix, StringComparison.Ordinal) && uint.TryParse(path.AsSpan(Prefix.Length), out var id)
        && path.AsSpan(Prefix.Length).SequenceEqual(id.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// Reads "a{sv}": properties of one of the console's interfaces; first all of them, later those that changed.
    /// </summary>
    public void Read(string @interface, BusMessage message)
    {
        HasTouch |= @interface == "org.qemu.Display1.MultiTouch";
        HasUiInfo |= @interface == UiInfo;
        var entries = 0;
        message.Enter('a', "{sv}"u8);
        while (message.EnterEntry("sv"u8, ref entries))
        {
            ReadProperty(message);
            message.Exit();
        }
        message.Exit();
    }

    private void ReadProperty(BusMessage message)
    {
        switch (message.ReadString(), message.PeekVariant())
        {
            case ("Label", 's'):
                Label = message.ReadStringVariant();
                break;
            case ("Type", 's'):
                IsGraphic = message.ReadStringVariant() == "Graphic";
                break;
            case ("DeviceAddress", 's'):
                DeviceAddress = message.ReadStringVariant();
                break;
            case ("Head", 'u'):
                Head = message.ReadUInt32Variant();
                break;
            case ("Width", 'u'):
                Width = (int)Math.Min(message.ReadUInt32Variant(), PlaneLayout.MaxSide);
                break;
            case ("Height", 'u'):
                Height = (int)Math.Min(message.ReadUInt32Variant(), PlaneLayout.MaxSide);
                break;
            case ("Modifiers", 'u'):
                Locks = (LockKeys)message.ReadUInt32Variant() & (LockKeys.Scroll | LockKeys.Num | LockKeys.Caps);
                break;
            case ("Interfaces", 'a'):
                ReadInterfaces(message);
                break;
            case ("IsPolled", 'b'):
                IsPolled = message.ReadBoolVariant();
                break;
            case ("IsAbsolute", 'b'):
                IsAbsolute = message.ReadBoolVariant();
                break;
            default:
                message.SkipVariant();
                break;
        }
    }

    private void ReadInterfaces(BusMessage message)
    {
        var names = 0;
        message.Enter('v', "as"u8);
        message.Enter('a', "s"u8);
        while (message.TryReadString(ref names) is { } name)
        {
            HasInput &= name != NoInput;
            HasPlanes |= name == PlanesInterface.Console;
        }
        message.Exit();
        message.Exit();
    }
}
