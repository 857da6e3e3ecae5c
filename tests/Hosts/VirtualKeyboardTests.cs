using System.Diagnostics;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>Virtual keyboards on a real sway, by the trace of a real QEMU's input.</summary>
public sealed class VirtualKeyboardTests
{
    // Of the xkb keymap.
    private const uint Shift = 1, Control = 4;

    [Fact]
    public async Task What_wtype_types_arrives_as_keys_of_a_US_keyboard()
    {
        Assert.SkipUnless(Tools.Has("wtype"), "wtype is not installed");
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, qemu);
        Wtype(host, "Hello, World (1)!");
        string[] expected =
        [
            .. Shifted("h"), .. Taps("e l l o comma spc"), .. Shifted("w"), .. Taps("o r l d spc"), .. Shifted("9"), .. Taps("1"),
            .. Shifted("0 1"),
        ];
        await AwaitKeys(qemu, expected);
        Wtype(host, "-M", "ctrl", "-k", "F5");
        expected = [.. expected, "ctrl 1", .. Taps("f5"), "ctrl 0"];
        await AwaitKeys(qemu, expected);
        // The other keyboard of the seat has a keymap whose codes are the kernel's.
        seat.Tap(VirtualSeat.Esc);
        await AwaitKeys(qemu, [.. expected, .. Taps("esc")]);
    }

    [Fact]
    public async Task Modifiers_that_wvkbd_reports_without_keys_arrive_as_keys()
    {
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = await Show(host, qemu);
        foreach (var modifier in new[] { Shift, Control })
        {
            seat.Modifiers(modifier);
            seat.Tap(VirtualSeat.A);
            seat.Modifiers(0);
        }
        seat.Tap(VirtualSeat.A);
        await AwaitKeys(qemu, [.. Shifted("a"), "ctrl 1", .. Taps("a"), "ctrl 0", .. Taps("a")]);
    }

    private static async Task<ProgramRun> Show(HeadlessSway host, RealQemu qemu)
    {
        var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qemu.QmpPath}");
        await QemuScreen.AwaitFocus(host);
        await QemuScreen.AwaitPrompt(qemu);
        return show;
    }

    private static void Wtype(HeadlessSway host, params string[] arguments)
    {
        var start = new ProcessStartInfo("wtype", arguments);
        host.Prepare(start);
        Tools.Run(start);
    }

    private static Task AwaitKeys(RealQemu qemu, string[] expected) => Tools.Until(() => QemuTests.KeyEvents(qemu).SequenceEqual(expected),
        () => $"{string.Join(", ", QemuTests.KeyEvents(qemu))}; not {string.Join(", ", expected)}");

    private static IEnumerable<string> Taps(string names) => names.Split(' ').SelectMany(name => new[] { $"{name} 1", $"{name} 0" });

    private static IEnumerable<string> Shifted(string names) =>
        names.Split(' ').SelectMany(name => new[] { "shift 1", $"{name} 1", $"{name} 0", "shift 0" });
}
