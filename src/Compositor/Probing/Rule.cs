namespace Guestplane.Compositor.Probing;

/// <summary>How a plane reaches the screen.</summary>
internal enum Verdict
{
    /// <summary>The display reads the guest's memory.</summary>
    Scanout,

    /// <summary>The compositor's GPU draws it into the compositor's own image.</summary>
    Composited,

    /// <summary>The compositor copies it from shared memory and then draws it.</summary>
    Shm,

    /// <summary>It does not reach the screen.</summary>
    Impossible,

    /// <summary>Neither the protocol nor a rule can decide.</summary>
    Unknown,
}

/// <summary>A reason why a plane is not scanned out, and its remedy.</summary>
/// <param name="Name">An identifier for tests and machines.</param>
/// <param name="Verdict">The verdict on a plane to which the rule applies.</param>
/// <param name="Sentence">The reason, a clause.</param>
/// <param name="Remedy">What to change, a sentence: an option, or a setting of the guest or the compositor.</param>
internal sealed record Rule(
    string Name, Verdict Verdict, Func<PlaneFacts, bool> Applies, Func<PlaneFacts, string> Sentence, string Remedy);

/// <summary>The verdict on a plane.</summary>
/// <param name="Verdict">The verdict of the first rule that applies; Scanout if none does.</param>
/// <param name="Rule">The first rule that applies. Null if none does.</param>
/// <param name="Why">The clause of that rule.</param>
/// <param name="Also">The other rules that apply. Each is a reason, too.</param>
internal sealed record Judgement(Verdict Verdict, Rule? Rule, string Why, IReadOnlyList<Rule> Also)
{
    public string Change => Rule?.Remedy ?? "Nothing.";
}
