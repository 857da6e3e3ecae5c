using Guestplane.Gvt.Qemu;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Share;

/// <summary>How a client requests a size of a head's guest: by QEMU's SetUIInfo, or with a refresh rate by its UIInfo.</summary>
/// <param name="mayTouch">False for a client that may look and not touch.</param>
internal sealed class ClientSize(SharedHead head, bool mayTouch)
{
    /// <summary>Of org.qemu.Display1.Console.</summary>
    public BusMethod SetUiInfo => new("SetUIInfo", "qqiiuu", "", Checked(Set));

    /// <inheritdoc cref="ConsoleInfo.UiInfo"/>
    public BusInterface UiInfo => new(ConsoleInfo.UiInfo, [new("Apply", "a{sv}", "", Checked(Apply))]);

    private BusHandler Checked(Func<BusMessage, HeadSize> read) => message =>
    {
        if (!mayTouch)
            return DisplayError.RefuseTouch(message);
        if (head.Head.Resize is null)
        {
            message.Fail(DisplayError.Unsupported, "This display has a fixed size.");
            return true;
        }
        var size = Read(message, read);
        if (size.Width is <= 0 or > PlaneLayout.MaxSide || size.Height is <= 0 or > PlaneLayout.MaxSide)
            message.Fail(DisplayError.Invalid,
                $"{(uint)size.Width}x{(uint)size.Height} is outside 1x1 to {PlaneLayout.MaxSide}x{PlaneLayout.MaxSide}.");
        else
        {
            head.Resize(size);
            message.Reply();
        }
        return true;
    };

    /// <summary>No size if the message cannot be read: another client's dictionary may have anything in it.</summary>
    private static HeadSize Read(BusMessage message, Func<BusMessage, HeadSize> read)
    {
        try
        {
            return read(message);
        }
        catch (BusException)
        {
            return default;
        }
    }

    private static HeadSize Set(BusMessage message)
    {
        var (widthMm, heightMm) = (message.ReadUInt16(), message.ReadUInt16());
        message.Skip("ii"u8);
        return new((int)message.ReadUInt32(), (int)message.ReadUInt32(), widthMm, heightMm);
    }

    /// <summary>What is not in the dictionary stays as it was requested last.</summary>
    private HeadSize Apply(BusMessage message)
    {
        var (size, entries) = (head.Wish, 0);
        message.Enter('a', "{sv}"u8);
        while (message.EnterEntry("sv"u8, ref entries))
        {
            switch (message.ReadString(), message.PeekVariant())
            {
                case ("width", 'u'):
                    size = size with { Width = (int)message.ReadUInt32Variant() };
                    break;
                case ("height", 'u'):
                    size = size with { Height = (int)message.ReadUInt32Variant() };
                    break;
                case ("width_mm", 'q'):
                    size = size with { WidthMm = message.ReadUInt16Variant() };
                    break;
                case ("height_mm", 'q'):
                    size = size with { HeightMm = message.ReadUInt16Variant() };
                    break;
                case ("refresh_rate", 'u'):
                    size = size with { RefreshMilliHz = (int)Math.Min(message.ReadUInt32Variant(), int.MaxValue) };
                    break;
                default:
                    message.SkipVariant();
                    break;
            }
            message.Exit();
        }
        message.Exit();
        return size;
    }
}
