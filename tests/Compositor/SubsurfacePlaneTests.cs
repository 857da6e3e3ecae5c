using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>Cursor and overlay on a strict host: what of them lies outside the window is not drawn.</summary>
public sealed class SubsurfacePlaneTests : IDisposable
{
    private const int Side = 64;

    private readonly FakeHost _server = new(new HostSetup(Repository.Protocols) { ManualVblank = true });
    private readonly Loop _loop = new();
    private readonly Host _host;
    private readonly WlSurface _root;
    private readonly Seats _seats;
    private readonly Head _head = new("test");
    private readonly ScreenSetup _setup;
    private readonly SubsurfacePlane _plane;
    private readonly Scanout _image;
    private bool _maySend = true;

    public SubsurfacePlaneTests()
    {
        _host = Host.Connect(_loop, _server.SocketPath);
        _root = _host.Globals.Compositor.CreateSurface();
        _seats = new Seats(_host, _loop);
        var options = new ShowOptions { Source = "test", Transport = Transport.Shm };
        _setup = new ScreenSetup(_loop, _seats, _head, options) { Title = "test" };
        _plane = new SubsurfacePlane(_setup, _root, PlaneKind.Cursor, () => _maySend);
        _head.Flipped += _plane.Flip;
        var layout = new PlaneLayout(Side, Side, Fourcc.Argb8888, Modifier.Linear, [new(0, Side * 4, 0)]);
        _image = Scanout.Create([Memfd.Create("cursor", Side * Side * 4)], layout, out _, MemoryKind.Shared)!;
        _plane.Place(Placement.Of((320, 240), (320, 240), ScaleMode.Unscaled));
    }

    private IReadOnlyList<uint> Stack() => _server.Surface(_root.ProxyId)!.Stack;

    private HostSurfaceInfo Surface => _server.Surface(_plane.Plane.Surface.ProxyId)!;

    [Theory]
    [InlineData(330, 100)]
    [InlineData(-64, -64)]
    [InlineData(0, 240)]
    [InlineData(PixelPoint.Farthest, PixelPoint.Farthest)]
    [InlineData(-PixelPoint.Farthest, -PixelPoint.Farthest)]
    public void A_plane_outside_the_window_has_no_image_and_gets_it_back_inside(int x, int y)
    {
        Move(10, 20, isNew: true);
        Assert.Equal((true, (10, 20)), (Surface.Buffer is not null, Surface.Position));
        Move(x, y, isNew: false);
        Assert.Null(Surface.Buffer);
        var commits = Surface.Commits;
        Move(x + Math.Sign(x), y + Math.Sign(y), isNew: false);
        Assert.Equal((null, commits), (Surface.Buffer, Surface.Commits));
        Move(30, 40, isNew: false);
        Assert.Equal((true, (30, 40)), (Surface.Buffer is not null, Surface.Position));
        Assert.Null(Surface.ViewportSource);
    }

    /// <summary>Beside the image of a guest that is smaller than its window.</summary>
    [Theory]
    [InlineData(330, 100)]
    [InlineData(-64, -64)]
    public void A_plane_in_the_letterbox_has_no_image(int x, int y)
    {
        Place(Placement.Of((640, 480), (320, 240), ScaleMode.Unscaled));
        Move(300, 100, isNew: true);
        Assert.Equal(((460, 220), (20, Side)), (Surface.Position, Surface.ViewportDestination));
        Move(x, y, isNew: false);
        Assert.Null(Surface.Buffer);
    }

    [Fact]
    public void One_that_begins_outside_is_not_attached_before_it_comes_in()
    {
        Move(330, 100, isNew: true);
        Assert.Equal((null, 0), (Surface.Buffer, _plane.Plane.Stats.BuffersMade));
        Move(310, 100, isNew: false);
        Assert.Equal((true, (310, 100), (10, Side)), (Surface.Buffer is not null, Surface.Position, Surface.ViewportDestination));
    }

    [Fact]
    public void A_larger_window_brings_it_back_and_a_smaller_one_takes_it_away()
    {
        Move(330, 100, isNew: true);
        Place(Placement.Of((640, 240), (640, 240), ScaleMode.Unscaled));
        Assert.Equal((true, (330, 100)), (Surface.Buffer is not null, Surface.Position));
        Place(Placement.Of((320, 240), (320, 240), ScaleMode.Unscaled));
        Assert.Null(Surface.Buffer);
    }

    [Fact]
    public void What_is_switched_off_outside_stays_off()
    {
        Move(330, 100, isNew: true);
        _head.Raise(new Flip(PlaneKind.Cursor, null, new(330, 100), default, Changed: true, 0));
        Place(Placement.Of((640, 240), (640, 240), ScaleMode.Unscaled));
        Assert.Null(Surface.Buffer);
    }

    [Fact]
    public void An_image_that_is_gone_does_not_come_back()
    {
        Move(330, 100, isNew: true);
        _image.Dispose();
        Place(Placement.Of((640, 240), (640, 240), ScaleMode.Unscaled));
        Assert.Null(Surface.Buffer);
    }

