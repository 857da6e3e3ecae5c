using Guestplane.Tests.Compositor;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Hosts;

/// <summary>
/// Kiosks on this machine's own cage and weston, started as the package's unit and examples start them: cage 0.1 and weston 10 on
/// Debian 12. A smaller image is in the middle, and the splash is whole.
/// </summary>
public sealed class KioskHostTests
{
    private const uint Background = 0x204060;
    private const string Options = "--background 204060 --fixed", Pattern = "pattern:memory=memfd,size=640x360,rate=1,no-cursor";

    [Fact]
    public async Task Cage_shows_a_small_VM_in_the_middle()
    {
        using var sway = await HeadlessSway.Start();
        using var cage = KioskHost.Cage(sway, $"{Options} {Pattern}");
        await cage.AwaitShot(IsInTheMiddle);
    }

    [Fact]
    public async Task Cage_shows_the_splash_on_the_whole_screen()
    {
        using var sway = await HeadlessSway.Start();
        using var cage = KioskHost.Cage(sway, $"{Options} qemu:qmp=/nonexistent/qmp");
        await cage.AwaitShot(shot => Everywhere(shot).All(colour => colour == Background));
    }

    /// <summary>By a sheet of full size: cage 0.1 cannot scale.</summary>
    [Fact]
    public async Task Cage_shows_the_screen_dimmed_while_the_VM_is_away()
    {
        using var sway = await HeadlessSway.Start();
        await AwaitDimmed(source => KioskHost.Cage(sway, $"{Options} {source}"));
    }

    [Fact]
    public async Task Weston_shows_a_small_VM_in_the_middle()
    {
        var runtime = Directory.CreateTempSubdirectory("guestplane-weston-");
        using (var weston = KioskHost.Weston(runtime, Pattern, Options))
        {
            await Tools.Until(() => Tools.Listens(Path.Combine(runtime.FullName, HeadlessWeston.Display)), () => "weston opened no socket");
            await weston.AwaitShot(IsInTheMiddle);
        }
        runtime.Delete(recursive: true);
    }

    [Fact]
    public async Task Weston_shows_the_screen_dimmed_while_the_VM_is_away()
    {
        var runtime = Directory.CreateTempSubdirectory("guestplane-weston-");
        await AwaitDimmed(source => KioskHost.Weston(runtime, source, Options), () =>
            Tools.Until(() => Tools.Listens(Path.Combine(runtime.FullName, HeadlessWeston.Display)), () => "weston opened no socket"));
        runtime.Delete(recursive: true);
    }

    /// <summary>A VM with a small white image is shown, and then it dies.</summary>
    /// <param name="start">Starts a kiosk that shows this source.</param>
    /// <param name="ready">Until screenshots can be made.</param>
    private static async Task AwaitDimmed(Func<string, KioskHost> start, Func<Task>? ready = null)
    {
        const int side = 64;
        var folder = Directory.CreateTempSubdirectory("guestplane-qmp-");
        using (var qemu = new FakeQemu(new QemuSetup { Consoles = [new() { Width = side, Height = side }] }))
        {
            var qmp = new FakeQmp(qemu, Path.Combine(folder.FullName, "qmp"));
            // cage is nobody's here, and the VM is not.
            Tools.Run(new("chmod", ["777", folder.FullName, qmp.SocketPath]));
            qemu.Console.Scanout(side, side, side * 4, QemuDesktop.Xrgb, [.. Enumerable.Repeat((byte)0xff, side * side * 4)]);
            using var kiosk = start($"qemu:user={Environment.UserName},qmp={qmp.SocketPath}");
            await (ready?.Invoke() ?? Task.CompletedTask);
            await kiosk.AwaitShot(shot => (Middle(shot), shot[0, 0]) == (0xffffff, Background));
            qemu.Faults.At(QemuStage.ControlAuth, QemuFault.Disconnect, times: 1_000_000);
            qemu.Die();
            // What is left of a colour below a black sheet of 60 %.
            await kiosk.AwaitShot(shot => IsNear(Middle(shot), 0x666666) && IsNear(shot[0, 0], 0x0d1a26));
        }
        folder.Delete(recursive: true);
    }

    /// <summary>
    /// The pattern's white frame in the middle of the screen's height, as far from the left edge as from the right one, or at the
    /// upper edge as from the lower one; between frame and edge is the background.
    /// </summary>
    private static bool IsInTheMiddle(Png shot)
    {
        var row = Enumerable.Range(0, shot.Width).Select(x => shot[x, shot.Height / 2]).ToArray();
        var column = Enumerable.Range(0, shot.Height).Select(y => shot[shot.Width / 2, y]).ToArray();
        return Array.IndexOf(row, 0xffffffu) >= 0 && IsSymmetric(row) && IsSymmetric(column)
            && (row[0] == Background || column[0] == Background);
    }

    // The last rows and columns may be the outer compositor's: see QemuScreen.
    private static bool IsSymmetric(uint[] line)
    {
        var (before, after) = (Count(line), Count(line.Reverse().SkipWhile(colour => colour == 0)));
        return Math.Abs(before - after) <= 8;

        static int Count(IEnumerable<uint> colours) => colours.TakeWhile(colour => colour == Background).Count();
    }

    private static uint Middle(Png shot) => shot[shot.Width / 2, shot.Height / 2];

    private static bool IsNear(uint colour, uint expected) =>
        new[] { 0, 8, 16 }.All(shift => Math.Abs((int)(colour >> shift & 0xff) - (int)(expected >> shift & 0xff)) <= 2);

    private static IEnumerable<uint> Everywhere(Png shot) =>
        from y in Enumerable.Range(0, shot.Height - 8)
        from x in Enumerable.Range(0, shot.Width - 8)
        select shot[x, y];
}
