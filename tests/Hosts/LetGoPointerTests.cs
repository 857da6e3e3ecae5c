using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Hosts;

/// <summary>The pointer that a VM has let go, on a real sway 1.7, which has no wp_cursor_shape.</summary>
public sealed class LetGoPointerTests
{
    /// <summary>No image of the theme's pointer is larger, in pixels.</summary>
    private const int Largest = 64;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task After_Ctrl_and_Alt_the_pointer_is_seen_over_each_window(int windows)
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
        var console = new QemuConsoleSetup { Width = 320, Height = 240, IsAbsolute = false };
        using var qemu = new FakeQemu(new QemuSetup { Consoles = [.. Enumerable.Repeat(console, windows)] });
        var qmp = new FakeQmp(qemu, Path.Combine(folder.FullName, "qmp"));
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qmp.SocketPath}");
        await Tools.Until(() => host.Windows().Count == windows, () => string.Join(", ", host.Windows()));
        foreach (var x in windows == 1 ? new[] { HeadlessSway.Width / 2 } : [HeadlessSway.Width / 4, HeadlessSway.Width * 3 / 4])
        {
            await Grab(qemu, seat, x);
            var without = host.Screenshot();
            seat.Tap(VirtualSeat.LeftCtrl, VirtualSeat.LeftAlt);
            await AwaitPointer(host, seat, without, x + 50, HeadlessSway.Height / 2 + 50);
        }
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
        folder.Delete(recursive: true);
    }

    /// <summary>Clicks until the VM gets motion, from which on its pointer is hidden.</summary>
    private static async Task Grab(FakeQemu qemu, VirtualSeat seat, int x)
    {
        var before = qemu.Input.Count;
        await Tools.Until(() =>
        {
            seat.MoveTo(x, HeadlessSway.Height / 2);
            seat.Click(VirtualSeat.ButtonLeft);
            seat.MoveBy(1, 1);
            return qemu.Input.Skip(before).OfType<QemuMotion>().Any();
        }, () => "the VM gets no motion");
    }

    /// <summary>Until the screen differs from the one without a pointer just where the pointer is.</summary>
    private static async Task AwaitPointer(HeadlessSway host, VirtualSeat seat, Png without, int x, int y)
    {
        var found = "";
        await Tools.Until(() =>
        {
            seat.MoveTo(x, y);
            var screen = host.Screenshot();
            var changed = (from row in Enumerable.Range(0, screen.Height)
                           from column in Enumerable.Range(0, screen.Width)
                           where screen[column, row] != without[column, row]
                           select (X: column, Y: row)).ToList();
            found = changed.Count == 0 ? "no pointer" : $"{changed.Count} pixels changed, the first at {changed[0]}";
            return changed.Count > 20 && changed.TrueForAll(at => Math.Abs(at.X - x) < Largest && Math.Abs(at.Y - y) < Largest);
        }, () => found);
    }
}
