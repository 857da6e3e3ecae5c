using System.Text.Json;
using Guestplane.Compositor;
using Guestplane.Gvt;
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

    /// <summary>It would have to wait for the end of the 50 ms each time, and the answer comes after one millisecond.</summary>
    [Fact]
    public void A_guest_that_waits_for_its_answer_gets_it_at_once()
    {
        const int Flips = 60;
        using var server = new FakeHost(new HostSetup(Repository.Protocols) { RefreshMilliHz = 1_000_000 });
        using var loop = new Loop();
        using var inner = new WaitingGuest();
        using var guest = new GuestSlot(loop, s_quiet, _ => inner);
        guest.Open();
        var options = new ShowOptions { Source = "waiting", Frames = Flips };
        using var show = new Show(loop, new Seats(Host.Connect(loop, server.SocketPath), loop), guest, options, s_quiet);
        Assert.Equal(ExitCode.Ok, show.Run());
        var waits = inner.Times.Zip(inner.Times.Skip(1), (flip, next) => next - flip).Order().ToList();
        Assert.InRange(waits[waits.Count / 2], 0, 40_000_000);
    }

    /// <summary>A guest is there before a compositor that comes back, and still finds its answers read.</summary>
    [Fact]
    public void What_may_stay_unread_wakes_nobody_and_is_read_before_the_next_flip()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var isAnswered = false;
        bool? wasAnswered = null;
        var flip = new LoopTimer(_ => wasAnswered = isAnswered);
        loop.Add(flip);
        using var host = Host.Connect(loop, server.SocketPath);
        host.MayStayUnread = () => Clock.Now + LongNs;
        host.Globals.Shm.Display.Sync().Done += (_, _) => isAnswered = true;
        flip.Set(Clock.Now + MomentNs);
        loop.Turn();
        Assert.True(wasAnswered);
    }

    [Fact]
    public void It_is_read_when_its_time_is_over()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        // A signal, as the runtime sends its own threads, ends a wait, and then what has come is read.
        Assert.Contains(Enumerable.Range(0, 10), _ =>
        {
            var until = Clock.Now + MomentNs;
            host.MayStayUnread = () => Clock.Now < until ? until : 0;
            host.RoundTrip(loop);
            // The answers' own patience would end after ten seconds.
            Assert.InRange(Clock.Now, 0, until + LongNs / 12);
            return Clock.Now >= until;
        });
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

    /// <summary>It flips when the flip before is answered.</summary>
    private sealed class WaitingGuest : IGuest
    {
        private readonly Scanout _image = SharedDisplay.Blank();
        private readonly Head _head = new("0");

        public string Source => "waiting";

        public IReadOnlyList<Head> Heads => [_head];

        public bool IsPolled => false;

        public int DmaBufs => 1;

        public List<long> Times { get; } = [];

        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public void Start(Loop loop)
        {
            _head.Released += _ => loop.Post(Flip);
            Flip();
        }

        public long Poll(long now) => LoopSource.Never;

        public void Dispose() => _image.Dispose();

        private void Flip()
        {
            Times.Add(Clock.Now);
            _head.Raise(new(PlaneKind.Primary, _image, default, default, Changed: true, Clock.Now) { Ticket = Times.Count });
        }
    }
}
