namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>An image whose pixels are in the message itself.</summary>
internal sealed class QemuByteScanout(uint width, uint height, uint stride, uint format, byte[] data) : QemuScanout(width, height)
{
    /// <summary>PIXMAN_x8r8g8b8: 32 bits per pixel, type ARGB, 0-8-8-8.</summary>
    public const uint X8R8G8B8 = 0x20020888;

    public override void Show(QemuConsole console, QemuListener listener, Action then)
    {
        listener.IsMapped = false;
        listener.Tell(QemuListener.Listener, "Scanout", "uuuuay", Width, Height, stride, format, data);
        then();
    }

    /// <summary>The rows of the rectangle without padding (dbus_gfx_update_sub).</summary>
    public override void Update(QemuConsole console, QemuListener listener, int x, int y, int width, int height)
    {
        var pixel = ((int)(format >> 24) + 7) / 8;
        var row = width * pixel;
        var bytes = new byte[row * height];
        for (var line = 0; line < height; line++)
            Array.Copy(data, ((y + line) * stride) + (x * pixel), bytes, line * row, row);
        listener.Tell(QemuListener.Listener, "Update", "iiiiuuay", x, y, width, height, (uint)row, format, bytes);
    }
}
