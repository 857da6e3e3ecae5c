using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Tests.Compositor;

public sealed class PacerTests
{
    private const long Millisecond = 1_000_000, Second = 1000 * Millisecond;
    private const long Refresh = 16_666_667;

    private static Pacer New(Vblanks vblanks, bool hidden = false, Latency latency = Latency.Low) => new(now => now, vblanks, latency, _ => hidden);

    private static Vblanks At(long time)
    {
        var vblanks = new Vblanks(0);
        vblanks.Seen(time, Refresh);
        return vblanks;
    }

    [Fact]
    public void It_asks_once_per_refresh_the_margin_before_the_vblank()
    {
        var pacer = New(At(Second));
        var moment = Second;
        for (var n = 1; n <= 1000; n++)
        {
            moment = pacer.Next(moment);
            Assert.InRange((Second + (n + 1) * Refresh - moment) % Refresh, pacer.Margin - 1, pacer.Margin + 1);
        }
        Assert.InRange(moment - Second, 999 * Refresh, 1001 * Refresh);
    }

    [Fact]
    public void A_vblank_a_hair_later_than_predicted_is_not_asked_for_twice()
    {
        var vblanks = At(Second);
        var pacer = New(vblanks);
        var asked = pacer.Next(Second);
        vblanks.Seen(Second + Millisecond / 10, Refresh);
        Assert.InRange(pacer.Next(asked) - asked, Refresh - Millisecond, Refresh + Millisecond);
    }

    [Fact]
    public void A_refresh_that_no_display_has_is_not_believed()
    {
        var vblanks = new Vblanks(0);
        vblanks.Seen(Second, 1);
        Assert.InRange(vblanks.Refresh, 16 * Millisecond, 17 * Millisecond);
    }

    [Fact]
    public void Without_presentation_the_outputs_mode_says_how_often()
    {
        var pacer = New(new Vblanks(120_000));
        var first = pacer.Next(0);
        Assert.InRange(pacer.Next(first) - first, 8_333_000, 8_334_000);
    }

    [Fact]
    public void A_hidden_window_asks_ten_times_a_second() => Assert.Equal(100 * Millisecond, New(At(0), hidden: true).Next(0));

    [Fact]
    public void Smooth_leaves_more_room()
    {
        var (low, smooth) = (New(At(0)), New(At(0), latency: Latency.Smooth));
        Assert.Equal(low.Margin + Refresh / 4, smooth.Margin);
    }

    /// <summary>On a busy machine some polls take several times as long as most, and come again.</summary>
    [Fact]
    public void A_poll_that_took_long_is_expected_again_for_ten_seconds()
    {
        var pacer = New(At(0));
        var quick = pacer.Margin;
        pacer.Took(0, 4 * Millisecond);
        for (var n = 0; n < 600; n++)
            pacer.Took(0, 0);
        Assert.InRange(pacer.Margin - quick, 2 * Millisecond, 3 * Millisecond);
    }

    /// <summary>Every fourth poll finds nothing: flips lie close to the polls, or the guest has another rate.</summary>
    [Fact]
    public void A_guest_that_may_flip_just_when_it_is_polled_is_polled_earlier_for_a_while()
    {
        using var loop = new Loop();
        var pacer = New(At(0));
        var (asked, late) = (0, pacer.Margin);
        pacer = new(Poll, At(0), Latency.Low, _ => false);
        pacer.Start(loop);
        loop.Run();
        Assert.InRange(asked, 5, 100);
        Assert.True(pacer.Margin >= late + Refresh / 2, $"{pacer.Margin} ns");
        // One that is polled again later begins late, and not with the vblank that it was polled for early.
        var early = pacer.Next(Clock.Now + Second);
        pacer.Start(loop);
        Assert.InRange(pacer.Next(early) - early, 3 * Refresh / 2 - 1, 3 * Refresh / 2 + 1);

        long Poll(long now)
        {
            if (++asked % 4 != 0)
                pacer.Flipped(default);
            if (pacer.IsEarly || asked > 100)
                loop.Stop();
            return now;
        }
    }

    /// <summary>
    /// The flip that a poll has just missed would be shown a refresh later, or the one after it in its place. This display refreshes
    /// twenty times a second, so that there is time for more polls on a busy machine, too.
    /// </summary>
    /// <param name="empty">The polls of refreshes that find nothing, of 23.</param>
    /// <param name="foundBy">The poll after it that finds the flip: 0 if it comes by itself.</param>
    /// <param name="more">Polls in the same refreshes.</param>
    [Theory]
    [InlineData(new[] { 10, 11 }, 1, 2)]
    [InlineData(new[] { 10 }, 2, 2)]
    [InlineData(new[] { 10, 11 }, 9, 4)]
    [InlineData(new[] { 20, 21, 22 }, 9, 8)]
    [InlineData(new[] { 10 }, 0, 0)]
    [InlineData(new[] { 3, 6, 9, 12, 15, 18, 21 }, 1, 0)]
    [InlineData(new[] { 6, 12, 18 }, 1, 0)]
    public void A_guest_that_flips_in_each_refresh_is_polled_again_when_a_poll_finds_nothing(int[] empty, int foundBy, int more)
    {
        using var loop = new Loop();
        Pacer pacer = null!;
        var (polls, expecting, inTurn) = (0, 0, 0);
        pacer = new(Poll, new Vblanks(20_000), Latency.Low, _ => false);
        pacer.Start(loop);
        loop.Run();
        Assert.Equal((more, PacerState.Latching), (expecting, pacer.State));

        long Poll(long now)
        {
            if (pacer.State == PacerState.Expecting)
                (expecting, inTurn) = (expecting + 1, inTurn + 1);
            else
                (polls, inTurn) = (polls + 1, 0);
            if (inTurn > 0 ? inTurn == foundBy : !empty.Contains(polls))
                pacer.Flipped(default);
            else if (foundBy == 0)
                loop.Post(() => pacer.Flipped(default));
            if (polls == 23)
                loop.Stop();
            return now;
        }
    }

