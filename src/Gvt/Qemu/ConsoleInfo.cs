using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>What QEMU tells of a console: its object's properties.</summary>
internal sealed class ConsoleInfo(string path)
{
    private const string Prefix = "/org/qemu/Display1/Console_";

    public string Path => path;

    /// <summary>As in the object's path; what --console takes.</summary>
    public uint Id { get; } = uint.TryParse(path.AsSpan(Prefix.Length), out var id) ? id : 0;

    /// <summary>"VGA", "virtio-vga": the device's name.</summary>
    public string Label { get; private set; } = "";

    /// <summary>Which output of its device.</summary>
    public uint Head { get; private set; }

    /// <summary>Pixels, or characters: a text console is drawn by QEMU itself (monitor, serial line).</summary>
    public bool IsGraphic { get; private set; }

    public int Width { get; private set; }

    public int Height { get; private set; }

    public string DeviceAddress { get; private set; } = "";

    public bool IsAbsolute { get; private set; }

    public LockKeys Locks { get; private set; }

    public bool HasTouch { get; private set; }

    public static bool IsConsole(string path) => path.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Reads "a{sv}": properties of one of the console's interfaces, at first all, later those that changed.</summary>
    public void Read(string @interface, BusMessage message)
    {
        HasTouch |= @interface == "org.qemu.Display1.MultiTouch";
        message.Enter('a', "{sv}"u8);
        while (message.Enter('e', "sv"u8))
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
            case ("IsAbsolute", 'b'):
                IsAbsolute = message.ReadBoolVariant();
                break;
            default:
                message.Skip("v"u8);
                break;
        }
    }
}
