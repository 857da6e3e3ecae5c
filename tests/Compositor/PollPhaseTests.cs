using Guestplane.Compositor;

namespace Guestplane.Tests.Compositor;

/// <summary>A guest that flips once per refresh is polled beside the moment of its flips, whatever its phase is.</summary>
public sealed class PollPhaseTests
{
    private const double Refresh = 16_666_667;

    private const int Minute = 3600;

    /// <summary>Of the flips, and of the polls: each is at most so much early or late.</summary>
    private const double Jitter = 1_000_000;

    public static TheoryData<double, int> Phases() =>
        [.. from sixteenth in Enumerable.Range(0, 16) from buffers in new[] { 2, 3 } select (sixteenth / 16.0, buffers)];

    [Theory]
    [MemberData(nameof(Phases))]
    public void Of_a_minute_of_flips_at_the_displays_rate_hardly_one_is_lost(double phase, int buffers)
    {
        var guest = new Guest { Phase = phase, Buffers = buffers };
        guest.Run(Minute);
        Assert.InRange(guest.Found, 0.99 * Minute, Minute);
    }

    /// <summary>Without it: the test above would find nothing if the guest were too even.</summary>
    [Fact]
    public void In_the_worst_phase_many_are_lost_otherwise()
    {
        var guest = new Guest { Buffers = 2, IsHeld = true };
        guest.Run(Minute);
        Assert.InRange(guest.Found, 1, 0.8 * Minute);
    }

    /// <summary>59.94 Hz on 60 Hz: the phase goes round once in 17 s, and one refresh of that has nothing to show.</summary>
    [Fact]
    public void A_guest_whose_phase_goes_round_is_evaded_each_time()
    {
        var (evaded, held) = (new Guest { Rate = 0.999, Buffers = 3 }, new Guest { Rate = 0.999, Buffers = 3, IsHeld = true });
        evaded.Run(10 * Minute);
        held.Run(10 * Minute);
        var flips = 0.999 * 10 * Minute;
        Assert.True(flips - evaded.Found < (flips - held.Found) / 2, $"{flips - evaded.Found} lost, {flips - held.Found} otherwise");
    }

