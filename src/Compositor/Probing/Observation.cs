namespace Guestplane.Compositor.Probing;

/// <summary>Where a plane's image went, as compositor and kernel report it.</summary>
/// <param name="Told">What the compositor reports. Null if it reports nothing.</param>
/// <param name="Witness">What the kernel's debugfs shows. Null if it was not read or is inconsistent.</param>
internal sealed record Observation(Verdict? Told, Verdict? Witness)
{
    /// <summary>The colours of a Y'CbCr image; null for others.</summary>
    public ColorFacts? Color { get; init; }

    /// <summary>The kernel's report, or else the compositor's. Shm and Impossible we know ourselves.</summary>
    public Verdict? Seen => Told is Verdict.Shm or Verdict.Impossible ? Told : Witness ?? Told;
}
