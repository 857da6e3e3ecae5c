using System.Diagnostics;
using System.Text.RegularExpressions;
using Guestplane.Tests.Compositor;

namespace Guestplane.Tests.Hosts;

/// <summary>VMs that are not there, not any more, or again.</summary>
public sealed class QemuEndTests
{
    /// <summary>Less than any answer of D-Bus or QMP is waited for.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_missing_VM_on_the_bus_is_reported()
    {
        using var bus = new PrivateBus();
        AssertNotThere($"qemu:bus={bus.Address}", "guestplane: qemu:bus=* cannot be shown: no VM has the name org.qemu on the bus: start QEMU with -display dbus, and guestplane with the same bus.\n");
    }

    [Fact]
    public void A_missing_VM_on_the_session_bus_is_reported() =>
        AssertNotThere("qemu:", "guestplane: qemu: cannot be shown: *.\n");

    [Fact]
    public void A_missing_bus_is_reported() => AssertNotThere(
        "qemu:bus=unix:path=/nonexistent/bus",
        "guestplane: qemu:bus=unix:path=/nonexistent/bus cannot be shown: *.\n");

    [Fact]
    public void A_missing_QMP_socket_is_reported() => AssertNotThere(
        "qemu:qmp=/nonexistent/qmp",
        "guestplane: qemu:qmp=/nonexistent/qmp cannot be shown: *.\n");

    [Fact]
    public void A_QEMU_without_a_D_Bus_display_is_reported_with_the_remedy()
    {
        using var qemu = new RealQemu(display: "none");
        AssertNotThere($"qemu:qmp={qemu.QmpPath}", "guestplane: qemu:qmp=* cannot be shown: QEMU takes no display client (*): start it with -display dbus,p2p=yes.\n");
    }

    [Fact]
    public void A_QEMU_whose_display_is_on_a_bus_is_reported_by_QMP()
    {
        using var bus = new PrivateBus();
        using var qemu = new RealQemu(display: $"dbus,addr={bus.Address}");
        AssertNotThere($"qemu:qmp={qemu.QmpPath}", "guestplane: qemu:qmp=* cannot be shown: * start it with -display dbus,p2p=yes.\n");
    }

    [Fact]
    public async Task A_VM_that_is_killed_ends_the_show()
    {
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qemu.QmpPath}");
        await QemuScreen.AwaitPrompt(qemu);
        await QemuScreen.AwaitFocus(host);
        qemu.Kill();
        var watch = Stopwatch.StartNew();
        Assert.Equal(74, show.Wait().ExitCode);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, s_soon);
        Assert.Matches(@"guestplane: qemu:qmp=\S+ is gone: [^\n]+\.\n$", show.Messages);
    }

    [Fact]
    public async Task With_wait_the_VM_that_replaces_it_is_shown()
    {
        using var qemu = new RealQemu(bootSector: BootSector.Keys);
        using var host = await HeadlessSway.Start();
        using var seat = new VirtualSeat(host);
        using var show = ProgramRun.Start(host.RuntimeDir, HeadlessSway.DisplayName, $"show qemu:qmp={qemu.QmpPath} --wait --no-text --scale 1:1");
        seat.MoveTo(HeadlessSway.Width - 1, HeadlessSway.Height - 1);
        await QemuScreen.AwaitFocus(host);
        await QemuScreen.AwaitPrompt(qemu);
        await QemuScreen.AwaitSame(host, qemu);
        qemu.Kill();
        // The prompt is still there, dimmed.
        await Tools.Until(() => Brightest(host.Screenshot()) is > 0x20 and < 0x80, () => $"the brightest grey is {Brightest(host.Screenshot()):x}");
        qemu.Restart();
        await QemuScreen.AwaitPrompt(qemu);
        await QemuScreen.AwaitSame(host, qemu);
        await Tools.Until(() =>
        {
            seat.Type("x");
            return qemu.Text().Contains('x', StringComparison.Ordinal);
        }, qemu.Text);
        show.Terminate();
        Assert.Equal(0, show.Wait().ExitCode);
        Assert.Matches(@"guestplane: qemu:qmp=\S+ is gone: [^\n]+\. Waiting for it\.\n(.*\n)?guestplane: qemu:qmp=\S+ is back\.\n", show.Messages);
    }

    /// <summary>But for the host's own pixels at the edges.</summary>
    private static uint Brightest(Png screen)
    {
        var brightest = 0u;
        for (var y = 100; y < screen.Height - 100; y++)
            for (var x = 100; x < screen.Width - 100; x++)
                brightest = Math.Max(brightest, screen[x, y] & 0xff);
        return brightest;
    }

    private static void AssertNotThere(string source, string wildcards)
    {
        var watch = Stopwatch.StartNew();
        using var run = ProgramRun.Alone($"show {source}");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, s_soon);
        Assert.Equal(66, run.ExitCode);
        var pattern = string.Join("[^\n]*", wildcards.Split('*').Select(Regex.Escape));
        Assert.Matches($"^{pattern}$", run.Messages);
    }
}
