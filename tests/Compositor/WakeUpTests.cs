using System.Text.Json;
using Guestplane.Compositor;
using Guestplane.Gvt.Pattern;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Gvt.Share;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>Answers that nothing waits for are read with the next flip; what a user does is read at once.</summary>
public sealed class WakeUpTests
{
    private const long MomentNs = 300_000_000, LongNs = 60_000_000_000;
    private static readonly Messages s_quiet = new(StreamWriter.Null);
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_flip_wakes_the_program_once() => Assert.InRange(await WakeUpsPerFlip("none", hasInput: true), 0.5, 1.5);

    /// <summary>The first touch of a touch screen is announced by nothing.</summary>
    [Theory]
    [InlineData("keyboard")]
    [InlineData("pointer")]
    [InlineData("pen")]
    [InlineData("touch screen")]
    public async Task With_a_device_in_the_window_every_event_is_read_at_once(string device) =>
        Assert.InRange(await WakeUpsPerFlip(device, hasInput: true), 1.25, 5);

    [Theory]
    [InlineData("keyboard")]
    [InlineData("touch screen")]
    public async Task A_device_does_not_matter_to_a_guest_without_input(string device) =>
        Assert.InRange(await WakeUpsPerFlip(device, hasInput: false), 0.5, 1.5);

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
        // The answers' own patience would end after ten seconds.
        Assert.InRange(Clock.Now, until, until + LongNs / 12);
    }

    [Fact]
    public void The_end_of_the_connection_is_noticed_at_once()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        host.MayStayUnread = () => Clock.Now + LongNs;
        var begun = Clock.Now;
        server.DropClients();
        Assert.Throws<WaylandException>(() => loop.Pause(LongNs));
        Assert.True(Clock.Now - begun < LongNs / 2);
    }

    /// <summary>Of 180 flips at 60 Hz, with that device in the window.</summary>
    private static async Task<double> WakeUpsPerFlip(string device, bool hasInput)
    {
        var setup = new HostSetup(Repository.Protocols)
        {
            KeyboardPresent = device == "keyboard",
            TouchPresent = device == "touch screen",
        };
        using var server = new FakeHost(setup.With("zwp_tablet_manager_v2", 1));
        using var loop = new Loop();
        var pattern = new PatternGuest("pattern", PatternOptions.Parse("memory=memfd,size=640x480,rate=60"));
        pattern.Heads[0].Input = hasInput ? new RecordedInput() : null;
        using var guest = new GuestSlot(loop, s_quiet, _ => pattern);
        guest.Open();
        using var report = new MemoryStream();
        var options = new ShowOptions { Source = "pattern", Frames = 180, Report = report };
        using var show = new Show(loop, new Seats(Host.Connect(loop, server.SocketPath), loop), guest, options, s_quiet);
        var run = Task.Run(show.Run, TestContext.Current.CancellationToken);
        Assert.True(server.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, s_soon));
        Use(server, device, ShowTests.Root(server)!.Id);
        Assert.Equal(ExitCode.Ok, await run);
        Assert.Empty(server.Violations);
        using var json = JsonDocument.Parse(report.ToArray());
        return json.RootElement.GetProperty("wakeUpsPerFlip").GetDouble();
    }

    private static void Use(FakeHost host, string device, uint root)
    {
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
    }
}
