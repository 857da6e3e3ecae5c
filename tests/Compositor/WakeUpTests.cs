using Guestplane.Compositor;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>Answers that nothing waits for are read with the next flip; what a user does is read at once.</summary>
public sealed class WakeUpTests
{
    private const long MomentNs = 300_000_000, LongNs = 60_000_000_000;
    private const string Pattern = "show pattern:memory=memfd,size=640x480,rate=60";

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_flip_wakes_the_program_once()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var run = ProgramRun.ToEnd(host, $"{Pattern} --frames 180");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(180, run.Number("committed") - run.Number("repeated") + run.Number("coalesced"));
        // A machine that delays a flip by more than 50 ms may cost one more.
        Assert.InRange(run.Report.GetProperty("wakeUpsPerFlip").GetDouble(), 0.5, 1.5);
    }

    /// <summary>The first touch of a touch screen is announced by nothing.</summary>
    [Theory]
    [InlineData("keyboard")]
    [InlineData("pointer")]
    [InlineData("pen")]
    [InlineData("touch screen")]
    public void With_a_device_in_the_window_every_event_is_read_at_once(string device)
    {
        var setup = new HostSetup(Repository.Protocols) { KeyboardPresent = device == "keyboard", TouchPresent = device == "touch screen" };
        using var host = new FakeHost(setup.With("zwp_tablet_manager_v2", 1));
        using var run = ProgramRun.Start(host, $"{Pattern} --frames 180");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, s_soon));
        var root = ShowTests.Root(host)!.Id;
        switch (device)
        {
            case "keyboard":
                host.KeyboardEnter(root);
                break;
            case "pointer":
                host.PointerEnter(root, 5, 5);
                break;
            case "pen":
                host.AddTablet();
                host.PenEnter(root);
                break;
        }
        Assert.Equal(0, run.Wait().ExitCode);
        Assert.Empty(host.Violations);
        Assert.True(run.Report.GetProperty("wakeUpsPerFlip").GetDouble() > 1.5, $"{run.Report}");
    }

    [Fact]
    public void What_may_stay_unread_wakes_nobody_and_is_read_in_the_next_turn()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        host.MayStayUnread = () => Clock.Now + LongNs;
        var isAnswered = false;
        host.Globals.Shm.Display.Sync().Done += (_, _) => isAnswered = true;
        var before = loop.Turns;
        loop.Pause(MomentNs);
        Assert.Equal((1, true), (loop.Turns - before, isAnswered));
    }

    [Fact]
    public void It_is_read_when_its_time_is_over()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        var until = Clock.Now + MomentNs;
        host.MayStayUnread = () => Clock.Now < until ? until : 0;
        host.RoundTrip(loop);
        Assert.True(Clock.Now >= until);
    }

    [Fact]
    public void The_end_of_the_connection_is_noticed_at_once()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        host.MayStayUnread = () => Clock.Now + LongNs;
        server.DropClients();
        Assert.Throws<WaylandException>(() => loop.Pause(LongNs));
    }
}
