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

    /// <summary>Shows another of its two framebuffers each time that it is asked.</summary>
    private sealed class FlippingGuest : IGuest, IVfioGfx
    {
        private readonly Head _head = new("0");
        private readonly VfioPlane _plane;
        private uint _queries;

        public FlippingGuest() => (_plane, Heads) = (new VfioPlane(PlaneKind.Primary, this, mayEvict: false), [_head]);

        public string Source => "flipping";

        public IReadOnlyList<Head> Heads { get; }

        public bool IsAsked => true;

        public int DmaBufs => _plane.Gets;

        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public void Start(Loop loop) { }

        public long Ask(long now) => _plane.Ask(_head, now, out _);

        public int Query(ref GfxPlaneInfo plane)
        {
            plane.Id = 1 + _queries++ % 2;
            (plane.Format, plane.Width, plane.Height, plane.Stride, plane.Size) = (Fourcc.Xrgb8888.Code, 640, 480, 2560, 2560 * 480);
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
