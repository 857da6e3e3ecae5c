using Guestplane.Compositor;
using Guestplane.Compositor.Probing;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>What scanout-test and probe believe of the kernel.</summary>
public sealed class WatchTests
{
    private const int Width = 320, Height = 240;

    /// <summary>The window of the case before is on the plane until the compositor shows this one.</summary>
    [Fact]
    public void The_kernels_word_counts_from_the_first_image_that_is_seen()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols) { ManualVblank = true });
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        using var seats = new Seats(host, loop);
        var folder = Directory.CreateTempSubdirectory("guestplane-dri-");
        var state = StateOfCard(folder);
        var head = new Head("test");
        var watch = new Watch(new ScreenSetup(loop, seats, head, new ShowOptions { Source = "test", Transport = Transport.Shm })
        {
            Title = "test",
        });
        host.Await(loop, () => watch.Screen.IsPlaced);
        using var image = Scanout.Create([Memfd.Create("image", Width * Height * 4)],
            new PlaneLayout(Width, Height, Fourcc.Xrgb8888, Modifier.Linear, [new(0, Width * 4, 0)]), out _, MemoryKind.Shared)!;
        head.Raise(new Flip(PlaneKind.Primary, image, default, default, Changed: true, Clock.Now));
        host.RoundTrip(loop);
        watch.ReadState(state, [watch]);
        Assert.Equal((0, 0), watch.Witness);
        server.Vblank();
        host.Await(loop, () => watch.IsSeen);
        watch.ReadState(state, [watch]);
        Assert.Equal((1, 1), watch.Witness);
        Assert.Equal(Verdict.Scanout, watch.Observe(HostFacts.Of(host)).Witness);
        // The compositor stands still: what it shows is an old image.
        server.Faults.NeverAnswer = true;
        for (var i = 0; i < 2; i++)
        {
            head.Raise(new Flip(PlaneKind.Primary, image, default, default, Changed: true, Clock.Now));
            host.RoundTrip(loop);
        }
        host.Await(loop, () => watch.Screen.Primary.Stats.Committed > 2);
        watch.ReadState(state, [watch]);
        Assert.Equal((1, 1), watch.Witness);
        Assert.False(watch.IsMeasured);
        Assert.Null(watch.Observe(HostFacts.Of(host)).Witness);
        server.Faults.NeverAnswer = false;
        server.Vblank();
        host.Await(loop, () => watch.Screen.Presentation.Pending == 0);
        watch.ReadState(state, [watch]);
        Assert.Equal((2, 2), watch.Witness);
        Assert.True(watch.IsMeasured);
        watch.Screen.Dispose();
        Assert.Empty(server.Violations);
        folder.Delete(recursive: true);
    }

    /// <summary>The second head is the first one again: two images of one size and format, and one plane.</summary>
    [Fact]
    public void The_colours_of_a_plane_count_if_it_is_known_whose_image_it_has()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        using var seats = new Seats(host, loop);
        var folder = Directory.CreateTempSubdirectory("guestplane-dri-");
        var state = StateOfCard(folder, "NV12");
        var head = new Head("test");
        var watch = new Watch(new ScreenSetup(loop, seats, head, new ShowOptions { Source = "test" }) { Title = "test" });
        host.Await(loop, () => watch.Screen.IsPlaced);
        using var image = Scanout.Create([Memfd.Create("image", Width * Height * 2)],
            new PlaneLayout(Width, Height, Fourcc.Nv12, Modifier.Linear, [new(0, Width, 0), new(Width * Height, Width, 0)]), out _)!;
        head.Raise(new Flip(PlaneKind.Primary, image, default, default, Changed: true, Clock.Now));
        host.Await(loop, () => watch.IsSeen);
        Assert.Equal(new ColorFacts(new(ColorMatrix.Bt601), IsTold: true, Display: null), Colours());
        watch.ReadState(state, [watch]);
        Assert.Equal(new ColorFacts(new(ColorMatrix.Bt601), IsTold: true, Display: new(ColorMatrix.Bt709)), Colours());
        watch.ReadState(state, [watch, watch]);
        Assert.Null(Colours()!.Display);
        watch.ReadState(StateOfCard(folder, "XR24"), [watch]);
        Assert.Null(Colours()!.Display);
        watch.Screen.Dispose();
        Assert.Empty(server.Violations);
        folder.Delete(recursive: true);

        ColorFacts? Colours() => watch.Observe(HostFacts.Of(host)).Color;
    }

    /// <summary>Two heads show images of one size, and the kernel does not say whose it has.</summary>
    [Theory]
    [InlineData(Width, 1, true)]
    [InlineData(Width, 2, null)]
    [InlineData(Width + 1, 1, false)]
    [InlineData(Width + 1, 2, false)]
    public void One_image_on_a_plane_says_nothing_of_two(int width, int images, bool? areOnPlanes)
    {
        var folder = Directory.CreateTempSubdirectory("guestplane-dri-");
        Assert.Equal(areOnPlanes, DrmState.AreAllShown(StateOfCard(folder).PlanesWith(width, Height)!.Count, images));
        folder.Delete(recursive: true);
    }

    /// <summary>As the kernel has it: the card by its name, and by the number of each of its nodes.</summary>
    private static DrmState StateOfCard(DirectoryInfo folder, string format = "XR24")
    {
        var card = folder.CreateSubdirectory("vkms");
        File.WriteAllText(Path.Combine(card.FullName, "state"),
            $"plane[33]: plane-0\n\tcrtc=crtc-0\n\tfb=51\n\t\tformat={format} little-endian\n\t\tsize={Width}x{Height}\n"
            + $"\t\tlayers:\n\t\t\tsize[0]={Width}x{Height}\n\t\t\tobj[0]:\n\t\t\t\timported=yes\n"
            + "\tcolor-encoding=ITU-R BT.709 YCbCr\n\tcolor-range=YCbCr limited range\n");
        foreach (var minor in new[] { "0", "128" }.Where(minor => !Directory.Exists(Path.Combine(folder.FullName, minor))))
            Directory.CreateSymbolicLink(Path.Combine(folder.FullName, minor), card.FullName);
        return DrmState.Open(folder.FullName)!;
    }
}
