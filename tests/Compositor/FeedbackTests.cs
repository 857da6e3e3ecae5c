using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>What a compositor says of its dma-buf formats and devices, by each version of linux-dmabuf.</summary>
public sealed class FeedbackTests
{
    // dev_t of three render nodes; nobody opens them.
    private const ulong First = (226 << 8) | 128, Second = First + 1, Third = First + 2;
    private const string Interface = "zwp_linux_dmabuf_feedback_v1";

    private static readonly HostFormat s_xr24 = new("XR24"), s_ar24 = new("AR24"), s_nv12 = new("NV12");

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Before_version_6_the_main_device_samples_and_no_tranche_says_so(int version)
    {
        using var desk = new Desk(version, new(Second, HostTranche.Scanout, [s_xr24]), new(First, 0, [s_xr24, s_ar24]));
        Assert.Equal([First], desk.Feedback.SamplingDevices);
        Assert.False(desk.Feedback.TellsSampling);
        Assert.Equal([(Second, true, null), (First, false, null)], desk.Tranches);
    }

    [Fact]
    public void Version_3_has_formats_and_no_device()
    {
        using var desk = new Desk(3, new HostTranche(First, 0, [s_xr24]));
        Assert.Empty(desk.Feedback.SamplingDevices);
        Assert.True(desk.Feedback.Accepts(Fourcc.Xrgb8888, Modifier.Linear));
    }

    [Fact]
    public void From_version_6_on_the_tranches_for_sampling_tell_the_devices_best_first()
    {
        using var desk = new Desk(6, new(First, HostTranche.Scanout, [s_nv12]), new(Second, HostTranche.Sampling, [s_xr24]),
            new(Third, HostTranche.Scanout | HostTranche.Sampling, [s_xr24]), new(Second, HostTranche.Sampling, [s_ar24]));
        Assert.Equal([Second, Third], desk.Feedback.SamplingDevices);
        Assert.Equal([(First, true, false), (Second, false, true), (Third, true, true), (Second, false, true)], desk.Tranches);
        // Each pair that was advertised may be sent.
        Assert.True(desk.Feedback.Accepts(new(s_nv12.Fourcc), Modifier.Linear));
        Assert.Empty(desk.Server.Transcript.Matching("main_device"));
    }

    [Fact]
    public void A_main_device_that_version_6_no_longer_has_does_not_count()
    {
        using var desk = new Desk(6, new HostTranche(First, HostTranche.Sampling, [s_xr24]));
        desk.Server.SendEvent(Interface, "main_device", BitConverter.GetBytes(Second));
        desk.Update();
        Assert.Equal([First], desk.Feedback.SamplingDevices);
    }

    /// <summary>The protocol wants one in each feedback; a compositor without one is shown to all the same.</summary>
    [Theory]
    [InlineData(0u)]
    [InlineData(HostTranche.Scanout)]
    public void Without_a_tranche_for_sampling_no_device_is_known_and_the_formats_are(uint flags)
    {
        using var desk = new Desk(6, new HostTranche(First, flags, [s_xr24]));
        Assert.Empty(desk.Feedback.SamplingDevices);
        Assert.Empty(desk.Feedback.Gpus);
        Assert.True(desk.Feedback.Accepts(Fourcc.Xrgb8888, Modifier.Linear));
        Assert.Null(desk.Feedback.SamplingDevice("/sys/devices/any", Fourcc.Xrgb8888, Modifier.Linear));
    }

    [Fact]
    public void Tranches_that_change_replace_all_those_before_at_once()
    {
        using var desk = new Desk(6, new(First, HostTranche.Sampling, [s_xr24]), new(Second, HostTranche.Sampling, [s_ar24]));
        var seen = new List<ulong[]>();
        desk.Feedback.Changed += () => seen.Add([.. desk.Feedback.SamplingDevices]);
        desk.Server.ResendTranches(new HostTranche(Third, HostTranche.Sampling, [s_nv12]));
        desk.Server.ResendTranches(new HostTranche(Second, HostTranche.Scanout, [s_nv12]), new(First, HostTranche.Sampling, [s_xr24]));
        desk.Update();
        Assert.Equal([[Third], [First]], seen);
        Assert.Equal([(Second, true, false), (First, false, true)], desk.Tranches);
        Assert.False(desk.Feedback.Accepts(Fourcc.Argb8888, Modifier.Linear));
    }

    [Fact]
    public void A_tranche_without_device_or_flags_has_not_those_of_an_earlier_one()
    {
        using var desk = new Desk(6, new HostTranche(First, HostTranche.Sampling | HostTranche.Scanout, [s_xr24]));
        desk.Server.ResendTranches(new HostTranche(First, HostTranche.Sampling | HostTranche.Scanout, [s_xr24]));
        desk.Server.SendEvent(Interface, "tranche_done");
        desk.Server.SendEvent(Interface, "tranche_flags", HostTranche.Sampling);
        desk.Server.SendEvent(Interface, "tranche_done");
        desk.Server.SendEvent(Interface, "done");
        desk.Update();
        Assert.Equal([(0, false, false), (0, false, true)], desk.Tranches);
        Assert.Empty(desk.Feedback.SamplingDevices);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    public void A_device_of_another_size_than_a_dev_t_is_none(int size)
    {
        using var desk = new Desk(6, new HostTranche(First, HostTranche.Sampling, [s_xr24]));
        desk.Server.SendEvent(Interface, "tranche_target_device", Enumerable.Repeat((byte)1, size).ToArray());
        desk.Server.SendEvent(Interface, "tranche_flags", HostTranche.Sampling);
        desk.Server.SendEvent(Interface, "tranche_done");
        desk.Server.SendEvent(Interface, "done");
        desk.Update();
        Assert.Equal([(0, false, true)], desk.Tranches);
        Assert.Empty(desk.Feedback.SamplingDevices);
    }

    /// <summary>A compositor with these tranches, and a client of it.</summary>
    private sealed class Desk : IDisposable
    {
        private readonly Loop _loop = new();
        private readonly Host _host;

        public Desk(int version, params HostTranche[] tranches)
        {
            Server = new(new HostSetup(Repository.Protocols) { MainDevice = First, Tranches = tranches }.With("zwp_linux_dmabuf_v1", version));
            _host = Host.Connect(_loop, Server.SocketPath);
        }

        public FakeHost Server { get; }

        public Feedback Feedback => _host.Feedback;

        public IEnumerable<(ulong, bool, bool?)> Tranches =>
            Feedback.Tranches.Select(tranche => (tranche.Device, tranche.Scanout, tranche.Sampling));

        public void Update() => _host.RoundTrip(_loop);

        public void Dispose()
        {
            _host.Dispose();
            _loop.Dispose();
            Assert.Empty(Server.Violations);
            Server.Dispose();
        }
    }
}
