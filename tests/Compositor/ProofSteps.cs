using Guestplane.Compositor;
using Guestplane.Gvt;

namespace Guestplane.Tests.Compositor;

/// <summary>What happens to a <see cref="Proof"/>, and its time.</summary>
public abstract class ProofSteps
{
    private protected const long Second = Proof.SilenceNs, Frame = Second / 60;

    private protected static SentAs DmaBuf { get; } = new(Transport.DmaBuf, Fourcc.Xrgb8888, Modifier.Linear);

    private protected static SentAs Bytes { get; } = new(Transport.Copy, Fourcc.Xrgb8888, Modifier.Linear);

    /// <summary>CLOCK_MONOTONIC, ns.</summary>
    private protected long Now { get; set; }

    private protected ProofAdvice Silence(Proof proof)
    {
        proof.Check(Now += Second, isIdle: false);
        return proof.Next(Now, mayRepeat: true);
    }

    private protected void Flip(Proof proof)
    {
        Now += Frame;
        proof.Committed(Now, DmaBuf);
        proof.FrameTaken(Now, isPrompt: true);
    }

    private protected IEnumerable<ProofAdvice> Flips(Proof proof, int count, bool isDiscarded = false)
    {
        for (var i = 0; i < count; i++)
        {
            Flip(proof);
            if (isDiscarded)
                proof.Discarded(Now, isNewest: true);
            yield return proof.Next(Now, mayRepeat: true);
        }
    }
}
