using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Compositor;

/// <summary>The cursor plane as the compositor's pointer image.</summary>
public sealed class PointerCursorTests
{
    private const int Side = 64;

    /// <summary>The image is 64x64, its crop 32x24 at 8,16. A host that cannot crop shows all of it.</summary>
    [Theory]
    [InlineData(true, false, 20, 30, 12, 14)]
    [InlineData(true, true, 20, 30, 12, 6)]
    [InlineData(true, false, 0, 0, -8, -16)]
    [InlineData(false, false, 20, 30, 20, 30)]
    public void The_crop_of_a_larger_buffer_is_the_whole_image(bool canCrop, bool isBottomUp, int hotX, int hotY, int x, int y)
    {
        var setup = new HostSetup(Repository.Protocols) { ManualVblank = true };
        using var server = new FakeHost(canCrop ? setup : setup.Without("wp_viewporter"));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        using var seats = new Seats(host, loop);
        using var root = host.Globals.Compositor.CreateSurface();
        using var input = new WindowInput(root, null);
        var head = new Head("test");
        var screen = new ScreenSetup(loop, seats, head, new ShowOptions { Source = "test", Transport = Transport.Shm }) { Title = "test" };
        using var cursor = new PointerCursor(screen, input, () => true);
        head.Flipped += cursor.Flip;
        var layout = new PlaneLayout(Side, Side, Fourcc.Argb8888, Modifier.Linear, [new(0, Side * 4, 0)]);
        using var image = Scanout.Create([Memfd.Create("cursor", Side * Side * 4)], layout, out _, MemoryKind.Shared)!;
        head.Raise(new Flip(PlaneKind.Cursor, image, default, new(hotX, hotY), Changed: true, Clock.Now)
        {
            Crop = new(8, 16, 32, 24),
            IsBottomUp = isBottomUp,
        });
        host.RoundTrip(loop);
        Assert.Equal((x, y), (input.State.Image.HotspotX, input.State.Image.HotspotY));
        var shown = server.Surface(cursor.Plane.Surface.ProxyId)!;
        Assert.Equal(canCrop ? (32, 24) : ((int, int)?)null, shown.ViewportDestination);
        Assert.Empty(server.Violations);
    }
}
