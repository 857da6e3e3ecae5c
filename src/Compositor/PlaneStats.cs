namespace Guestplane.Compositor;

/// <summary>What became of a plane's flips. Flips that could not be shown are in none of the others; one may still wait.</summary>
internal sealed class PlaneStats
{
    /// <summary>Flips that the guest made.</summary>
    public long Flips { get; set; }

    /// <summary>Commits with an image.</summary>
    public long Committed { get; set; }

    /// <summary>Those of them that no flip asked for: an image that is on another rung now, or that the host has not shown.</summary>
    public long Repeated { get; set; }

    /// <summary>Flips that a newer one overtook before they could be committed.</summary>
    public long Coalesced { get; set; }

    /// <summary>dma-bufs that the host was asked to import.</summary>
    public int Imports { get; set; }

    /// <summary>wl_buffers that came of it, on any rung.</summary>
    public int BuffersMade { get; set; }

    /// <summary>Bytes of guest pixels that our CPU has copied.</summary>
    public long CopiedBytes { get; set; }

    public Histogram FlipToCommit { get; } = new();
}
