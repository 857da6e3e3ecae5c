using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt;

public sealed class VfioRegionPlaneTests : IDisposable
{
    private const int Width = 64, Height = 48, Size = Width * Height * 4;

    private readonly RegionVgpu _vgpu = new();
    private readonly Head _head = new("0");
    private readonly List<Flip> _flips = [];
    private readonly List<string> _refusals = [];
    private readonly VfioRegionPlane _plane;
    private long _now = 1_000_000_000;

    public VfioRegionPlaneTests()
    {
        _plane = new VfioRegionPlane(_vgpu);
        _head.Flipped += _flips.Add;
        _head.Refused += _refusals.Add;
    }

    public void Dispose()
    {
        _plane.Dispose();
        _vgpu.Dispose();
    }

    private int FlipsOfPoll()
    {
        var before = _flips.Count;
        _plane.Poll(_head, _now += 16_666_667, out var lost);
        Assert.Null(lost);
        return _flips.Count - before;
    }

    [Fact]
    public void An_image_that_stands_still_is_one_flip()
    {
        Assert.Equal([1, 0, 0, 0], Enumerable.Range(0, 4).Select(_ => FlipsOfPoll()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Size / 2 + 13)]
    [InlineData(Size - 1)]
    public void Any_byte_that_is_drawn_is_a_flip(int at)
    {
        FlipsOfPoll();
        _vgpu.Memory.WriteAt([1], at);
        Assert.Equal([1, 0], [FlipsOfPoll(), FlipsOfPoll()]);
        _vgpu.Memory.WriteAt([0], at);
        Assert.Equal([1, 0], [FlipsOfPoll(), FlipsOfPoll()]);
    }

    [Fact]
    public void What_is_swapped_is_drawn()
    {
        _vgpu.Memory.WriteAt([1, 2, 3, 4], 4000);
        FlipsOfPoll();
        _vgpu.Memory.WriteAt([3, 4, 1, 2], 4000);
        Assert.Equal(1, FlipsOfPoll());
    }

    [Fact]
    public void A_mode_and_a_plane_that_goes_off_and_on_are_flips()
    {
        FlipsOfPoll();
        _vgpu.Plane = _vgpu.Plane with { Height = Height / 2 };
        Assert.Equal([1, 0], [FlipsOfPoll(), FlipsOfPoll()]);
        _vgpu.Plane = _vgpu.Plane with { Format = 0 };
        Assert.Equal([1, 0], [FlipsOfPoll(), FlipsOfPoll()]);
        Assert.Null(_flips[^1].Scanout);
        _vgpu.Plane = _vgpu.Plane with { Format = Fourcc.Xrgb8888.Code };
        Assert.Equal([1, 0], [FlipsOfPoll(), FlipsOfPoll()]);
        Assert.Empty(_refusals);
    }

    [Fact]
    public void A_region_that_is_too_small_is_refused_once()
    {
        _vgpu.Plane = _vgpu.Plane with { Height = Height * 2 };
        Assert.Equal([0, 0], [FlipsOfPoll(), FlipsOfPoll()]);
        Assert.Equal([$"The VM's primary plane cannot be shown: its region {RegionVgpu.Index} does not hold {2 * Size} bytes."], _refusals);
    }

    /// <summary>mdpy.</summary>
    private sealed class RegionVgpu : IVfioRegions, IDisposable
    {
        public const uint Index = 16;

        public Fd Memory { get; } = Memfd.Create("vgpu", Size);

        public GfxPlaneInfo Plane { get; set; } = FakeVgpu.Xrgb(Index, Width, Height);

        public int Query(ref GfxPlaneInfo plane)
        {
            Assert.Equal(VfioAbi.PlaneRegion, plane.Flags);
            plane = Plane with { ArgumentSize = plane.ArgumentSize, Flags = plane.Flags, PlaneType = plane.PlaneType };
            return 0;
        }

        public int GetDmaBuf(uint id) => throw new NotSupportedException();

        public VfioRegion? Region(uint index) => index == Index ? new(index, 0, Size) : null;

        public Mapping Map(VfioRegion region, long length) => Mapping.Of(Memory, length, writable: false, region.Offset);

        public void Dispose() => Memory.Dispose();
    }
}
