namespace Guestplane.Compositor;

/// <summary>
/// Counts a plane's flips and commits. Only <see cref="Flips"/> includes flips that could not be shown, that switched the plane
/// off, or that still wait.
/// </summary>
internal sealed class PlaneStats
{
    public long Flips { get; set; }

    /// <summary>Commits with an image; the compositor answers only these.</summary>
    public long Committed { get; private set; }

    /// <summary>Commits that repeat an image, because the transport changed or the compositor did not show it.</summary>
    public long Repeated { get; private set; }

    /// <summary>Flips that a newer one replaced before they were committed.</summary>
    public long Coalesced { get; set; }

    /// <summary>Requested imports of dma-bufs.</summary>
    public int Imports { get; set; }

    /// <summary>wl_buffers created, by any transport.</summary>
    public int BuffersMade { get; set; }

    /// <summary>Bytes of guest pixels that our CPU copied.</summary>
    public long CopiedBytes { get; set; }

    /// <summary>The time from the guest's flip to the commit, in ns.</summary>
    public Histogram FlipToCommit { get; } = new();

    /// <summary>Counts a commit with an image, made <paramref name="flipToCommit"/> ns after its flip.</summary>
    public void CountCommit(long flipToCommit, bool isRepeat)
    {
        Committed++;
        if (isRepeat)
            Repeated++;
        FlipToCommit.Add(flipToCommit);
    }
}