    [Theory]
    [InlineData(0.95)]
    [InlineData(0.5)]
    [InlineData(0.4)]
    [InlineData(0.3)]
    [InlineData(1.5)]
    public void A_guest_of_another_rate_is_polled_late_nearly_always(double rate)
    {
        var guest = new Guest { Rate = rate, Buffers = 3 };
        guest.Run(60 * Minute);
        Assert.InRange(guest.Early, 0, 0.05 * 60 * Minute);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.9)]
    [InlineData(0.97)]
    [InlineData(0.98)]
    [InlineData(0.99)]
    [InlineData(0.995)]
    [InlineData(1.02)]
    public void At_no_rate_more_than_one_of_500_is_lost_by_it(double rate)
    {
        var (evaded, held) = (new Guest { Rate = rate, Buffers = 3 }, new Guest { Rate = rate, Buffers = 3, IsHeld = true });
        evaded.Run(60 * Minute);
        held.Run(60 * Minute);
        Assert.True(evaded.Found >= 0.998 * held.Found, $"{evaded.Found} found, {held.Found} otherwise");
    }

    /// <summary>A flip that the late poll just finds is shown a refresh later, as those are that it just misses.</summary>
    [Fact]
    public void It_costs_less_than_a_refresh_of_delay_in_the_worst_phase()
    {
        var (evaded, held) = (new Guest { Buffers = 3 }, new Guest { Buffers = 3, IsHeld = true });
        evaded.Run(Minute);
        held.Run(Minute);
        Assert.InRange(evaded.Delay - held.Delay, 0, 0.75 * Refresh);
    }

    [Fact]
    public void A_guest_that_has_another_phase_now_is_polled_late_again()
    {
        var guest = new Guest { Buffers = 2 };
        guest.Run(10 * 60);
        Assert.Equal(PollPhaseState.Early, guest.Polls.State);
        guest.Polls.Planned(guest.Now);
        Assert.Equal(long.MaxValue, guest.Polls.LateSince);
        guest.Phase = 0.5;
        guest.Run(Minute);
        Assert.Equal(PollPhaseState.Late, guest.Polls.State);
        guest.Polls.Planned(guest.Now);
        Assert.Equal(guest.Now, guest.Polls.LateSince);
    }

    /// <summary>As for a video that ends: a spinner, a typed letter.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(40)]
    [InlineData(int.MaxValue)]
    public void A_guest_that_flips_now_and_then_is_polled_late_again(int every)
    {
        var guest = new Guest { Buffers = 2 };
        guest.Run(10 * 60);
        Assert.Equal(PollPhaseState.Early, guest.Polls.State);
        for (var n = 0; n < Minute; n++)
            guest.Polls.Polled(hasFlipped: n % every == every - 1, guest.Now + (long)(n * Refresh));
        Assert.Equal(PollPhaseState.Late, guest.Polls.State);
    }

    [Fact]
    public void Bursts_lead_to_a_trial_now_and_then()
    {
        const string Burst = "F.F.F....";
        var (polls, early) = (new PollPhase(), 0);
        for (var n = 0; n < Minute; n++)
        {
            polls.Polled(Burst[n % Burst.Length] == 'F', (long)(n * Refresh));
            early += polls.IsEarly ? 1 : 0;
        }
        Assert.InRange(early, 1, 0.05 * Minute);
    }

    [Fact]
    public void A_guest_that_stands_still_is_no_reason_to_try_anything()
    {
        var guest = new Guest { Phase = 0.5, Buffers = 3 };
        for (var n = 0; n < 100; n++)
        {
            guest.Run(n);
            for (var still = 0; still < 9; still++)
                guest.Polls.Polled(hasFlipped: false, guest.Now);
        }
        Assert.Equal(0, guest.Early);
    }

    /// <summary>Flips between its buffers. A poll finds a flip if another buffer is shown than at the last.</summary>
    private sealed class Guest
    {
        private readonly Random _random = new(5);
        private long _n, _shown = -1;
        private double _delay;
        private bool _isEarly, _hasFlipped;

        /// <summary>Of its flips, in refreshes after a late poll.</summary>
        public double Phase { get; set; }

        /// <summary>Flips per refresh.</summary>
        public double Rate { get; init; } = 1;

        public required int Buffers { get; init; }

        /// <summary>True to poll late always.</summary>
        public bool IsHeld { get; init; }

        public PollPhase Polls { get; } = new();

        public long Now => (long)(_n * Refresh);

        public int Found { get; private set; }

        public int Early { get; private set; }

        /// <summary>From a flip that was found to the late poll of that refresh, which the vblank follows, ns.</summary>
        public double Delay => _delay / Found;

        /// <summary>As Pacer does it: the result of a poll is there at the next one, when that has been planned.</summary>
        public void Run(int polls)
        {
            for (var end = _n + polls; _n < end; _n++)
            {
                Polls.Polled(_hasFlipped, Now);
                var at = _n * Refresh - (_isEarly ? Refresh / 2 : 0) + Jittered();
                var flip = (long)Math.Floor((at - Phase * Refresh + Jittered()) / Refresh * Rate);
                _hasFlipped = flip % Buffers != _shown;
                _shown = flip % Buffers;
                if (_hasFlipped)
                    _delay += _n * Refresh - (Phase + flip / Rate) * Refresh;
                Found += _hasFlipped ? 1 : 0;
                _isEarly = !IsHeld && Polls.IsEarly;
                Early += _isEarly ? 1 : 0;
            }
        }

        private double Jittered() => (_random.NextDouble() * 2 - 1) * Jitter;
    }
}
