using Guestplane.Compositor;
using Guestplane.Linux;

namespace Guestplane.Tests.Compositor;

/// <summary>A flip is left out when the compositor is an image behind, and hardly ever when it is not.</summary>
public sealed class BacklogTests
{
    private const long Refresh = 16_666_667, Second = 1_000_000_000;

    /// <summary>Flips of an hour at 60 Hz.</summary>
    private const int Hour = 60 * 3600;

    /// <summary>From a commit to the vblank that can show it, at least, in wlroots.</summary>
    private const long Latch = 1_000_000;

    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(13)]
    public void One_image_behind_is_caught_up_by_leaving_out_one_flip(int milliseconds)
    {
        var show = new Show { Phase = milliseconds * 1_000_000 };
        show.Run(60, lateAt: 10);
        Assert.Equal(1, show.LeftOut);
        // Those of the evidence, those on their way meanwhile, and no other.
        Assert.InRange(show.Behind, 4, 6);
        Assert.True(show.LastDelay < Refresh);
    }

    /// <summary>Without it: the test above would show nothing.</summary>
    [Fact]
    public void Otherwise_it_stays_behind()
    {
        var show = new Show { Phase = 10_000_000, Backlog = null };
        show.Run(60, lateAt: 10);
        Assert.InRange(show.Behind, 45, 50);
    }

    [Fact]
    public void An_hour_without_a_late_image_costs_no_flip()
    {
        var show = new Show { Phase = 5_000_000 };
        show.Run(Hour);
        Assert.Equal(0, show.LeftOut);
    }

    /// <summary>weston, 7 ms: the newest image of a refresh is shown, and none is ever behind.</summary>
    [Fact]
    public void A_long_latch_is_no_image_behind_and_costs_a_flip_ever_more_rarely()
    {
        var show = new Show { Phase = Refresh - 4_000_000, IsQueue = false, LatchNs = 7_000_000 };
        show.Run(60 * 60);
        Assert.InRange(show.LeftOut, 3, 5);
        show.Run(Hour);
        Assert.InRange(show.LeftOut, 10, 16);
    }

    /// <summary>
    /// The delay goes up or down by itself, which is no success. What is more than the display can show is lost anyway.
    /// </summary>
    [Theory]
    [InlineData(1.09)]
    [InlineData(1.03)]
    [InlineData(1.003)]
    [InlineData(0.998)]
    [InlineData(0.97)]
    [InlineData(0.9)]
    public void A_delay_that_drifts_costs_hardly_a_flip(double refreshes)
    {
        foreach (var isQueue in (bool[])[false, true])
        {
            var show = new Show
            {
                Phase = 10_000_000,
                IsQueue = isQueue,
                LatchNs = isQueue ? Latch : 7_000_000,
                Interval = (long)(refreshes * Refresh),
                JitterNs = 300_000,
            };
            show.Run(Hour);
            Assert.InRange(show.LeftOut, 0, Hour / 1000 + Hour * Math.Max(0, 1 - refreshes));
        }
    }

    [Fact]
    public void A_guest_that_waits_for_its_answers_is_never_held()
    {
        var show = new Show { Phase = 10_000_000, MayWait = false };
        show.Run(600, lateAt: 10);
        Assert.Equal(0, show.LeftOut);
    }

    /// <summary>What was left out once is left out again, and the attempts do not become rarer.</summary>
    [Fact]
    public void Each_late_image_is_caught_up()
    {
        var show = new Show { Phase = 10_000_000, JitterNs = 1_000_000 };
        for (var n = 1; n <= 20; n++)
        {
            show.Run(600, lateAt: 600 * n - 300);
            Assert.Equal(n, show.LeftOut);
        }
    }

    /// <summary>Its images are always on their way, or never.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(1.5)]
    [InlineData(2.1)]
    public void A_guest_of_another_rate_loses_nothing(double refreshes)
    {
        var show = new Show { Phase = 10_000_000, Interval = (long)(refreshes * Refresh) };
        show.Run(600, lateAt: 10);
        Assert.Equal(0, show.LeftOut);
    }

    [Fact]
    public void A_last_flip_that_would_be_left_out_is_committed_a_little_later()
    {
        var show = new Show { Phase = 10_000_000 };
        while (show.Backlog!.State != BacklogState.Holding)
            show.Run(1, lateAt: 10);
        var until = show.Backlog.HeldUntil;
        Assert.InRange(until - show.Now, Refresh, 2 * Refresh);
        Assert.False(show.Backlog.Expire(until - 1));
        Assert.Equal(BacklogState.Holding, show.Backlog.State);
        Assert.True(show.Backlog.Expire(until));
        Assert.False(show.Backlog.Expire(until + Second));
        Assert.Equal((BacklogState.Watching, LoopSource.Never), (show.Backlog.State, show.Backlog.HeldUntil));
    }

    [Fact]
    public void A_guest_that_stands_still_when_a_flip_is_due_is_shown_at_once_afterwards()
    {
        var backlog = new Backlog();
        var now = Second;
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(BacklogState.Watching, backlog.State);
            now += Refresh;
            backlog.Flipped(now, Refresh, mayWait: true);
            backlog.Answered(new Frame(now, now, now + Refresh + 6_000_000, Refresh, 0, 0), Refresh);
        }
        Assert.Equal(BacklogState.Due, backlog.State);
        backlog.Flipped(now + Second, Refresh, mayWait: true);
        Assert.Equal(BacklogState.Watching, backlog.State);
    }

    /// <summary>A guest that flips regularly, and a compositor that shows its images.</summary>
    private sealed class Show
    {
        private readonly Queue<long> _pending = [];
        private readonly Random _random = new(1);
        private long _vblank = Second, _flips, _shown;

        public long Phase { get; init; }

        public long Interval { get; init; } = Refresh;

        public long LatchNs { get; init; } = Latch;

        /// <summary>wlroots: an image waits until the one before is on screen. False: the newest one is shown.</summary>
        public bool IsQueue { get; init; } = true;

        public bool MayWait { get; init; } = true;

        /// <summary>Of the flips: each is at most so much early or late.</summary>
        public int JitterNs { get; init; }

        public Backlog? Backlog { get; init; } = new();

        public long Now { get; private set; }

        public int LeftOut { get; private set; }

        public int Behind { get; private set; }

        public long LastDelay { get; private set; }

        /// <param name="lateAt">The number of a flip that comes late, at the next vblank.</param>
        public void Run(int flips, int lateAt = -1)
        {
            for (var last = _flips + flips; _flips < last; _flips++)
            {
                Now = Second + Phase + _flips * Interval + (_flips == lateAt ? Refresh - Phase % Refresh : 0)
                    + _random.Next(-JitterNs, JitterNs + 1);
                Vblanks();
                var wasHolding = Backlog?.State == BacklogState.Holding;
                Backlog?.Flipped(Now, Refresh, MayWait);
                if (wasHolding)
                    LeftOut++;
                if (Backlog?.State != BacklogState.Holding)
                    _pending.Enqueue(Now);
            }
        }

        /// <summary>Those until now: each shows one image that was there in time.</summary>
        private void Vblanks()
        {
            for (; _vblank <= Now; _vblank += Refresh)
            {
                while (!IsQueue && _pending.Count > 1 && _pending.ElementAt(1) <= _vblank - LatchNs)
                    Backlog?.Answered(new Frame(0, _pending.Dequeue(), 0, 0, 0, 0), Refresh);
                // In a queue, an image that came while another was on its way goes to the display at that one's vblank.
                if (_pending.TryPeek(out var committed) && Math.Max(committed, IsQueue ? _shown : 0) <= _vblank - LatchNs)
                    Shown(_pending.Dequeue());
            }
        }

        private void Shown(long committed)
        {
            _shown = _vblank;
            LastDelay = _vblank - committed;
            if (LastDelay > Refresh)
                Behind++;
            Backlog?.Answered(new Frame(committed, committed, _vblank, Refresh, 0, 0), Refresh);
        }
    }
}
