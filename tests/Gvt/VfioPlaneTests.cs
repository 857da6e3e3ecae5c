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

    private long Poll(out string? lost)
    {
        _now += Second / 60;
        return _plane.Poll(_head, _now, out lost);
    }

    private long Poll() => Poll(out _);

    private void Show(uint id, uint width = 640, uint height = 480)
    {
        _vgpu.Plane = FakeVgpu.Xrgb(id, width, height);
        Poll();
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
    public void A_plane_that_was_on_in_the_life_before_and_is_off_now_is_raised_once()
    {
        Show(1);
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Primary, _vgpu, mayEvict: false);
        _vgpu.Plane = default;
        Poll();
        Poll();
        Assert.Equal([true, false], _flips.Select(flip => flip.Scanout is not null));
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
    public void An_unchanged_id_is_not_a_flip_until_it_counts_as_a_front_buffer()
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
    public void A_plane_that_is_off_is_raised_once(bool leavesStructAlone)
    {
        _vgpu.LeavesStructAlone = leavesStructAlone;
        Show(1);
        _vgpu.Plane = default;
        Poll();
        Poll();
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
    public void A_rejected_description_is_reported_once_and_its_id_is_not_got_again()
    {
        Show(1);
        for (var i = 0; i < 10; i++)
            Show(2, 4000, 4000);
        Assert.Equal([1u, 2u], _vgpu.Gets);
        Assert.Contains("dma-buf", Assert.Single(_refusals), StringComparison.Ordinal);
        Assert.Single(_flips);
    }

    [Fact]
    public void A_guest_that_fails_in_ever_new_ways_costs_no_descriptors_and_one_message()
    {
        for (var id = 1u; id <= 600; id++)
            Show(id, 640, 481 + id);
        Assert.Single(_refusals);
        Assert.InRange(_vgpu.Gets.Count, 0, 256);
    }

    [Fact]
    public void The_image_on_screen_stays_when_its_id_cannot_be_got_again()
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
    public void A_stale_id_is_queried_again()
    {
        _vgpu.GetErrno = Errno.NoEntry;
        Assert.True(Poll() > _now);
        Assert.Empty(_flips);
        _vgpu.GetErrno = 0;
        Poll();
        Assert.Single(_flips);
    }

    [Fact]
    public void A_plane_that_is_off_when_its_id_is_queried_again_is_off()
    {
        Show(1);
        _vgpu.Plane = FakeVgpu.Xrgb(2, 640, 480);
        _vgpu.GetErrno = Errno.NoEntry;
        _vgpu.GetFails = () => _vgpu.Plane = default;
        Assert.Equal(_now + Second / 60, Poll());
        Assert.Equal([true, false], _flips.Select(flip => flip.Scanout is not null));
        Assert.Empty(_refusals);
    }

    [Fact]
    public void Failing_queries_are_repeated_ever_more_rarely()
    {
        _vgpu.QueryErrno = _ => Errno.Invalid;
        var end = _now + 60 * Second;
        while (_now < end)
            _now = Math.Max(_now + Second / 60, _plane.Poll(_head, _now, out _));
        Assert.InRange(_vgpu.Queries, 10, 50);
        Assert.Single(_refusals);
        _vgpu.QueryErrno = _ => 0;
        Assert.Equal(_now, _plane.Poll(_head, _now, out _));
    }

    [Theory]
    [InlineData(500, 0)]
    [InlineData(1000, 1)]
    public void A_mode_change_that_cannot_be_described_meanwhile_is_reported_if_it_takes_long(int milliseconds, int reports)
    {
        Show(1);
        _vgpu.QueryErrno = _ => Errno.Invalid;
        var end = _now + milliseconds * 1_000_000L;
        while (_now < end)
            _now = Math.Max(_now + Second / 60, _plane.Poll(_head, _now, out _));
        _vgpu.QueryErrno = _ => 0;
        Show(2);
        Assert.Equal(reports, _refusals.Count);
        Assert.Equal(2, _flips.Count);
    }

    [Fact]
    public void An_overlay_that_the_driver_does_not_support_is_not_polled_again()
    {
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Overlay, _vgpu, mayEvict: false);
        _vgpu.QueryErrno = _ => Errno.Invalid;
        Poll();
        Assert.True(_plane.IsAbsent);
        Assert.Empty(_refusals);
    }

    [Fact]
    public void A_lost_device_is_reported()
    {
        _vgpu.QueryErrno = _ => Errno.NoDevice;
        Poll(out var lost);
        Assert.Contains("gone", lost, StringComparison.Ordinal);
    }

    [Fact]
    public void Few_ids_are_kept_if_they_may_be_got_again()
    {
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Primary, _vgpu, mayEvict: true);
        for (var i = 1u; i <= 200; i++)
            Show(i);
        Assert.InRange(_flips.Count(f => f.Scanout is { } s && !s.Memory(0).IsClosed), 10, 20);
        Assert.Equal(200, _flips.Count);
    }

    [Fact]
    public void Ids_that_are_all_rejected_are_evicted_too()
    {
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Primary, _vgpu, mayEvict: true);
        for (var i = 1u; i <= 40; i++)
            Show(i, 4000, 4000);
        Assert.Empty(_flips);
        Show(41);
        Assert.Single(_flips);
    }

    [Fact]
    public void What_an_id_meant_before_goes_although_its_new_image_is_rejected()
    {
        for (var i = 0; i < 100; i++)
        {
            Show(1);
            Show(1, 4000, 4000);
        }
        Assert.Equal(100, _flips.Count);
        Assert.All(_flips, flip => Assert.True(flip.Scanout!.IsRetired));
    }

    [Fact]
    public void A_cursor_moves_without_a_new_image_and_an_absurd_position_is_ignored()
    {
        _plane.Dispose();
        _plane = new VfioPlane(PlaneKind.Cursor, _vgpu, mayEvict: false);
        _vgpu.Plane = FakeVgpu.Xrgb(1, 64, 64) with { X = 10, Y = 20, HotX = 3, HotY = 4 };
        Poll();
        _vgpu.Plane = _vgpu.Plane with { X = 11 };
        Poll();
        _vgpu.Plane = _vgpu.Plane with { X = 0x7fffffff };
        Poll();
        Assert.Equal([new PixelPoint(10, 20), new PixelPoint(11, 20)], _flips.Select(f => f.Position));
        Assert.Equal(new PixelPoint(3, 4), _flips[0].Hotspot);
        Assert.Equal([true, false], _flips.Select(f => f.Changed));
    }
}
