using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>A guest's pointer image, on the host's screen.</summary>
public sealed class QemuCursorTests
{
    private const int Left = (HeadlessSway.Width - VmwareGuest.Width) / 2, Top = (HeadlessSway.Height - VmwareGuest.Height) / 2;

    [Fact]
    public async Task The_cursor_image_is_at_the_guests_position_or_is_the_compositors_pointer()
    {
        using var qemu = new RealQemu("-vga vmware -device qemu-xhci -device usb-tablet", bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qemu.QmpPath} --scale 1:1");
        seat.MoveTo(HeadlessSway.Width - 1, HeadlessSway.Height - 1);
        await QemuScreen.AwaitFocus(host);
        await QemuScreen.AwaitPrompt(qemu);
        using var guest = new VmwareGuest(qemu.QtestPath);
        // A mouse is in use: the image is drawn where the guest moves it.
        guest.ShowCursor(200, 100);
        await AwaitCursor(host, Left + 200, Top + 100);
        guest.HideCursor();
        await AwaitCursor(host, null, 0);
        guest.ShowCursor(77, 88);
        await AwaitCursor(host, Left + 77, Top + 88);
        // The tablet is in use: the image is the host's pointer, with the hot spot where that points.
        qemu.Monitor($"mouse_set {QemuPointerTests.TabletIndex(qemu)}");
        seat.MoveTo(400, 300);
        await AwaitCursor(host, 400 - VmwareGuest.HotX, 300 - VmwareGuest.HotY);
        seat.MoveTo(901, 555);
        await AwaitCursor(host, 901 - VmwareGuest.HotX, 555 - VmwareGuest.HotY);
    }

    /// <summary>Until the image is there, pixel for pixel, and nothing else on the guest's screen.</summary>
    private static async Task AwaitCursor(HeadlessSway host, int? left, int top)
    {
        var difference = "";
        await Tools.Until(() => (difference = Difference(host.Screenshot(), left, top)).Length == 0, () => difference);
    }

    private static string Difference(Png screen, int? left, int top)
    {
        for (var y = Top; y < Top + VmwareGuest.Height; y++)
            for (var x = Left; x < Left + VmwareGuest.Width; x++)
            {
                var (inX, inY) = (x - left ?? -1, y - top);
                var isInside = inX is >= 0 and < VmwareGuest.CursorWidth && inY is >= 0 and < VmwareGuest.CursorHeight;
                var expected = isInside && VmwareGuest.CursorPixel(inX, inY) is { } pixel ? pixel : VmwareGuest.Background;
                if (screen[x, y] != expected)
                    return $"{x},{y} is {screen[x, y]:x6}, and not {expected:x6}, with the cursor at {left},{top}";
            }
        return "";
    }
}
