namespace Guestplane.Compositor;

/// <summary>What became of a plane's flips. Flips that could not be shown are in none of the others; one may still wait.</summary>
internal sealed class PlaneStats
{
    /// <summary>Flips that the guest made.</summary>
    public long Flips { get; set; }

    /// <summary>Commits made of them.</summary>
    public long Committed { get; set; }

    /// <summary>Flips that a newer one overtook before they could be committed.</summary>
    public long Coalesced { get; set; }

    public Histogram FlipToCommit { get; } = new();
}
