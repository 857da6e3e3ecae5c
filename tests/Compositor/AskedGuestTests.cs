using System.Text.Json;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>A guest that has to be asked, from Pacer through VfioPlane to the host and back.</summary>
public sealed class AskedGuestTests
{
    [Fact]
    public void It_is_asked_once_per_refresh_and_a_flip_allocates_nothing()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        using var guest = new FlippingGuest();
        using var report = new MemoryStream();
        var options = new ShowOptions { Source = guest.Source, Frames = 240, Report = report };
        using (var show = new Show(loop, host, guest, options, new Messages(StreamWriter.Null)))
            Assert.Equal(ExitCode.Ok, show.Run());
        using var json = JsonDocument.Parse(report.ToArray());
        // Under the JIT something may come once; a flip that allocates is 24 bytes at least.
        Assert.InRange(json.RootElement.GetProperty("managedBytesPerFlip").GetDouble(), 0, 0.5);
        Assert.Equal(2, json.RootElement.GetProperty("dmaBufs").GetInt32());
        var head = json.RootElement.GetProperty("heads")[0];
        Assert.InRange(head.GetProperty("presented").GetInt32(), 220, 240);
        Assert.Empty(server.Violations);
    }

    /// <summary>A vGPU that is removed and made again, and a host that crashes before, while it is away, or never.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task One_that_was_away_is_asked_again(bool hostCrashesBefore, bool hostCrashesMeanwhile)
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var host = Host.Connect(loop, server.SocketPath);
        var inner = new FlippingGuest(height: 480);
        var isThere = true;
        using var guest = VfioReturn.Await(() => isThere ? inner : throw new SourceException(SourceFault.NotThere, "not yet"), loop, Assert.Fail)!;
        var options = new ShowOptions { Source = guest.Source, Wait = true, Reconnect = true };
        using var show = new Show(loop, host, guest, options, new Messages(StreamWriter.Null)) { NextHost = () => Host.Connect(loop, server.SocketPath) };
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

    /// <summary>Who removes a vGPU waits until it is closed.</summary>
    [Fact]
    public void One_that_is_removed_while_there_is_no_host_is_let_go()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        var inner = new FlippingGuest();
        var isThere = true;
        var isLost = false;
        using var guest = VfioReturn.Await(() => isThere ? inner : throw new SourceException(SourceFault.NotThere, "not yet"), loop, Assert.Fail)!;
        inner.Lost += _ => isLost = true;
        var options = new ShowOptions { Source = guest.Source, Wait = true, Reconnect = true };
        using var show = new Show(loop, Host.Connect(loop, server.SocketPath), guest, options, new Messages(StreamWriter.Null)) { NextHost = Nobody };
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

    /// <summary>Shows another of its two framebuffers each time that it is asked.</summary>
    private sealed class FlippingGuest : IGuest, IVfioGfx
    {
        private readonly uint _height;
        private readonly Head _head = new("0");
        private readonly VfioPlane _plane;
        private uint _queries;

        public FlippingGuest(uint height = 480) => (_plane, Heads, _height) = (new VfioPlane(PlaneKind.Primary, this, mayEvict: false), [_head], height);

        public string Source => "flipping";

        public IReadOnlyList<Head> Heads { get; }

        public bool IsAsked => true;

        public int DmaBufs => _plane.Gets;

        /// <summary>As a vGPU that was removed: it ends when it is asked the next time.</summary>
        public bool IsGone { get; set; }

        public event Action<string>? Lost;

        public void Start(Loop loop) { }

        public long Ask(long now)
        {
            if (!IsGone)
                return _plane.Ask(_head, now, out _);
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
