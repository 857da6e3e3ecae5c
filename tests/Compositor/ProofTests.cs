using Guestplane.Compositor;
using Guestplane.Gvt;

namespace Guestplane.Tests.Compositor;

/// <summary>"Is what we commit being seen?", across every threshold.</summary>
public sealed class ProofTests
{
    private const long Second = Proof.SilenceNs, Frame = Second / 60;
    private static readonly SentAs s_dmaBuf = new(Transport.DmaBuf, Fourcc.Xrgb8888, Modifier.Linear);
    private static readonly SentAs s_bytes = new(Transport.Copy, Fourcc.Xrgb8888, Modifier.Linear);
    private long _now;

    [Fact]
    public void Without_reports_frame_callbacks_are_all_that_is_asked_for()
    {
        var proof = new Proof(isReported: false);
        Assert.False(proof.IsSeen);
        Assert.All(Flips(proof, 1000), advice => Assert.Equal(ProofAdvice.None, advice));
        Assert.Equal(ProofState.Unknowable, proof.State);
        Assert.True(proof.IsSeen);
        Assert.Equal(long.MaxValue, proof.NextCheck);
    }

    [Fact]
    public void Frames_that_are_presented_raise_no_doubt()
    {
        var proof = new Proof(isReported: true);
        for (var i = 0; i < 1000; i++)
        {
            Flip(proof);
            Assert.Equal(ProofAdvice.None, proof.Presented(_now, _now));
            Assert.Equal(ProofAdvice.None, proof.Next(_now, mayRepeat: true));
        }
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void So_many_frames_without_one_that_is_presented_lead_to_the_next_transport(bool isDiscarded)
    {
        var proof = new Proof(isReported: true);
        var advice = Flips(proof, Proof.MostFrames, isDiscarded).ToList();
        Assert.DoesNotContain(ProofAdvice.StepDown, advice[..^1]);
        Assert.Equal(ProofAdvice.StepDown, advice[^1]);
    }

    [Fact]
    public void A_transport_that_does_better_stays()
    {
        var proof = OnTrial();
        Flip(proof);
        Assert.Equal(ProofAdvice.Confirm, proof.Presented(_now, _now));
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_transport_that_does_no_better_proves_nothing(bool isDiscarded)
    {
        var proof = OnTrial();
        Assert.Equal(ProofAdvice.StepBack, Flips(proof, Proof.MostFrames, isDiscarded).Last());
        Assert.Equal(ProofState.Unknowable, proof.State);
        Assert.True(proof.IsSeen);
        Assert.DoesNotContain(Flips(proof, 1000), advice => advice is ProofAdvice.StepDown or ProofAdvice.StepBack);
    }

    [Fact]
    public void A_late_answer_to_a_commit_by_the_transport_before_is_that_transports_proof()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        var early = _now;
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames - 1).Last());
        _now += Frame;
        proof.TrialBegins(_now);
        Flip(proof);
        Assert.Equal(ProofAdvice.StepBack, proof.Presented(early, early + Frame));
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Fact]
    public void Commits_that_are_reported_only_when_the_trial_presents_something_prove_nothing()
    {
        var proof = OnTrial();
        var early = _now - Frame;
        _now += Frame;
        Assert.Equal(ProofAdvice.None, proof.Presented(early, _now));
        Assert.Equal(ProofState.OnTrial, proof.State);
        proof.GiveUp(_now);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, _now));
        Assert.Equal(ProofState.GivenUp, proof.State);
    }

    [Fact]
    public void Commits_that_are_reported_after_the_image_was_taken_off_prove_nothing()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        var early = _now;
        proof.TakenOff(_now += Frame);
        Flip(proof);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, _now));
        Assert.Equal(ProofState.Unproven, proof.State);
        Assert.Equal(ProofAdvice.None, proof.Presented(_now, _now));
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void An_image_that_is_sent_in_another_way_is_unproven(bool isDmaBuf, ulong modifier)
    {
        var proof = new Proof(isReported: true);
        proof.Committed(_now, new(isDmaBuf ? Transport.DmaBuf : Transport.Shm, Fourcc.Xrgb8888, new(modifier)));
        proof.Presented(_now, _now);
        var early = _now;
        Flip(proof);
        Assert.Equal(ProofState.Unproven, proof.State);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, _now));
        Assert.Equal((ProofState.Unproven, true), (proof.State, proof.IsSeen));
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames - 1).Last());
    }

    [Fact]
    public void Silence_while_the_image_is_off_says_nothing()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.TakenOff(_now);
        Assert.Equal((ProofAdvice.None, ProofAdvice.None), (Silence(proof), Silence(proof)));
        Assert.False(proof.IsSeen);
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames).Last());
    }

    [Fact]
    public void An_image_that_is_sent_in_a_way_that_was_presented_before_is_proven()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.Presented(_now, _now);
        proof.Committed(_now += Frame, s_bytes);
        Flip(proof);
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Fact]
    public void Of_images_that_are_sent_in_two_ways_by_turns_one_that_is_presented_is_seen()
    {
        var proof = new Proof(isReported: true);
        for (var i = 0; i < 100; i++)
        {
            var (before, isFirst) = (_now, i == 0);
            proof.Committed(_now += Frame, i % 2 == 0 ? s_dmaBuf : s_bytes);
            proof.FrameTaken(_now, isPrompt: true);
            if (!isFirst)
                Assert.Equal(ProofAdvice.None, proof.Presented(before, _now));
            Assert.Equal((ProofAdvice.None, !isFirst), (proof.Next(_now, mayRepeat: true), proof.IsSeen));
        }
    }

    [Fact]
    public void Silence_about_bytes_says_nothing_about_dma_bufs()
    {
        var proof = new Proof(isReported: true);
        proof.Committed(_now += Frame, s_bytes);
        proof.FrameTaken(_now, isPrompt: true);
        Assert.Equal(ProofAdvice.Repeat, Silence(proof));
        proof.Committed(_now, s_bytes);
        proof.FrameTaken(_now, isPrompt: true);
        Assert.Equal(ProofAdvice.StepDown, Silence(proof));
        proof.NothingToTry();
        // As before the first image, with a repeat of its own.
        Flip(proof);
        Assert.Equal(ProofAdvice.Repeat, Silence(proof));
        Flip(proof);
        Assert.Equal(ProofAdvice.StepDown, Silence(proof));
    }

    [Fact]
    public void A_compositor_that_has_answered_no_transport_is_not_asked_again_and_a_late_answer_about_the_other_says_nothing()
    {
        var proof = OnTrial();
        var early = _now + Frame;
        for (var i = 0; i < Proof.MostFrames; i++)
        {
            Assert.Equal(ProofAdvice.None, proof.Next(_now, mayRepeat: true));
            proof.Committed(_now += Frame, s_bytes);
            proof.FrameTaken(_now, isPrompt: true);
        }
        Assert.Equal(ProofAdvice.StepBack, proof.Next(_now, mayRepeat: true));
        Assert.DoesNotContain(Flips(proof, 1000), advice => advice != ProofAdvice.None);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, _now));
        Assert.Equal(ProofState.Unknowable, proof.State);
    }

    [Fact]
    public void A_still_image_is_repeated_once_in_silence_and_then_tried_by_the_next_transport()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        Assert.False(proof.IsSeen);
        Assert.Equal(ProofAdvice.Repeat, Silence(proof));
        Assert.True(proof.IsSeen);
        Flip(proof);
        Assert.Equal(ProofAdvice.StepDown, Silence(proof));
        proof.NothingToTry();
        Assert.Equal((ProofState.Unjudged, long.MaxValue), (proof.State, proof.NextCheck));
    }

    [Fact]
    public void A_compositor_that_discards_the_first_commit_and_answers_no_other_is_silent()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.Discarded(_now, isNewest: true);
        Assert.Equal(ProofAdvice.Repeat, proof.Next(_now, mayRepeat: true));
        Flip(proof);
        Assert.Equal(ProofAdvice.None, Silence(proof));
        Assert.True(proof.IsSeen);
        Assert.Equal(ProofAdvice.StepDown, Silence(proof));
    }

    [Fact]
    public void Silence_says_nothing_of_a_window_without_frame_callbacks()
    {
        var proof = new Proof(isReported: true);
        proof.Committed(_now, s_dmaBuf);
        Assert.Equal(long.MaxValue, proof.NextCheck);
        Assert.Equal(ProofAdvice.None, proof.Next(_now + 100 * Second, mayRepeat: true));
    }

    [Fact]
    public void Silence_about_a_window_that_is_not_drawn_says_nothing()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        for (var i = 0; i < 10; i++)
        {
            proof.Check(_now += Second, isIdle: true);
            Assert.Equal(ProofAdvice.None, proof.Next(_now, mayRepeat: true));
        }
        Assert.Equal((ProofState.Unproven, _now + Second), (proof.State, proof.NextCheck));
    }

    [Fact]
    public void A_compositor_that_stands_still_after_its_first_discard_is_not_silent()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.Discarded(_now, isNewest: true);
        Assert.Equal(ProofAdvice.Repeat, proof.Next(_now, mayRepeat: true));
        proof.Committed(_now, s_dmaBuf);
        Assert.Equal(long.MaxValue, proof.NextCheck);
        Assert.Equal(ProofAdvice.None, Silence(proof));
        Assert.Equal(ProofAdvice.None, Silence(proof));
        Assert.Equal(ProofState.Unproven, proof.State);
    }

    [Fact]
    public void Silence_about_a_repeat_begins_with_its_frame_callback()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        Assert.Equal(ProofAdvice.Repeat, Silence(proof));
        proof.Committed(_now, s_dmaBuf);
        Assert.Equal(ProofAdvice.None, Silence(proof));
        proof.FrameTaken(_now, isPrompt: true);
        Assert.Equal(_now + Second, proof.NextCheck);
        Assert.Equal(ProofAdvice.StepDown, Silence(proof));
    }

    [Fact]
    public void Late_frame_callbacks_are_no_evidence()
    {
        var proof = new Proof(isReported: true);
        for (var i = 0; i < 1000; i++)
        {
            proof.Committed(_now, s_dmaBuf);
            proof.FrameTaken(_now, isPrompt: false);
            proof.Check(_now += Second, isIdle: false);
            Assert.NotEqual(ProofAdvice.StepDown, proof.Next(_now, mayRepeat: false));
        }
        Assert.Equal(ProofState.Unproven, proof.State);
    }

    [Fact]
    public void A_discarded_commit_is_repeated_until_there_were_enough_of_them()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.Presented(_now, _now);
        var repeats = Flips(proof, 1000, isDiscarded: true).Count(advice => advice == ProofAdvice.Repeat);
        Assert.Equal((ProofState.Doubted, 2 * Proof.MostFrames), (proof.State, repeats));
    }

    [Fact]
    public void What_no_transport_shows_is_tried_again_ever_more_rarely()
    {
        var proof = new Proof(isReported: true);
        var pauses = new List<long>();
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames).Last());
            proof.BackgroundTrialBegins(_now);
            proof.GiveUp(_now);
            Assert.Equal(ProofAdvice.None, proof.Next(proof.NextCheck - 1, mayRepeat: true));
            pauses.Add((proof.NextCheck - _now) / Second);
            _now = proof.NextCheck;
            Assert.Equal(ProofAdvice.Retry, proof.Next(_now, mayRepeat: true));
        }
        Assert.Equal([20, 40, 80, 160, 300, 300], pauses);
    }

    [Fact]
    public void Three_backgrounds_that_are_taken_and_not_presented_either_prove_nothing()
    {
        var proof = BackgroundOnTrial();
        for (var i = 0; i < 2; i++)
        {
            proof.BackgroundTaken(_now += Frame);
            Assert.Equal(_now + Second, proof.NextCheck);
            Assert.Equal(ProofAdvice.ShowBackground, Silence(proof));
        }
        proof.BackgroundTaken(_now += Frame);
        Assert.Equal(ProofAdvice.StepBack, Silence(proof));
        Assert.Equal(ProofState.Unknowable, proof.State);
    }

    /// <summary>The window is hidden, or the compositor has lost it.</summary>
    [Fact]
    public void A_background_that_is_not_even_taken_is_shown_again_until_one_is_presented()
    {
        var proof = BackgroundOnTrial();
        for (var i = 0; i < 100; i++)
            Assert.Equal(ProofAdvice.ShowBackground, Silence(proof));
        Assert.Equal(ProofAdvice.GiveUp, proof.BackgroundAnswered(isPresented: true));
    }

    [Fact]
    public void A_suspended_window_shows_its_background_once()
    {
        var proof = BackgroundOnTrial();
        proof.BackgroundTaken(_now += Frame);
        for (var i = 0; i < 100; i++)
        {
            proof.Check(_now += Second, isIdle: true);
            Assert.Equal(ProofAdvice.None, proof.Next(_now, mayRepeat: false));
        }
        Assert.Equal(ProofAdvice.ShowBackground, Silence(proof));
    }

    [Fact]
    public void Backgrounds_that_are_taken_and_discarded_prove_nothing()
    {
        var proof = BackgroundOnTrial();
        for (var i = 1; i < Proof.MostFrames; i++)
        {
            proof.BackgroundTaken(_now);
            proof.BackgroundAnswered(isPresented: false);
            Assert.Equal(ProofAdvice.ShowBackground, proof.Next(_now, mayRepeat: false));
            Assert.Equal(ProofAdvice.None, proof.Next(_now, mayRepeat: false));
        }
        proof.BackgroundTaken(_now);
        proof.BackgroundAnswered(isPresented: false);
        Assert.Equal((ProofAdvice.StepBack, ProofState.Unknowable), (proof.Next(_now, mayRepeat: false), proof.State));
    }

    /// <summary>A pointer moves over a window that may be hidden.</summary>
    [Fact]
    public void Backgrounds_that_something_else_replaces_are_shown_again_so_many_times_a_second()
    {
        var proof = BackgroundOnTrial();
        for (var second = 0; second < 100; second++)
        {
            Assert.Equal(Proof.MostFrames, Enumerable.Range(0, 250).Count(_ =>
            {
                proof.BackgroundAnswered(isPresented: false);
                return proof.Next(_now, mayRepeat: false) == ProofAdvice.ShowBackground;
            }));
            Assert.Equal(ProofAdvice.ShowBackground, Silence(proof));
        }
        Assert.Equal(ProofAdvice.GiveUp, proof.BackgroundAnswered(isPresented: true));
    }

    [Fact]
    public void An_image_that_is_sent_in_another_way_ends_the_trial_of_the_background_and_the_one_before_gets_another_try()
    {
        var proof = BackgroundOnTrial();
        proof.Committed(_now, s_bytes);
        Assert.Equal(ProofState.Unproven, proof.State);
        Assert.Equal(ProofAdvice.None, proof.BackgroundAnswered(isPresented: true));
        proof.Presented(_now, _now);
        Assert.Equal((ProofState.Shown, true), (proof.State, proof.IsSeen));
        Assert.Equal(ProofAdvice.Retry, proof.Next(_now, mayRepeat: true));
        Assert.Equal(ProofAdvice.None, proof.Next(_now, mayRepeat: true));
    }

    [Fact]
    public void What_was_committed_before_a_trial_and_is_discarded_later_does_not_prolong_it()
    {
        var proof = BackgroundOnTrial();
        proof.Discarded(_now, isNewest: true);
        Assert.Equal(ProofAdvice.None, proof.Next(_now, mayRepeat: false));
        Assert.Equal(_now + Second, proof.NextCheck);
    }

    /// <summary>The first was on screen until the background was. The second was not: wlroots reports it with the background.</summary>
    [Theory]
    [InlineData(-1, nameof(ProofAdvice.StepBack), nameof(ProofState.Shown))]
    [InlineData(1, nameof(ProofAdvice.GiveUp), nameof(ProofState.BackgroundOnTrial))]
    public void An_image_that_is_presented_during_the_trial_of_the_background_is_judged_by_when(long after, string advice, string state)
    {
        var proof = BackgroundOnTrial();
        Assert.Equal(advice, proof.Presented(_now - Frame, _now + after).ToString());
        Assert.Equal(state, proof.State.ToString());
    }

    [Fact]
    public void Nothing_is_seen_while_every_commit_is_discarded_and_the_background_is_tried()
    {
        var proof = new Proof(isReported: true);
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames, isDiscarded: true).Last());
        proof.BackgroundTrialBegins(_now);
        proof.BackgroundTaken(_now);
        Silence(proof);
        Assert.False(proof.IsSeen);
    }

    [Fact]
    public void A_change_during_the_trial_of_the_background_gives_the_image_another_try()
    {
        var proof = BackgroundOnTrial();
        Assert.Equal((ProofAdvice.Retry, ProofState.Unproven), (proof.Retry(), proof.State));
        Assert.Equal(ProofAdvice.None, proof.BackgroundAnswered(isPresented: true));
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames).Last());
    }

    private Proof BackgroundOnTrial()
    {
        var proof = new Proof(isReported: true);
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames).Last());
        proof.BackgroundTrialBegins(_now);
        return proof;
    }

    private Proof OnTrial()
    {
        var proof = new Proof(isReported: true);
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames).Last());
        proof.TrialBegins(_now);
        return proof;
    }

    private ProofAdvice Silence(Proof proof)
    {
        proof.Check(_now += Second, isIdle: false);
        return proof.Next(_now, mayRepeat: true);
    }

    private void Flip(Proof proof)
    {
        _now += Frame;
        proof.Committed(_now, s_dmaBuf);
        proof.FrameTaken(_now, isPrompt: true);
    }

    private IEnumerable<ProofAdvice> Flips(Proof proof, int count, bool isDiscarded = false)
    {
        for (var i = 0; i < count; i++)
        {
            Flip(proof);
            if (isDiscarded)
                proof.Discarded(_now, isNewest: true);
            yield return proof.Next(_now, mayRepeat: true);
        }
    }
}
