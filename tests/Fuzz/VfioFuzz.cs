using Guestplane.Gvt;
using Guestplane.Gvt.Vfio;
using Guestplane.Linux;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Fuzz;

/// <summary>A driver that answers anything to the two plane ioctls: nothing escapes, and nothing leaks.</summary>
[Collection(Descriptors.Name)]
public sealed class VfioFuzz
{
    private const int MostHeld = 300;

    [Fact]
    public void No_answer_of_a_driver_costs_more_than_a_frame() => FuzzRun.Repeat("VFIO", random =>
    {
        var live = Fd.Live;
        var kind = random.Of(Enum.GetValues<PlaneKind>());
        var (plane, head, now) = (new VfioPlane(kind, new Driver(random), mayEvict: random.Next(2) == 0), new Head("0"), 1L);
        head.Flipped += flip =>
        {
            Assert.InRange(flip.DamagedSource.Width, 0, PlaneLayout.MaxSide);
            Assert.False(flip.Scanout is { IsRetired: true });
        };
        for (var i = 0; i < 500; i++)
        {
            now += random.Next(1, 2_000_000_000);
            plane.Poll(head, now, out _);
            Assert.InRange(Fd.Live - live, 0, MostHeld);
        }
        plane.Dispose();
        Assert.Equal(live, Fd.Live);
    });

    private sealed class Driver(Random random) : IVfioGfx
    {
        private static readonly int[] s_errors = [Errno.Invalid, Errno.NoEntry, Errno.NoMemory, Errno.Again, Errno.NotTty, Errno.BadFd, 5, 14, 16, 95];
        private static readonly uint[] s_formats = [Fourcc.Xrgb8888.Code, Fourcc.Argb8888.Code, 0x3231564e, 0];

        public int Query(ref GfxPlaneInfo plane)
        {
            if (random.Next(10) == 0)
                return -random.Of(s_errors);
            var (width, height) = (Maybe((uint)random.Next(1, 80)), Maybe((uint)random.Next(1, 80)));
            plane = plane with
            {
                Format = random.Next(10) == 0 ? random.Edge() : random.Of(s_formats),
                Modifier = random.Next(4) == 0 ? random.Edge() : 0,
                Width = width,
                Height = height,
                Stride = Maybe(width * 4),
                Size = Maybe(width * 4 * height),
                X = random.Edge(),
                Y = random.Edge(),
                HotX = random.Edge(),
                HotY = random.Edge(),
                Id = (uint)random.Next(random.Next(2) == 0 ? 4 : 1000),
            };
            return random.Next(20) == 0 ? 1 : 0;
        }

        public int GetDmaBuf(uint id)
        {
            if (random.Next(10) == 0)
                return -random.Of(s_errors);
            using var fd = random.Next(8) == 0 ? Fd.Open("/dev/null") : Memfd.Create("vgpu", random.Next(1 << 16));
            var number = fd.Number;
            // The caller owns what it gets.
            fd.GiveAway();
            return number;
        }

        private uint Maybe(uint value) => random.Next(8) == 0 ? random.Edge() : value;
    }
}
