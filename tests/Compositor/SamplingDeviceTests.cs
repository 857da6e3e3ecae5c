using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Linux.Drm;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>Memory that only one GPU can read (GVT-g's) gets to that GPU, or to none.</summary>
public sealed class SamplingDeviceTests : IDisposable
{
    private const uint Scans = HostTranche.Scanout, Samples = HostTranche.Sampling;

    private static readonly HostFormat s_xr24 = new("XR24"), s_ar24 = new("AR24"), s_tiled = new("XR24", 0x0100000000000002);

    private readonly GpuStandIn _gpu = GpuStandIn.Find();
    private readonly Loop _loop = new();
    private readonly List<ulong?> _named = [];
    private FakeHost? _server;
    private Host? _host;

    public void Dispose()
    {
        _host?.Dispose();
        _loop.Dispose();
        Assert.Empty(_server?.Violations ?? []);
        _server?.Dispose();
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Memory_of_one_GPU_does_not_get_to_another(int version)
    {
        var transports = Connect(version, new HostTranche(_gpu.Device, Samples, [s_xr24]));
        Assert.Equal([_gpu.Gpu], _host!.Feedback.Gpus);
        using var theirs = Image(_gpu.Gpu);
        using var others = Image(GpuStandIn.NoGpu);
        Assert.Equal((Transport.DmaBuf, (string?)null), (transports.First(theirs).Transport, transports.First(theirs).Reason));
        Assert.Equal(Transport.Shm, transports.First(others).Transport);
        Assert.Contains("only the GPU 0000:00:02.9 can read it", transports.First(others).Reason);
    }

    [Fact]
    public void It_names_its_GPU_as_the_compositor_does()
    {
        var transports = Connect(6, new(GpuStandIn.NoDevice, Samples, [s_xr24]), new(_gpu.Device, Samples | Scans, [s_xr24]));
        using var image = Image(_gpu.Gpu);
        Import(transports, image);
        Assert.Equal([_gpu.Device], _named);
        Assert.Equal(1, _server!.Imports);
    }

    [Fact]
    public void Before_version_6_there_is_no_request_for_that()
    {
        var transports = Connect(5, new HostTranche(_gpu.Device, Samples, [s_xr24]));
        using var image = Image(_gpu.Gpu);
        Import(transports, image);
        Assert.Equal([null], _named);
        Assert.Equal(1, _server!.Imports);
    }

    /// <summary>"If the client doesn't know a suitable target device, it shouldn't set one."</summary>
    [Fact]
    public void Memory_that_every_GPU_can_read_names_none()
    {
        var transports = Connect(6, new(GpuStandIn.NoDevice, Samples, [s_ar24]), new(_gpu.Device, Scans, [s_xr24]));
        using var image = Image(null);
        Import(transports, image);
        Assert.Equal([null], _named);
        Assert.Equal(1, _server!.Imports);
    }

    /// <summary>Where it cannot be scanned out for a frame, another GPU would have to draw it.</summary>
    [Theory]
    [InlineData(5, Transport.DmaBuf)]
    [InlineData(6, Transport.Shm)]
    public void A_GPU_that_only_scans_out_does_not_get_it_where_the_compositor_tells_that(int version, object transport)
    {
        var transports = Connect(version, new(_gpu.Device, Scans, [s_xr24]), new(GpuStandIn.NoDevice, Samples, [s_xr24]));
        using var image = Image(_gpu.Gpu);
        Assert.Equal(transport, transports.First(image).Transport);
    }

    [Fact]
    public void A_layout_that_only_another_GPU_samples_is_refused_with_those_of_its_own()
    {
        var transports = Connect(6, new(GpuStandIn.NoDevice, Samples, [s_xr24]), new(_gpu.Device, Scans, [s_xr24]),
            new(_gpu.Device, Samples, [s_tiled]));
        using var image = Image(_gpu.Gpu);
        var choice = transports.First(image);
        Assert.Equal(Transport.Shm, choice.Transport);
        Assert.Equal($"the compositor does not sample XR24 with modifier LINEAR on the GPU {Path.GetFileName(_gpu.Gpu)} "
            + $"(it samples there: {new Modifier(s_tiled.Modifier)})", choice.Reason);
    }

    /// <summary>The rule of before, and there is no device that it could name.</summary>
    [Theory]
    [InlineData(GpuStandIn.NoDevice, Samples)]
    [InlineData(GpuStandIn.NoDevice, 0u)]
    [InlineData(0ul, Samples)]
    public void Where_no_GPU_is_known_the_machines_only_one_is_assumed_and_not_named(ulong device, uint flags)
    {
        Assert.SkipWhen(DrmNode.Devices().Count() > 1, "this machine has several GPUs");
        var transports = Connect(6, new HostTranche(device, flags, [s_xr24]));
        using var image = Image(_gpu.Gpu);
        Import(transports, image);
        Assert.Equal([null], _named);
    }

    [Fact]
    public void A_device_that_is_only_in_the_surfaces_feedback_is_named()
    {
        var transports = Connect(6, new(GpuStandIn.NoDevice, Samples, [s_xr24]), new(_gpu.Device, Scans, [s_xr24]),
            new(_gpu.Device, Samples, [s_xr24]) { IsOfSurfaces = true });
        using var surface = _host!.Globals.Compositor.CreateSurface();
        using var image = Image(_gpu.Gpu);
        Assert.Equal(Transport.Shm, transports.First(image).Transport);
        using var feedback = Feedback.OfSurface(_host.Globals.Dmabuf, surface);
        transports.SurfaceFeedback = feedback;
        _host.RoundTrip(_loop);
        Import(transports, image);
        Assert.Equal([_gpu.Device], _named);
    }

    /// <summary>Without the name the compositor would try every GPU that it has.</summary>
    [Fact]
    public void An_import_that_its_GPU_refuses_is_not_tried_without_it()
    {
        var transports = Connect(6, new(GpuStandIn.NoDevice, Samples, [s_xr24]), new(_gpu.Device, Samples, [s_xr24]));
        _server!.Faults.FailImport = import => Note(import.SamplingDevice, isRefused: true);
        using var image = Image(_gpu.Gpu);
        var pool = new BufferPool(image, transports, new Owner());
        _host!.RoundTrip(_loop);
        Assert.Equal([_gpu.Device], _named);
        Assert.Equal(Transport.Shm, pool.Choice.Transport);
        pool.Dispose();
    }

    /// <summary>A second buffer for the same memory: the compositor refuses it, which is no error, and the first one stays.</summary>
    [Fact]
    public void A_GPU_that_has_left_the_tranches_is_still_named_for_memory_of_its_own_and_gets_nothing_new()
    {
        var transports = Connect(6, new(GpuStandIn.NoDevice, Samples, [s_xr24]), new(_gpu.Device, Samples, [s_xr24]));
        using var image = Image(_gpu.Gpu);
        using var next = Image(_gpu.Gpu);
        var pool = new BufferPool(image, transports, new Owner());
        _host!.RoundTrip(_loop);
        Assert.NotNull(pool.Acquire(isShown: true));
        _server!.ResendTranches(new HostTranche(GpuStandIn.NoDevice, Samples, [s_xr24]), new(_gpu.Device, Scans, [s_xr24]));
        _host.RoundTrip(_loop);
        Assert.NotNull(pool.Acquire(isShown: true));
        _host.RoundTrip(_loop);
        Assert.Equal([_gpu.Device, _gpu.Device], _named);
        Assert.Equal((1, 1, Transport.DmaBuf), (_server.Imports, _server.ImportsFailed, pool.Choice.Transport));
        Assert.Equal(Transport.Shm, transports.First(next).Transport);
        _server.ResendTranches(new HostTranche(_gpu.Device, Samples, [s_xr24]));
        _host.RoundTrip(_loop);
        Assert.Equal((Transport.DmaBuf, _gpu.Device), (transports.First(next).Transport, transports.First(next).Device));
        pool.Dispose();
    }

    private static Scanout Image(string? gpu)
    {
        var memory = Memfd.Create("image", 640 * 480 * 4);
        return Scanout.Create([memory], new(640, 480, Fourcc.Xrgb8888, Modifier.Linear, [new(0, 2560, 0)]), out _, gpu: gpu)!;
    }

    private PlaneTransports Connect(int version, params HostTranche[] tranches)
    {
        var setup = new HostSetup(Repository.Protocols) { MainDevice = tranches[^1].Device, Tranches = tranches };
        _server = new FakeHost(setup.With("zwp_linux_dmabuf_v1", version));
        _server.Faults.FailImport = import => Note(import.SamplingDevice, isRefused: false);
        _host = Host.Connect(_loop, _server.SocketPath);
        return new PlaneTransports(_host, null, opaque: true);
    }

    private bool Note(ulong? device, bool isRefused)
    {
        _named.Add(device);
        return isRefused;
    }

    private void Import(PlaneTransports transports, Scanout image)
    {
        var pool = new BufferPool(image, transports, new Owner());
        _host!.RoundTrip(_loop);
        Assert.Equal(Transport.DmaBuf, pool.Choice.Transport);
        pool.Dispose();
    }

    private sealed class Owner : IBufferPoolOwner
    {
        public void OnPoolChanged(Scanout scanout) { }

        public void OnBufferReleased(uint buffer) { }

        public void OnRetired(Scanout scanout) { }
    }
}
