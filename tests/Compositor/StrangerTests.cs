using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Tests.Fakes;

namespace Guestplane.Tests.Compositor;

/// <summary>Plane descriptions of strangers, at the door and beyond it: what is let in must never cost the connection.</summary>
public sealed class StrangerTests
{
    private const int Descriptions = 120_000;
    private const int Seed = 20171107;

    private static readonly Fourcc[] s_formats =
        [.. new[] { "XR24", "AR24", "XB24", "RG16", "NV12", "XR30", "YU12", "P010", "RG24", "C8  ", "ZZZZ" }.Select(Fourcc.Of), new Fourcc(0)];
    private static readonly ulong[] s_modifiers = [0, 0, 0, 0, Modifier.Invalid.Value, 0x0100_0000_0000_0001, ulong.MaxValue];
    private static readonly uint[] s_edges = [0, 1, 2, 63, 64, 255, 256, 640, 1024, 4096, 16384, 16385, 65536, 0x7fffffff, 0x80000000, uint.MaxValue];
    private static readonly long[] s_sizes = [1, 4096, 4097, 640 * 480 * 4, 1024 * 768 * 4, 1 << 24];

    [Fact]
    public void A_strict_compositor_accepts_every_plane_that_passes_the_checks()
    {
        using var server = new FakeHost(new HostSetup(Repository.Protocols));
        using var loop = new Loop();
        using var host = Host.Connect(loop, server.SocketPath);
        var memory = s_sizes.Select(size => Memfd.Create("stranger", size)).ToArray();
        var random = new Random(Seed);
        var accepted = 0;
        for (var i = 0; i < Descriptions; i++)
        {
            var size = random.Next(s_sizes.Length);
            if (TryImport(host, memory[size], Describe(random, s_sizes[size])))
                accepted++;
            if (i % 50 == 0)
                host.RoundTrip(loop);
        }
        host.RoundTrip(loop);
        Assert.Empty(server.Violations);
        Assert.InRange(accepted, Descriptions / 100, Descriptions);
        Assert.True(server.Imports > 0 && server.ShmPoolsCreated > 0);
        Array.ForEach(memory, fd => fd.Dispose());
    }

    /// <summary>Half of them nearly right, so that the door's every edge is met from both sides.</summary>
    private static PlaneLayout Describe(Random random, long bytes)
    {
        var format = s_formats[random.Next(s_formats.Length)];
        var (width, height) = random.Next(2) == 0 ? (Any(random), Any(random)) : ((uint)random.Next(1, 2000), (uint)random.Next(1, 2000));
        var known = PixelFormat.Find(format);
        var planes = new List<MemoryPlane>();
        var count = random.Next(8) == 0 ? random.Next(5) : known?.PlaneCount ?? 1;
        uint offset = 0;
        for (var p = 0; p < count; p++)
        {
            var row = known is not null && p < known.PlaneCount ? known.RowBytes(p, (int)Math.Min(width, 100_000)) : width;
            var stride = random.Next(4) == 0 ? Any(random) : (uint)(row + random.Next(-1, 3));
            planes.Add(new(random.Next(4) == 0 ? Any(random) : offset, stride, bytes));
            offset += (uint)(stride * Math.Min(height, 4096));
        }
        return new(width, height, format, new(s_modifiers[random.Next(s_modifiers.Length)]), planes);
    }

    private static uint Any(Random random) => s_edges[random.Next(s_edges.Length)] + (uint)random.Next(-1, 2);

    private static bool TryImport(Host host, Fd memory, PlaneLayout layout)
    {
        var fd = memory.Borrow().Duplicate();
        if (Scanout.Create([fd], layout, out _) is not { } scanout)
        {
            fd.Dispose();
            return false;
        }
        foreach (var forced in new Transport?[] { null, Transport.Shm })
            new BufferPool(scanout, new PlaneTransports(host, forced, opaque: true), new Nobody()).Dispose();
        scanout.Dispose();
        return true;
    }

    private sealed class Nobody : IBufferPoolOwner
    {
        public void OnPoolChanged(Scanout scanout) { }

        public void OnBufferReleased(uint buffer) { }

        public void OnRetired(Scanout scanout) { }
    }
}
