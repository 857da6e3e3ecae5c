using System.Text.Json;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>A guest that is polled, from Pacer through VfioPlane to the compositor and back.</summary>
public sealed class PolledGuestTests
{
    private const long LookNs = 250_000_000;
    private static readonly SourceException s_notYet = new(SourceFault.NotThere, "not yet");
    private static readonly Messages s_quiet = new(StreamWriter.Null);

    [Fact]
    public void It_is_polled_once_per_refresh_and_a_flip_allocates_nothing()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        using var guest = new GuestSlot(loop, s_quiet, _ => new FlippingGuest());
        guest.Open();
        using var report = new MemoryStream();
        var options = new ShowOptions { Source = "flipping", Frames = 240, Report = report };
        using (var show = new Show(loop, new Seats(host, loop), guest, options, s_quiet))
            Assert.Equal(ExitCode.Ok, show.Run());
        using var json = JsonDocument.Parse(report.ToArray());
        // Under the JIT something may come once; a flip that allocates is 24 bytes at least.
        Assert.InRange(json.RootElement.GetProperty("managedBytesPerFlip").GetDouble(), 0, 0.5);
        Assert.Equal(2, json.RootElement.GetProperty("dmaBufs").GetInt32());
        var head = json.RootElement.GetProperty("heads")[0];
        // Each poll is a flip. Polled more often than the output refreshes, most flips would be replaced before they are shown; on a
        // busy machine some are.
        Assert.InRange(head.GetProperty("presented").GetInt32(), 121, 240);
        Assert.Empty(server.Violations);
    }

    /// <summary>A vGPU that is removed and made again, and a host that crashes before, while it is away, or never.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task One_that_was_away_is_polled_again(bool hostCrashesBefore, bool hostCrashesMeanwhile)
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var host = Host.Connect(loop, server.SocketPath);
        var inner = new FlippingGuest(height: 480);
        var isThere = true;
        using var guest = new GuestSlot(loop, s_quiet, before => isThere ? inner.After(before) : throw s_notYet, LookNs);
        guest.Open();
        var options = new ShowOptions { Source = "flipping", Wait = true, Reconnect = true };
        using var show = new Show(loop, new Seats(host, loop), guest, options, s_quiet) { NextHost = () => Host.Connect(loop, server.SocketPath) };
        var run = Task.Run(show.Run, TestContext.Current.CancellationToken);
        for (var round = 1; round <= 3; round++)
        {
            Wait(h => ShowTests.Primary(h)?.Buffer?.Height == 480 - round + 1, $"round {round}: not shown");
            if (hostCrashesBefore)
                Crash(h => ShowTests.Primary(h)?.Buffer is not null);
            loop.Post(() => (isThere, inner.IsGone) = (false, true));
            Wait(IsDimmed, $"round {round}: not dimmed");
            if (hostCrashesMeanwhile)
                Crash(IsDimmed);
            var next = new FlippingGuest(height: 480 - (uint)round);
            loop.Post(() => (isThere, inner) = (true, next));
        }
        Wait(h => ShowTests.Primary(h)?.Buffer?.Height == 477, "not shown at last");
        loop.Stop();
        Assert.Equal(ExitCode.Ok, await run);
        Assert.Empty(server.Violations);

        void Wait(Func<FakeHost, bool> condition, string complaint) => Assert.True(server.WaitUntil(condition, TimeSpan.FromSeconds(10)), complaint);

        void Crash(Func<FakeHost, bool> isBack)
        {
            var connections = server.Transcript.Matching(".get_registry(").Count;
            server.DropClients();
            Wait(h => h.Transcript.Matching(".get_registry(").Count > connections && isBack(h), "not on the next host");
        }

        static bool IsDimmed(FakeHost host) =>
            host.Surfaces.Any(surface => surface is { Role: "wl_subsurface", IsMapped: true, Buffer.Kind: "single-pixel" });
    }

    /// <summary>There may be no compositor yet.</summary>
    [Fact]
    public void One_that_is_removed_before_it_is_shown_is_released()
    {
        using var loop = new Loop();
        var inner = new FlippingGuest();
        var isLost = false;
        using var guest = new GuestSlot(loop, s_quiet, _ => inner);
        guest.Open();
        inner.Lost += _ => isLost = true;
        inner.IsGone = true;
        for (var pauses = 0; !isLost && pauses < 200; pauses++)
            loop.Pause(50_000_000);
        Assert.Equal((true, GuestState.Gone), (isLost, guest.State));
    }

    /// <summary>A vGPU withdraws its images when it goes; the window still lays out the last one.</summary>
    [Fact]
    public async Task The_last_image_of_one_that_is_gone_follows_the_window()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var inner = new FlippingGuest(height: 480);
        var isThere = true;
        using var guest = new GuestSlot(loop, s_quiet, before => isThere ? inner.After(before) : throw s_notYet, LookNs);
        guest.Open();
        var options = new ShowOptions { Source = "flipping", Wait = true };
        using var show = new Show(loop, new Seats(Host.Connect(loop, server.SocketPath), loop), guest, options, s_quiet);
        var run = Task.Run(show.Run, TestContext.Current.CancellationToken);
        Assert.True(server.WaitUntil(h => ShowTests.Primary(h)?.Buffer is not null, TimeSpan.FromSeconds(10)));
        loop.Post(() => (isThere, inner.IsGone) = (false, true));
        Assert.True(server.WaitUntil(
            h => h.Surfaces.Any(surface => surface is { Role: "wl_subsurface", IsMapped: true, Buffer.Kind: "single-pixel" }), TimeSpan.FromSeconds(10)));
        server.Configure(320, 240, fullscreen: true);
        Assert.True(server.WaitUntil(h => ShowTests.Primary(h)!.ViewportDestination == (320, 240), TimeSpan.FromSeconds(10)));
        loop.Stop();
        Assert.Equal(ExitCode.Ok, await run);
        Assert.Empty(server.Violations);
    }

    /// <summary>Who removes a vGPU waits until it is closed.</summary>
    [Fact]
    public void A_guest_that_is_removed_while_there_is_no_compositor_is_released()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var inner = new FlippingGuest();
        var isThere = true;
        var isLost = false;
        using var guest = new GuestSlot(loop, s_quiet, before => isThere ? inner.After(before) : throw s_notYet, LookNs);
        guest.Open();
        inner.Lost += _ => isLost = true;
        var options = new ShowOptions { Source = "flipping", Wait = true, Reconnect = true };
        using var show = new Show(loop, new Seats(Host.Connect(loop, server.SocketPath), loop), guest, options, s_quiet) { NextHost = Nobody };
        guest.Heads[0].Flipped += _ => server.DropClients();
        Assert.Equal(ExitCode.Ok, show.Run());
        Assert.True(isLost);

        Host? Nobody()
        {
            (isThere, inner.IsGone) = (false, true);
            for (var pauses = 0; !isLost && pauses < 100; pauses++)
                loop.Pause(50_000_000);
            loop.Stop();
            return null;
        }
    }

    [Fact]
    public void A_flip_that_waits_for_a_frame_goes_with_its_image()
    {
        const long Moment = 500_000_000;
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var (inner, isThere, flips) = (new FlippingGuest(), true, 0);
        using var guest = new GuestSlot(loop, s_quiet, before => isThere ? inner.After(before) : throw s_notYet, LookNs);
        guest.Open();
        var end = new LoopTimer(_ => loop.Stop());
        loop.Add(end);
        guest.Heads[0].Flipped += _ =>
        {
            flips++;
            server.Faults.NeverFrame = flips >= 2;
            // Two commits wait for their frames by then, and a flip for both.
            (isThere, inner.IsGone) = (flips < 6, flips >= 6);
        };
        inner.Lost += _ =>
        {
            server.Faults.NeverFrame = false;
            end.Set(Clock.Now + Moment);
        };
        var options = new ShowOptions { Source = "flipping", Wait = true };
        using var show = new Show(loop, new Seats(Host.Connect(loop, server.SocketPath), loop), guest, options, s_quiet);
        Assert.Equal(ExitCode.Ok, show.Run());
        Assert.Equal(6, flips);
        Assert.Empty(server.Violations);
    }

    /// <summary>Shows another of its two framebuffers each time that it is polled.</summary>
    private sealed class FlippingGuest : IGuest, IVfioGfx
    {
        private readonly uint _height;
        private readonly VfioPlane _plane;
        private uint _queries;

        public FlippingGuest(uint height = 480) => (_plane, _height) = (new VfioPlane(PlaneKind.Primary, this, mayEvict: false), height);

        public string Source => "flipping";

        public IReadOnlyList<Head> Heads { get; private set; } = [new("0")];

        public bool IsPolled => true;

        public int DmaBufs => _plane.Gets;

        /// <summary>As a vGPU that was removed: it ends at the next poll.</summary>
        public bool IsGone { get; set; }

        public event Action<string>? Lost;

        public FlippingGuest After(IGuest? before)
        {
            Heads = before?.Heads ?? Heads;
            return this;
        }

        public void Start(Loop loop) { }

        public long Poll(long now)
        {
            if (!IsGone)
                return _plane.Poll(Heads[0], now, out _);
            _plane.Dispose();
            Lost?.Invoke("It was removed.");
            return LoopSource.Never;
        }

        public int Query(ref GfxPlaneInfo plane)
        {
            plane.Id = 1 + _queries++ % 2;
            (plane.Format, plane.Width, plane.Height, plane.Stride, plane.Size) = (Fourcc.Xrgb8888.Code, 640, _height, 2560, 2560 * _height);
            return 0;
        }

        public int GetDmaBuf(uint id)
        {
            using var memory = Memfd.Create("flipping", 2560 * 480);
            var number = memory.Number;
            memory.GiveAway();
            return number;
        }

        public void Dispose() => _plane.Dispose();
    }
}
