using Guestplane.Compositor;

namespace Guestplane.Tests.Compositor;

/// <summary>No transport shows an image, and what lies below it is shown to see whether the compositor presents anything.</summary>
public sealed class BackgroundTrialTests : ProofSteps
{
    [Fact]
    public void Three_backgrounds_that_are_taken_and_not_presented_either_prove_nothing()
    {
        var proof = BackgroundOnTrial();
        for (var i = 0; i < 2; i++)
        {
            proof.BackgroundTaken(Now += Frame);
            Assert.Equal(Now + Second, proof.NextCheck);
            Assert.Equal(ProofAdvice.ShowBackground, Silence(proof));
        }
        proof.BackgroundTaken(Now += Frame);
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
        proof.BackgroundTaken(Now += Frame);
        for (var i = 0; i < 100; i++)
        {
            proof.Check(Now += Second, isIdle: true);
            Assert.Equal(ProofAdvice.None, proof.Next(Now, mayRepeat: false));
        }
        Assert.Equal(ProofAdvice.ShowBackground, Silence(proof));
    }

    [Fact]
    public void Backgrounds_that_are_taken_and_discarded_prove_nothing()
    {
        var proof = BackgroundOnTrial();
        for (var i = 1; i < Proof.MostFrames; i++)
        {
            proof.BackgroundTaken(Now);
            proof.BackgroundAnswered(isPresented: false);
            Assert.Equal(ProofAdvice.ShowBackground, proof.Next(Now, mayRepeat: false));
            Assert.Equal(ProofAdvice.None, proof.Next(Now, mayRepeat: false));
        }
        proof.BackgroundTaken(Now);
        proof.BackgroundAnswered(isPresented: false);
        Assert.Equal((ProofAdvice.StepBack, ProofState.Unknowable), (proof.Next(Now, mayRepeat: false), proof.State));
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
                return proof.Next(Now, mayRepeat: false) == ProofAdvice.ShowBackground;
            }));
            Assert.Equal(ProofAdvice.ShowBackground, Silence(proof));
        }
        Assert.Equal(ProofAdvice.GiveUp, proof.BackgroundAnswered(isPresented: true));
    }

    [Fact]
    public void An_image_that_is_sent_in_another_way_ends_the_trial_of_the_background_and_the_one_before_gets_another_try()
    {
        var proof = BackgroundOnTrial();
        proof.Committed(Now, Bytes);
        Assert.Equal(ProofState.Unproven, proof.State);
        Assert.Equal(ProofAdvice.None, proof.BackgroundAnswered(isPresented: true));
        proof.Presented(Now, Now);
        Assert.Equal((ProofState.Shown, true), (proof.State, proof.IsSeen));
        Assert.Equal(ProofAdvice.Retry, proof.Next(Now, mayRepeat: true));
        Assert.Equal(ProofAdvice.None, proof.Next(Now, mayRepeat: true));
    }

    [Fact]
    public void What_was_committed_before_a_trial_and_is_discarded_later_does_not_prolong_it()
    {
        var proof = BackgroundOnTrial();
        proof.Discarded(Now, isNewest: true);
        Assert.Equal(ProofAdvice.None, proof.Next(Now, mayRepeat: false));
        Assert.Equal(Now + Second, proof.NextCheck);
    }

    /// <summary>The first was on screen until the background was. The second was not: wlroots reports it with the background.</summary>
    [Theory]
    [InlineData(-1, nameof(ProofAdvice.StepBack), nameof(ProofState.Shown))]
    [InlineData(1, nameof(ProofAdvice.GiveUp), nameof(ProofState.BackgroundOnTrial))]
    public void An_image_that_is_presented_during_the_trial_of_the_background_is_judged_by_when(long after, string advice, string state)
    {
        var proof = BackgroundOnTrial();
        Assert.Equal(advice, proof.Presented(Now - Frame, Now + after).ToString());
        Assert.Equal(state, proof.State.ToString());
    }

    [Fact]
    public void Nothing_is_seen_while_every_commit_is_discarded_and_the_background_is_tried()
    {
        var proof = new Proof(isReported: true);
        Assert.Equal(ProofAdvice.StepDown, Flips(proof, Proof.MostFrames, isDiscarded: true).Last());
        proof.BackgroundTrialBegins(Now);
        proof.BackgroundTaken(Now);
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
        proof.BackgroundTrialBegins(Now);
        return proof;
    }
}
