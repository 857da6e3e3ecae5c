namespace Guestplane.Compositor.Probing;

/// <summary>How a plane gets to the glass.</summary>
internal enum Verdict
{
    /// <summary>The display reads the guest's memory itself.</summary>
    Scanout,

    /// <summary>The host's GPU draws it into the host's image.</summary>
    Composited,

    /// <summary>The host copies it from shared memory, and then draws it.</summary>
    Shm,

    /// <summary>Not at all.</summary>
    Impossible,

    /// <summary>Neither the protocol nor a rule tells.</summary>
    Unknown,
}

/// <summary>A reason for which a plane is not scanned out, and the way out of it.</summary>
/// <param name="Name">A word for tests and machines.</param>
/// <param name="Verdict">What becomes of the plane where it applies.</param>
/// <param name="Applies">Whether it does.</param>
/// <param name="Sentence">Why, for people.</param>
/// <param name="Remedy">What to change: an option, a guest's or a host's setting.</param>
internal sealed record Rule(string Name, Verdict Verdict, Func<PlaneFacts, bool> Applies, Func<PlaneFacts, string> Sentence, string Remedy);

/// <summary>The verdict on a plane.</summary>
/// <param name="Verdict">Of the rule that decides; scanout when none applies.</param>
/// <param name="Rule">The rule that decides.</param>
/// <param name="Why">Its sentence.</param>
/// <param name="Also">Other rules that apply: each of them would have to be dealt with, too.</param>
internal sealed record Judgement(Verdict Verdict, Rule? Rule, string Why, IReadOnlyList<Rule> Also)
{
    public string Change => Rule?.Remedy ?? "Nothing.";
}
