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
        var time = 0;
        while (flips.Count < Flips)
        {
            loop.Turn();
            guest.Poll(++time);
            guest.Poll(++time);
        }
        // What it raised by itself would have the clock's time; of two polls at once the second finds nothing.
        Assert.All(flips, flip => Assert.InRange(flip.Time, 1, time));
        Assert.All(flips, flip => Assert.Equal(1, flip.Time % 2));
        Assert.Equal(flips.Count, flips.Select(flip => flip.Time).Distinct().Count());
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
