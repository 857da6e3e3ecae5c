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
    [InlineData(1.5)]
    public void A_guest_of_another_rate_is_polled_late_nearly_always(double rate)
    {
        var guest = new Guest { Rate = rate, Buffers = 3 };
        guest.Run(60 * Minute);
        Assert.InRange(guest.Early, 0, 0.02 * 60 * Minute);
    }

    [Fact]
    public void A_guest_that_has_another_phase_now_is_polled_late_again()
    {
        var guest = new Guest { Buffers = 2 };
        guest.Run(10 * 60);
        Assert.Equal(PollPhaseState.Early, guest.Polls.State);
        guest.Phase = 0.5;
        guest.Run(Minute);
        Assert.Equal(PollPhaseState.Late, guest.Polls.State);
    }

    [Fact]
    public void A_guest_that_stands_still_is_polled_late_again()
    {
        var guest = new Guest { Buffers = 2 };
        guest.Run(10 * 60);
        Assert.Equal(PollPhaseState.Early, guest.Polls.State);
        for (var n = 0; n < 60; n++)
            guest.Polls.Polled(hasFlipped: n % 40 == 39, guest.Now);
        Assert.Equal(PollPhaseState.Late, guest.Polls.State);
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
        private readonly PollPhase _polls = new();
        private long _n;
        private long _shown = -1;

        /// <summary>Of its flips, in refreshes after a late poll.</summary>
        public double Phase { get; set; }

        /// <summary>Flips per refresh.</summary>
        public double Rate { get; init; } = 1;

        public required int Buffers { get; init; }

        /// <summary>True to poll late always.</summary>
        public bool IsHeld { get; init; }

        public PollPhase Polls => _polls;

        public long Now => (long)(_n * Refresh);

        public int Found { get; private set; }

        public int Early { get; private set; }

        public void Run(int polls)
        {
            for (var end = _n + polls; _n < end; _n++)
            {
                var isEarly = !IsHeld && _polls.IsEarly;
                Early += isEarly ? 1 : 0;
                var at = _n * Refresh - (isEarly ? Refresh / 2 : 0) + Jittered();
                var shown = (long)Math.Floor((at - Phase * Refresh + Jittered()) / Refresh * Rate) % Buffers;
                Found += shown == _shown ? 0 : 1;
                _polls.Polled(shown != _shown, Now);
                _shown = shown;
            }
        }

        private double Jittered() => (_random.NextDouble() * 2 - 1) * Jitter;
    }
}
