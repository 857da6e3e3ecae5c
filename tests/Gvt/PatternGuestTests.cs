using Guestplane.Gvt;
using Guestplane.Gvt.Pattern;
using Guestplane.Linux;

namespace Guestplane.Tests.Gvt;

/// <summary>The test pattern as a guest: pushed, or polled as a vGPU.</summary>
public sealed class PatternGuestTests
{
    private const int Flips = 20;

    [Fact]
    public void A_pattern_raises_its_flips_itself()
    {
        using var loop = new Loop();
        using var guest = new PatternGuest("pattern", Options(isPolled: false));
        var flips = Watch(guest);
        guest.Start(loop);
        while (flips.Count < Flips)
            loop.Turn();
        Assert.False(guest.IsPolled);
    }

    /// <summary>Each flip is found once, and has the time of the poll, because a vGPU says no other.</summary>
    [Fact]
    public void A_polled_pattern_raises_its_newest_flip_when_it_is_polled()
    {
        using var loop = new Loop();
        using var guest = new PatternGuest("pattern", Options(isPolled: true));
        var flips = Watch(guest);
        guest.Start(loop);
        Assert.True(guest.IsPolled);
        for (var time = 1; flips.Count < Flips; time++)
        {
            loop.Turn();
            var before = flips.Count;
            guest.Poll(time);
            guest.Poll(time);
            Assert.InRange(flips.Count, before, before + 1);
            Assert.Equal(time, flips.Count == before ? time : flips[^1].Time);
        }
    }

    private static List<Flip> Watch(PatternGuest guest)
    {
        var flips = new List<Flip>();
        guest.Heads[0].Flipped += flip =>
        {
            if (flip.Plane == PlaneKind.Primary)
                flips.Add(flip);
        };
        return flips;
    }

    private static PatternOptions Options(bool isPolled) =>
        new() { Width = 64, Height = 64, Rate = 1000, Memory = PatternMemory.Memfd, IsPolled = isPolled };
}
