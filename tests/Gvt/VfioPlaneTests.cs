using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt;

public sealed class VfioPlaneTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private readonly FakeVgpu _vgpu = new();
    private readonly Head _head = new("0");
    private readonly List<Flip> _flips = [];
    private readonly List<string> _refusals = [];
    private VfioPlane _plane;
    private long _now = Second;

    public VfioPlaneTests()
    {
        _plane = new VfioPlane(PlaneKind.Primary, _vgpu, mayEvict: false);
        _head.Flipped += _flips.Add;
        _head.Refused += _refusals.Add;
    }

    public void Dispose() => _plane.Dispose();

    private long Ask(out string? lost)
    {
        _now += Second / 60;
        return _plane.Ask(_head, _now, out lost);
    }

    private long Ask() => Ask(out _);

    private void Show(uint id, uint width = 640, uint height = 480)
    {
        _vgpu.Plane = FakeVgpu.Xrgb(id, width, height);
        Ask();
    }

    [Fact]
    public void Flipping_between_two_ids_gets_each_once()
    {
        for (var i = 0u; i < 600; i++)
            Show(1 + i % 2);
        Assert.Equal([1u, 2u], _vgpu.Gets);
        Assert.Equal(600, _flips.Count);
        Assert.Equal(2, _flips.Select(f => f.Scanout).Distinct().Count());
    }

    [Fact]
    public void The_first_query_of_a_mode_may_fail()
    {
        _vgpu.FirstQueryFails = true;
        Show(1);
        Assert.Single(_flips);
        Assert.Empty(_refusals);
    }

    [Fact]
    public void An_id_that_stands_is_no_flip_until_it_is_a_front_buffer()
    {
        for (var i = 0; i < 30; i++)
            Show(1);
        Assert.Single(_flips);
        for (var i = 0; i < 60; i++)
            Show(1);
        Assert.InRange(_flips.Count, 20, 40);
        Assert.All(_flips, flip => Assert.True(flip.Changed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_plane_that_is_off_is_told_once(bool leavesStructAlone)
    {
        _vgpu.LeavesStructAlone = leavesStructAlone;
        Show(1);
        _vgpu.Plane = default;
        Ask();
        Ask();
        Assert.Equal(2, _flips.Count);
        Assert.Null(_flips[1].Scanout);
        Show(1);
        Assert.Same(_flips[0].Scanout, _flips[2].Scanout);
        Assert.Single(_vgpu.Gets);
    }

    [Fact]
    public void An_id_with_another_geometry_is_another_framebuffer()
    {
        Show(1);
        var retired = 0;
        _flips[0].Scanout!.Retired += _ => retired++;
        Show(1, 320, 240);
        Assert.Equal(1, retired);
        Assert.Equal(320, _flips[1].Scanout!.Width);
        Assert.Equal([1u, 1u], _vgpu.Gets);
    }

    [Fact]
    public void A_refused_description_is_said_once_and_its_id_never_got_again()
    {
        Show(1);
        for (var i = 0; i < 10; i++)
            Show(2, 4000, 4000);
        Assert.Equal([1u, 2u], _vgpu.Gets);
        Assert.Contains("dma-buf", Assert.Single(_refusals), StringComparison.Ordinal);
        Assert.Single(_flips);
    }

    [Fact]
    public void A_guest_that_is_wrong_in_ever_new_ways_costs_no_descriptors_and_one_sentence()
    {
        for (var id = 1u; id <= 600; id++)
            Show(id, 640, 481 + id);
        Assert.Single(_refusals);
        Assert.InRange(_vgpu.Gets.Count, 0, 256);
    }

    [Fact]
    public void The_image_on_the_screen_outlives_an_id_that_cannot_be_had_anew()
    {
        Show(1);
        var retired = false;
        _flips[0].Scanout!.Retired += _ => retired = true;
        _vgpu.GetErrno = Errno.Invalid;
        Show(1, 320, 240);
        Assert.False(retired);
        _vgpu.GetErrno = 0;
        Show(1, 320, 240);
        Assert.True(retired);
        Assert.Equal(2, _flips.Count);
    }

    [Fact]
    public void A_stale_id_is_asked_for_anew()
    {
        _vgpu.GetErrno = Errno.NoEntry;
        Assert.True(Ask() > _now);
        Assert.Empty(_flips);
        _vgpu.GetErrno = 0;
        Ask();
        Assert.Single(_flips);
    }

    [Fact]
    public void Failing_queries_are_made_ever_more_rarely()
    {
        _vgpu.QueryErrno = _ => Errno.Invalid;
        var end = _now + 60 * Second;
        while (_now < end)
            _now = Math.Max(_now + Second / 60, _plane.Ask(_head, _now, out _));
        Assert.InRange(_vgpu.Queries, 10, 50);
        Assert.Single(_refusals);
        _vgpu.QueryErrno = _ => 0;
        Assert.Equal(_now, _plane.Ask(_head, _now, out _));
    }

    [Fact]
    public void A_third_kind_of_plane_that_the_driver_does_not_know_is_not_asked_again()
    {
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Overlay, _vgpu, mayEvict: false);
        _vgpu.QueryErrno = _ => Errno.Invalid;
        Ask();
        Assert.True(_plane.IsAbsent);
        Assert.Empty(_refusals);
    }

    [Fact]
    public void A_device_that_is_gone_is_told()
    {
        _vgpu.QueryErrno = _ => Errno.NoDevice;
        Ask(out var lost);
        Assert.Contains("gone", lost, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_ids_may_be_got_again_few_are_kept()
    {
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Primary, _vgpu, mayEvict: true);
        for (var i = 1u; i <= 200; i++)
            Show(i);
        Assert.InRange(_flips.Count(f => f.Scanout is { } s && !s.Memory(0).IsClosed), 10, 20);
        Assert.Equal(200, _flips.Count);
    }

    [Fact]
    public void A_cursor_moves_without_a_new_image_and_an_absurd_place_is_ignored()
    {
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Cursor, _vgpu, mayEvict: false);
        _vgpu.Plane = FakeVgpu.Xrgb(1, 64, 64) with { X = 10, Y = 20, HotX = 3, HotY = 4 };
        Ask();
        _vgpu.Plane = _vgpu.Plane with { X = 11 };
        Ask();
        _vgpu.Plane = _vgpu.Plane with { X = 0x7fffffff };
        Ask();
        Assert.Equal([new PixelPoint(10, 20), new PixelPoint(11, 20)], _flips.Select(f => f.Position));
        Assert.Equal(new PixelPoint(3, 4), _flips[0].Hotspot);
        Assert.Equal([true, false], _flips.Select(f => f.Changed));
    }
}
