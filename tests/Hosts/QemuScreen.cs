using System.Drawing;

namespace Guestplane.Tests.Hosts;

/// <summary>What a QEMU shows, and what of that is on a host's screen.</summary>
internal static class QemuScreen
{
    /// <summary>
    /// The last rows and columns of the output are the host's: wlroots' pixman renderer lets what is behind a stretched pixel
    /// shine through its last ones, and a pointer that is out of the way is there.
    /// </summary>
    private const int HostsEdge = 8;

    public static Task AwaitPrompt(RealQemu qemu) => Tools.Until(() => qemu.Text() == BootSector.Prompt, qemu.Text);

    /// <summary>Until there is a window, and it has the keyboard.</summary>
    public static Task AwaitFocus(HeadlessSway host) =>
        Tools.Until(() => host.Windows() is [{ App: "guestplane", IsFocused: true }], () => string.Join(", ", host.Windows()));

    /// <summary>Until a screenshot has QEMU's own screen in its middle, pixel for pixel, and black around it.</summary>
    public static Task AwaitSame(HeadlessSway host, RealQemu qemu, string? device = null) => AwaitSame(host.Screenshot, () => qemu.Screendump(device));

    /// <inheritdoc cref="AwaitSame(HeadlessSway, RealQemu, string?)"/>
    /// <param name="host">Takes the host's.</param>
    /// <param name="guest">Takes QEMU's screen.</param>
    /// <param name="window">Where the window is; null: it fills the output.</param>
    public static async Task AwaitSame(Func<Png> host, Func<Png> guest, Rectangle? window = null)
    {
        var difference = "";
        await Tools.Until(() => (difference = Difference(host(), window ?? new(0, 0, HeadlessSway.Width, HeadlessSway.Height), guest())).Length == 0, () => difference);
    }

    private static string Difference(Png shown, Rectangle window, Png guest)
    {
        var (left, top) = (window.X + (window.Width - guest.Width) / 2, window.Y + (window.Height - guest.Height) / 2);
        for (var y = window.Y; y < window.Bottom - HostsEdge; y++)
            for (var x = window.X; x < window.Right - HostsEdge; x++)
            {
                var (guestX, guestY) = (x - left, y - top);
                var isInside = guestX >= 0 && guestY >= 0 && guestX < guest.Width && guestY < guest.Height;
                var expected = isInside ? guest[guestX, guestY] : 0;
                if (shown[x, y] != expected)
                    return $"{x},{y} is {shown[x, y]:x6}, and {expected:x6} of {guest.Width}x{guest.Height} at {left},{top} in QEMU";
            }
        return "";
    }
}
