using System.Numerics;
using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;
using Guestplane.Tests.Gvt.Share;

namespace Guestplane.Tests.Compositor;

/// <summary>A fake vGPU with three planes, polled and served in this process, and the program that shows it on strict hosts.</summary>
public sealed class SharePlanesShowTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Two_viewers_get_cursor_and_overlay_as_dma_bufs_and_poll_when_they_draw()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var display = new SharedDisplay(new Head("0"), isPolled: true);
        var vgpu = new ThreePlanes(display.Head);
        display.Server.Poll = vgpu.Poll;
        var source = $"show qemu:socket={display.Path} --no-clipboard --frames 300";
        using (var first = ProgramRun.Start(host, source))
        using (var second = ProgramRun.Start(host, source))
        {
            Assert.True(host.WaitUntil(h => h.Surfaces.Count(one => IsPlane(one, 16)) == 2, s_patience), "no cursors");
            Assert.True(host.WaitUntil(h => h.Surfaces.Count(one => IsPlane(one, 32)) == 2, s_patience), "no overlays");
            foreach (var viewer in (ProgramRun[])[first, second])
            {
                Assert.Equal(0, viewer.Wait().ExitCode);
                Assert.Equal(4, viewer.Report.GetProperty("dmaBufs").GetInt32());
                Assert.Equal(0, viewer.Report.GetProperty("managedBytesPerFlip").GetDouble());
                Assert.Equal(0, viewer.Number("copiedBytes"));
                Assert.Equal("dmabuf", viewer.Head.GetProperty("transport").GetString());
            }
        }
        Assert.Empty(host.Violations);
        // Nobody but the viewers polls here, so each flip was found by a poll of theirs.
        Assert.InRange(display.Ask(() => vgpu.Polls), 120, int.MaxValue);
        Assert.Equal([1u, 2u, 3u, 4u], display.Ask(() => vgpu.Gets.Order().ToArray()));
        Assert.DoesNotContain(display.Said, line => !line.Contains("has not answered for a second", StringComparison.Ordinal));
        display.Do(vgpu.Dispose);

        static bool IsPlane(HostSurfaceInfo surface, int width) =>
            surface is { IsSync: true, Buffer: { Kind: "dmabuf" } buffer } && buffer.Width == width;
    }

    /// <summary>The server learns by an error in which ways an image is not taken.</summary>
    [Fact]
    public void Memory_that_the_viewer_rejects_comes_as_a_copy()
    {
        using var host = new FakeHost(new HostSetup(Repository.Protocols));
        using var display = new SharedDisplay();
        display.Show(display.ShrinkableImage());
        using var viewer = ProgramRun.Start(host, $"show qemu:socket={display.Path} --no-clipboard");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer.Kind: not null }, s_patience), "nothing is shown");
        viewer.Terminate();
        Assert.Equal(0, viewer.Wait().ExitCode);
        Assert.Equal("shm", viewer.Head.GetProperty("transport").GetString());
        Assert.Contains("its memory is no dma-buf", viewer.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("is registered under id", viewer.Messages, StringComparison.Ordinal);
    }

    /// <summary>Another GPU may read other memory in its place, whoever sends it.</summary>
    [Fact]
    public void Memory_of_a_GPU_that_the_compositor_does_not_draw_with_is_not_sent_as_a_dma_buf()
    {
        var setup = new HostSetup(Repository.Protocols)
        {
            Tranches = [new HostTranche(GpuStandIn.Find().Device, HostTranche.Sampling, [new HostFormat("XR24")])],
        };
        using var host = new FakeHost(setup.With("zwp_linux_dmabuf_v1", 6));
        using var display = new SharedDisplay();
        display.Show(display.Image(1, gpu: GpuStandIn.NoGpu));
        using var viewer = ProgramRun.Start(host, $"show qemu:socket={display.Path} --no-clipboard");
        Assert.True(host.WaitUntil(h => ShowTests.Primary(h) is { Buffer.Kind: not null }, s_patience), "nothing is shown");
        viewer.Terminate();
        Assert.Equal(0, viewer.Wait().ExitCode);
        Assert.Equal("shm", viewer.Head.GetProperty("transport").GetString());
        Assert.Contains("only the GPU 0000:00:02.9 can read it", viewer.Head.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    /// <summary>
    /// Two framebuffers, a cursor that moves, and an overlay. The framebuffers follow each other by the number of ones in the
    /// number of the poll, not by turns: a viewer that shows what every second poll found must see both.
    /// </summary>
    private sealed class ThreePlanes : IVfioGfx, IDisposable
    {
        private readonly Head _head;
        private readonly VfioPlane[] _planes;

        public ThreePlanes(Head head)
        {
            _head = head;
            _planes = [.. Enum.GetValues<PlaneKind>().Select(kind => new VfioPlane(kind, this, mayEvict: false))];
        }

        public int Polls { get; private set; }

        public List<uint> Gets { get; } = [];

        public long Poll(long now)
        {
            Polls++;
            foreach (var plane in _planes)
                plane.Poll(_head, now, out _);
            return now;
        }

        public int Query(ref GfxPlaneInfo plane)
        {
            var (id, width, height, format) = (PlaneKind)plane.PlaneType switch
            {
                PlaneKind.Primary => (1 + (uint)BitOperations.PopCount((uint)Polls) % 2, 640u, 480u, Fourcc.Xrgb8888),
                PlaneKind.Cursor => (3u, 16u, 16u, Fourcc.Argb8888),
                _ => (4u, 32u, 24u, Fourcc.Xrgb8888),
            };
            plane.Id = id;
            (plane.Format, plane.Width, plane.Height, plane.Stride, plane.Size) =
                (format.Code, width, height, width * 4, width * 4 * height);
            (plane.X, plane.Y) = ((uint)Polls % 100, 50);
            return 0;
        }

        public int GetDmaBuf(uint id)
        {
            Gets.Add(id);
            using var memory = Memfd.Create("three planes", 640 * 480 * 4);
            var number = memory.Number;
            memory.GiveAway();
            return number;
        }

        public void Dispose()
        {
            foreach (var plane in _planes)
                plane.Dispose();
        }
    }
}