    /// <summary>The room of the margin is for the first of these polls. A flip that a later one finds is late for its vblank.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void A_flip_that_only_later_polls_find_is_a_reason_to_poll_earlier(int foundBy, bool isEarly)
    {
        using var loop = new Loop();
        Pacer pacer = null!;
        var (polls, inTurn) = (0, 0);
        pacer = new(Poll, new Vblanks(20_000), Latency.Low, _ => false);
        pacer.Start(loop);
        loop.Run();
        Assert.Equal(isEarly, pacer.IsEarly);

        long Poll(long now)
        {
            if (pacer.State == PacerState.Expecting)
                inTurn++;
            else
                (polls, inTurn) = (polls + 1, 0);
            if (inTurn > 0 ? inTurn == foundBy : polls % 8 != 0 || polls < 16)
                pacer.Flipped(default);
            if (pacer.IsEarly || polls == 64)
                loop.Stop();
            return now;
        }
    }

    [Fact]
    public void One_more_poll_that_comes_when_the_next_one_is_due_is_the_next_one()
    {
        using var loop = new Loop();
        Pacer pacer = null!;
        var polls = 0;
        pacer = new(Poll, At(0), Latency.Low, _ => false);
        pacer.Start(loop);
        loop.Run();
        Assert.Equal(PacerState.Latching, pacer.State);

        long Poll(long now)
        {
            Assert.NotEqual(PacerState.BackingOff, pacer.State);
            switch (++polls)
            {
                case 10:
                    loop.Post(() => SpinWait.SpinUntil(() => Clock.Now - now > 3 * Refresh));
                    break;
                case 12:
                    loop.Stop();
                    break;
                default:
                    pacer.Flipped(default);
                    break;
            }
            return now;
        }
    }

    /// <summary>weston's 7 ms, wlroots' whole refresh, and one that takes what comes a millisecond before the vblank.</summary>
    [Theory]
    [InlineData(7 * Millisecond)]
    [InlineData(Refresh)]
    [InlineData(Millisecond)]
    public void A_day_of_pacing_finds_the_compositors_latch_and_keeps_to_its_clock(long latch)
    {
        var host = new Day { Latch = latch, TrueRefresh = Refresh + 83 };
        host.Run(24 * 3600);
        var expected = host.Seconds * Second / host.TrueRefresh;
        // It tries for less every ten minutes, which may cost a refresh or two.
        Assert.InRange(host.Asked, expected - 300, expected + 20);
        Assert.InRange(host.LongestPause, 0, 2 * Refresh + 4 * Millisecond);
        Assert.InRange(host.Late, 0, host.Asked / 1000);
        // Room, and what the machine makes late at times, come on top.
        Assert.InRange(host.Pacer.Margin, latch, latch + 4 * Millisecond);
    }

    [Fact]
    public void A_compositor_whose_latch_changes_is_found_again()
    {
        var host = new Day { Latch = 2 * Millisecond, TrueRefresh = Refresh };
        host.Run(600);
        Assert.InRange(host.Pacer.Margin, 2 * Millisecond, 5 * Millisecond);
        (host.Latch, host.Late) = (11 * Millisecond, 0);
        host.Run(60);
        Assert.InRange(host.Pacer.Margin, 11 * Millisecond, 15 * Millisecond);
        // Two at each of a few steps.
        Assert.InRange(host.Late, 2, 12);
    }

    /// <summary>A late image of wlroots makes the next one late, too. The way out is a refresh without one, not an earlier poll.</summary>
    [Fact]
    public void A_compositor_that_is_one_image_behind_gets_time_to_catch_up()
    {
        var host = new Day { Latch = 2 * Millisecond, TrueRefresh = Refresh + 83, TakesWhenShown = true };
        host.Run(24 * 3600);
        Assert.InRange(host.Late, 0, host.Asked / 1000);
        Assert.InRange(host.Pacer.Margin, 2 * Millisecond, 5 * Millisecond);
    }

