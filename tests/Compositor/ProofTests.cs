using Guestplane.Compositor;
using Guestplane.Gvt;

namespace Guestplane.Tests.Compositor;

/// <summary>"Is what we commit being seen?", across every threshold.</summary>
public sealed class ProofTests : ProofSteps
{
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
            Assert.Equal(ProofAdvice.None, proof.Presented(Now, Now));
            Assert.Equal(ProofAdvice.None, proof.Next(Now, mayRepeat: true));
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
        Assert.Equal(ProofAdvice.Confirm, proof.Presented(Now, Now));
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
        var early = Now;
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames - 1).Last());
        Now += Frame;
        proof.TrialBegins(Now);
        Flip(proof);
        Assert.Equal(ProofAdvice.StepBack, proof.Presented(early, early + Frame));
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Fact]
    public void Commits_that_are_reported_only_when_the_trial_presents_something_prove_nothing()
    {
        var proof = OnTrial();
        var early = Now - Frame;
        Now += Frame;
        Assert.Equal(ProofAdvice.None, proof.Presented(early, Now));
        Assert.Equal(ProofState.OnTrial, proof.State);
        proof.GiveUp(Now);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, Now));
        Assert.Equal(ProofState.GivenUp, proof.State);
    }

    [Fact]
    public void Commits_that_are_reported_after_the_image_was_taken_off_prove_nothing()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        var early = Now;
        proof.TakenOff(Now += Frame);
        Flip(proof);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, Now));
        Assert.Equal(ProofState.Unproven, proof.State);
        Assert.Equal(ProofAdvice.None, proof.Presented(Now, Now));
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void An_image_that_is_sent_in_another_way_is_unproven(bool isDmaBuf, ulong modifier)
    {
        var proof = new Proof(isReported: true);
        proof.Committed(Now, new(isDmaBuf ? Transport.DmaBuf : Transport.Shm, Fourcc.Xrgb8888, new(modifier)));
        proof.Presented(Now, Now);
        var early = Now;
        Flip(proof);
        Assert.Equal(ProofState.Unproven, proof.State);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, Now));
        Assert.Equal((ProofState.Unproven, true), (proof.State, proof.IsSeen));
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames - 1).Last());
    }

    [Fact]
    public void Silence_while_the_image_is_off_says_nothing()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.TakenOff(Now);
        Assert.Equal((ProofAdvice.None, ProofAdvice.None), (Silence(proof), Silence(proof)));
        Assert.False(proof.IsSeen);
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames).Last());
    }

    [Fact]
    public void An_image_that_is_sent_in_a_way_that_was_presented_before_is_proven()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.Presented(Now, Now);
        proof.Committed(Now += Frame, Bytes);
        Flip(proof);
        Assert.Equal(ProofState.Shown, proof.State);
    }

    [Fact]
    public void Of_images_that_are_sent_in_two_ways_by_turns_one_that_is_presented_is_seen()
    {
        var proof = new Proof(isReported: true);
        for (var i = 0; i < 100; i++)
        {
            var (before, isFirst) = (Now, i == 0);
            proof.Committed(Now += Frame, i % 2 == 0 ? DmaBuf : Bytes);
            proof.FrameTaken(Now, isPrompt: true);
            if (!isFirst)
                Assert.Equal(ProofAdvice.None, proof.Presented(before, Now));
            Assert.Equal((ProofAdvice.None, !isFirst), (proof.Next(Now, mayRepeat: true), proof.IsSeen));
        }
    }

    [Fact]
    public void Silence_about_bytes_says_nothing_about_dma_bufs()
    {
        var proof = new Proof(isReported: true);
        proof.Committed(Now += Frame, Bytes);
        proof.FrameTaken(Now, isPrompt: true);
        Assert.Equal(ProofAdvice.Repeat, Silence(proof));
        proof.Committed(Now, Bytes);
        proof.FrameTaken(Now, isPrompt: true);
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
        var early = Now + Frame;
        for (var i = 0; i < Proof.MostFrames; i++)
        {
            Assert.Equal(ProofAdvice.None, proof.Next(Now, mayRepeat: true));
            proof.Committed(Now += Frame, Bytes);
            proof.FrameTaken(Now, isPrompt: true);
        }
        Assert.Equal(ProofAdvice.StepBack, proof.Next(Now, mayRepeat: true));
        Assert.DoesNotContain(Flips(proof, 1000), advice => advice != ProofAdvice.None);
        Assert.Equal(ProofAdvice.None, proof.Presented(early, Now));
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
        proof.Discarded(Now, isNewest: true);
        Assert.Equal(ProofAdvice.Repeat, proof.Next(Now, mayRepeat: true));
        Flip(proof);
        Assert.Equal(ProofAdvice.None, Silence(proof));
        Assert.True(proof.IsSeen);
        Assert.Equal(ProofAdvice.StepDown, Silence(proof));
    }

    [Fact]
    public void Silence_says_nothing_of_a_window_without_frame_callbacks()
    {
        var proof = new Proof(isReported: true);
        proof.Committed(Now, DmaBuf);
        Assert.Equal(long.MaxValue, proof.NextCheck);
        Assert.Equal(ProofAdvice.None, proof.Next(Now + 100 * Second, mayRepeat: true));
    }

    [Fact]
    public void Silence_about_a_window_that_is_not_drawn_says_nothing()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        for (var i = 0; i < 10; i++)
        {
            proof.Check(Now += Second, isIdle: true);
            Assert.Equal(ProofAdvice.None, proof.Next(Now, mayRepeat: true));
        }
        Assert.Equal((ProofState.Unproven, Now + Second), (proof.State, proof.NextCheck));
    }

    [Fact]
    public void A_compositor_that_stands_still_after_its_first_discard_is_not_silent()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.Discarded(Now, isNewest: true);
        Assert.Equal(ProofAdvice.Repeat, proof.Next(Now, mayRepeat: true));
        proof.Committed(Now, DmaBuf);
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
        proof.Committed(Now, DmaBuf);
        Assert.Equal(ProofAdvice.None, Silence(proof));
        proof.FrameTaken(Now, isPrompt: true);
        Assert.Equal(Now + Second, proof.NextCheck);
        Assert.Equal(ProofAdvice.StepDown, Silence(proof));
    }

    [Fact]
    public void Late_frame_callbacks_are_no_evidence()
    {
        var proof = new Proof(isReported: true);
        for (var i = 0; i < 1000; i++)
        {
            proof.Committed(Now, DmaBuf);
            proof.FrameTaken(Now, isPrompt: false);
            proof.Check(Now += Second, isIdle: false);
            Assert.NotEqual(ProofAdvice.StepDown, proof.Next(Now, mayRepeat: false));
        }
        Assert.Equal(ProofState.Unproven, proof.State);
    }

    [Fact]
    public void A_discarded_commit_is_repeated_until_there_were_enough_of_them()
    {
        var proof = new Proof(isReported: true);
        Flip(proof);
        proof.Presented(Now, Now);
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
            proof.BackgroundTrialBegins(Now);
            proof.GiveUp(Now);
            Assert.Equal(ProofAdvice.None, proof.Next(proof.NextCheck - 1, mayRepeat: true));
            pauses.Add((proof.NextCheck - Now) / Second);
            Now = proof.NextCheck;
            Assert.Equal(ProofAdvice.Retry, proof.Next(Now, mayRepeat: true));
        }
        Assert.Equal([20, 40, 80, 160, 300, 300], pauses);
    }

    private Proof OnTrial()
    {
        var proof = new Proof(isReported: true);
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames).Last());
        proof.TrialBegins(Now);
        return proof;
    }
}