    /// <summary>The VM of the image has gone, and the surface still has it.</summary>
    [Theory]
    [InlineData("off")]
    [InlineData("hidden")]
    [InlineData("outside")]
    public void An_image_that_is_gone_is_taken_off_like_any_other(string how)
    {
        Move(10, 20, isNew: true);
        _image.Dispose();
        if (how == "off")
            _head.Raise(new Flip(PlaneKind.Cursor, null, new(10, 20), default, Changed: false, 0));
        else if (how == "hidden")
            _plane.Hide();
        else
            Move(330, 100, isNew: false);
        _host.RoundTrip(_loop);
        Assert.Equal((null, false), (Surface.Buffer, _plane.IsInWindow));
    }

    [Fact]
    public void The_crop_of_a_larger_buffer_is_the_whole_plane()
    {
        var flip = new Flip(PlaneKind.Cursor, _image, new(10, 20), default, Changed: true, Clock.Now) { Crop = new(8, 16, 32, 24) };
        _head.Raise(flip);
        _host.RoundTrip(_loop);
        Assert.Equal(((10, 20), (32, 24)), (Surface.Position, Surface.ViewportDestination));
    }

    [Fact]
    public void A_hidden_window_that_is_seen_again_has_the_newest_place_inside_or_outside()
    {
        Move(10, 20, isNew: true);
        _maySend = false;
        Move(330, 100, isNew: false);
        Assert.Equal((10, 20), Surface.Position);
        _maySend = true;
        _plane.CatchUp();
        _host.RoundTrip(_loop);
        Assert.Null(Surface.Buffer);
    }

    [Fact]
    public void Moves_that_were_not_sent_commit_no_image_when_they_are()
    {
        Move(10, 20, isNew: true);
        var before = _plane.Plane.Stats.BuffersMade;
        _maySend = false;
        Move(30, 40, isNew: false);
        Move(50, 60, isNew: false);
        _maySend = true;
        _plane.CatchUp();
        _host.RoundTrip(_loop);
        Assert.Equal(((50, 60), before, 1L), (Surface.Position, _plane.Plane.Stats.BuffersMade, _plane.Plane.Stats.Committed));
    }

    [Fact]
    public void An_image_that_was_not_sent_is_committed_although_a_move_followed_it()
    {
        Move(10, 20, isNew: true);
        _maySend = false;
        Move(30, 40, isNew: true);
        Move(50, 60, isNew: false);
        _maySend = true;
        _plane.CatchUp();
        _host.RoundTrip(_loop);
        Assert.Equal(((50, 60), 2L), (Surface.Position, _plane.Plane.Stats.Committed));
    }

    /// <summary>Hyprland counts subsurfaces before it scans out, and lays out one without an image.</summary>
    [Fact]
    public void It_has_a_subsurface_only_while_it_has_an_image()
    {
        _host.RoundTrip(_loop);
        Assert.Null(Surface.Role);
        Move(10, 20, isNew: true);
        Assert.Equal((10, 20), Surface.Position);
        Assert.Equal([_root.ProxyId, Surface.Id], Stack());
        _head.Raise(new Flip(PlaneKind.Cursor, null, new(10, 20), default, Changed: true, 0));
        _host.RoundTrip(_loop);
        Assert.Equal([_root.ProxyId], Stack());
        Move(10, 20, isNew: true);
        Assert.Equal((10, 20), Surface.Position);
        Assert.Equal([_root.ProxyId, Surface.Id], Stack());
    }

    [Fact]
    public void An_overlay_that_comes_last_lies_above_the_primary_plane_and_below_the_cursor()
    {
        using var surface = _host.Globals.Compositor.CreateSurface();
        using var primary = new Layer(_host.Globals, surface, _root, sync: false);
        using var overlay = new SubsurfacePlane(_setup, _root, PlaneKind.Overlay, () => true) { Above = () => surface };
        _head.Flipped += overlay.Flip;
        overlay.Place(Placement.Of((320, 240), (320, 240), ScaleMode.Unscaled));
        Move(10, 20, isNew: true);
        _head.Raise(new Flip(PlaneKind.Overlay, _image, new(30, 40), default, Changed: true, Clock.Now));
        _host.RoundTrip(_loop);
        Assert.Equal([_root.ProxyId, surface.ProxyId, overlay.Plane.Surface.ProxyId, _plane.Plane.Surface.ProxyId], Stack());
    }

    public void Dispose()
    {
        Assert.Empty(_server.Violations);
        _plane.Dispose();
        _seats.Dispose();
        _image.Dispose();
        _host.Dispose();
        _loop.Dispose();
        _server.Dispose();
    }

    private void Move(int x, int y, bool isNew)
    {
        _head.Raise(new Flip(PlaneKind.Cursor, _image, new(x, y), default, isNew, Clock.Now));
        _host.RoundTrip(_loop);
    }

    private void Place(Placement placement)
    {
        _plane.Place(placement);
        _root.Commit();
        _host.RoundTrip(_loop);
    }
}
