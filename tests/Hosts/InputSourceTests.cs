using System.Globalization;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>The test pattern on a real host, and its input in a real QEMU, by QEMU's own trace.</summary>
public sealed class InputSourceTests
{
    /// <summary>INPUT_EVENT_ABS_MAX (QEMU, include/ui/input.h).</summary>
    private const int AbsMax = 0x7fff;

    private const int Width = 1280, Height = 800;

    [Theory]
    [InlineData("qemu:qmp=")]
    [InlineData("qmp:")]
    public async Task Keys_positions_and_clicks_arrive_and_go_on_after_a_restart(string prefix)
    {
        using var qemu = new RealQemu("-vga std -device qemu-xhci -device usb-tablet", bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        await QemuScreen.AwaitPrompt(qemu);
        qemu.Monitor($"mouse_set {QemuPointerTests.TabletIndex(qemu)}");
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName,
            $"show pattern:size={Width}x{Height},memory=memfd,no-cursor,rate=20 --fullscreen --input {prefix}{qemu.QmpPath}");
        await QemuScreen.AwaitFocus(host);
        foreach (var (x, y) in new[] { (0, 0), (Width - 1, Height - 1), (333, 222) })
            await Tools.Until(() =>
            {
                seat.MoveTo(x == 0 ? 1 : x - 1, y);
                seat.MoveTo(x, y);
                return IsAt(qemu, x, y, within: prefix == "qmp:" ? 0 : 2);
            }, () => string.Join('\n', qemu.Trace()));
        seat.Click(VirtualSeat.ButtonLeft);
        seat.Wheel(1);
        await Tools.Until(() => Buttons(qemu).SequenceEqual(["left, down 1", "left, down 0", "wheel-down, down 1", "wheel-down, down 0"]),
            () => string.Join('\n', qemu.Trace()));
        seat.Tap(VirtualSeat.A);
        await Tools.Until(() => qemu.Trace().Count(line => line.Contains("key qcode a", StringComparison.Ordinal)) == 2, () => string.Join('\n', qemu.Trace()));
        qemu.Kill();
        show.WaitFor("takes no input any more");
        qemu.Restart();
        show.WaitFor("is back.");
        await Tools.Until(() =>
        {
            seat.Tap(VirtualSeat.A);
            return qemu.Trace().Any(line => line.Contains("key qcode a, down 0", StringComparison.Ordinal));
        }, () => string.Join('\n', qemu.Trace()));
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
    }

    /// <summary>As a tablet's driver of 1280x800 rounds it; by D-Bus a position is one of the console's, 720x400 in text mode.</summary>
    private static bool IsAt(RealQemu qemu, int x, int y, int within)
    {
        var values = qemu.Trace().Where(line => line.StartsWith("input_event_abs", StringComparison.Ordinal)).TakeLast(2)
            .Select(line => int.Parse(line[(line.LastIndexOf("0x", StringComparison.Ordinal) + 2)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .ToArray();
        return values.Length == 2 && Math.Abs(values[0] * Width / (AbsMax + 1) - x) <= within && Math.Abs(values[1] * Height / (AbsMax + 1) - y) <= within;
    }

    private static IEnumerable<string> Buttons(RealQemu qemu) => qemu.Trace()
        .Where(line => line.StartsWith("input_event_btn", StringComparison.Ordinal)).Select(line => line[(line.IndexOf("button ", StringComparison.Ordinal) + 7)..]);
}