    /// <summary>
    /// A compositor that composites discards an image that is late if the next one is in time: it was late all the same, but not if
    /// others were in time that were committed as late. Then the compositor has left out a vblank.
    /// </summary>
    [Theory]
    [InlineData(9, true)]
    [InlineData(12, false)]
    public void An_image_that_the_next_one_has_replaced_was_late_if_it_was_committed_later_than_others(int before, bool moves)
    {
        var latch = new Latch(creepsDown: false);
        var estimate = latch.Estimate;
        for (var n = 1; n <= 400; n++)
        {
            var now = Second + n * Refresh;
            if (n % 100 == 0)
                latch.Discarded(now - Refresh - before * Millisecond);
            latch.Learn(12 * Millisecond, Refresh, now);
            Assert.False(latch.IsGapDue);
        }
        Assert.Equal(moves, latch.Estimate > estimate);
    }

    [Fact]
    public void A_discarded_image_counts_when_the_next_one_is_presented()
    {
        var pacer = New(At(0));
        var before = pacer.Margin;
        for (var n = 1; n <= 2; n++)
        {
            var presented = Second + 2 * n * Refresh;
            pacer.Answered(Frame(presented - Refresh - 9 * Millisecond, 0));
            pacer.Answered(Frame(presented - 12 * Millisecond, presented));
        }
        Assert.InRange(pacer.Margin - before, Millisecond, 3 * Millisecond);

        static Frame Frame(long committed, long presented) => new(committed, committed, presented, Refresh, 0, default);
    }

    /// <summary>99 of 100 flips are to be shown, and other things make some late, too.</summary>
    [Theory]
    [InlineData(300, false)]
    [InlineData(200, true)]
    public void A_single_late_frame_moves_nothing_and_one_in_two_hundred_does_in_time(int period, bool moves)
    {
        var latch = new Latch(creepsDown: false);
        var before = latch.Estimate;
        for (var n = 0; n < 4000; n++)
            latch.Learn(n % period == 100 ? Refresh + 12 * Millisecond : 12 * Millisecond, Refresh, n * Refresh);
        Assert.Equal(moves, latch.Estimate > before);
    }

    /// <summary>
    /// Leaving out a refresh helps a compositor that is one image behind, and no other: twice in a second is enough. An image that was
    /// late nearly a refresh before the vblank is a sign that the compositor takes images a whole refresh before.
    /// </summary>
    [Theory]
    [InlineData(9, 2, "10", true)]
    [InlineData(9, 1, "8", false)]
    [InlineData(15, 2, "18", false)]
    public void A_refresh_is_left_out_when_the_estimate_rises_unless_it_rises_to_a_whole_one(
        int before, int late, string estimate, bool isGapDue)
    {
        var latch = new Latch(creepsDown: true);
        for (var n = 0; n < late; n++)
            latch.Learn(Refresh + before * Millisecond, Refresh, Second + n * Refresh);
        Assert.Equal((estimate, isGapDue), ($"{latch.Estimate / 1e6:0}", latch.IsGapDue));
    }

    [Fact]
    public void Two_refreshes_within_a_second_are_left_out_at_most()
    {
        var latch = new Latch(creepsDown: true);
        var gaps = 0;
        for (var n = 0; n < 12; n++)
        {
            latch.IsGapDue = false;
            latch.Learn(Refresh + latch.Estimate, Refresh, Second + n * Refresh);
            gaps += latch.IsGapDue ? 1 : 0;
        }
        Assert.Equal(2, gaps);
    }

    /// <summary>A host by a clock of its own: what is committed its latch before a vblank is shown then, else at the next.</summary>
    private sealed class Day
    {
        private const long Start = Second;
        private readonly Random _random = new(7);
        private readonly Vblanks _vblanks = new(0);
        private long _now = Start, _planned = Start, _end = Start, _presented = Start;

        public Day() => Pacer = New(_vblanks);

        public required long TrueRefresh { get; init; }

        public required long Latch { get; set; }

        /// <summary>True for a host that takes an image when the one before is on screen.</summary>
        public bool TakesWhenShown { get; init; }

        public Pacer Pacer { get; }

        public long Asked { get; private set; }

        public long Late { get; set; }

        public long LongestPause { get; private set; }

        public long Seconds => (_end - Start) / Second;

        public void Run(long seconds)
        {
            for (_end += seconds * Second; _now < _end;)
            {
                // A timer is some 60 µs late, and once in a while a millisecond.
                var committed = _planned + 60_000 + (_random.Next(5000) == 0 ? Millisecond : _random.Next(50_000));
                var taken = TakesWhenShown ? Math.Max(committed, _presented) : committed;
                var presented = _presented = Start + (taken + Latch - Start + TrueRefresh - 1) / TrueRefresh * TrueRefresh;
                Pacer.Took(_planned, committed);
                if (presented - _planned > Math.Max(Pacer.Margin, Latch) + TrueRefresh / 2)
                    Late++;
                // The host rounds its refresh to mHz, as a mode has it, and tells of the vblank when it has been.
                _vblanks.Seen(presented, Refresh);
                Pacer.Answered(new Frame(committed, committed, presented, Refresh, 0, default));
                (var before, _planned) = (_planned, Pacer.Next(_planned));
                LongestPause = Math.Max(LongestPause, _planned - before);
                Asked++;
                _now = _planned;
            }
        }
    }
}
