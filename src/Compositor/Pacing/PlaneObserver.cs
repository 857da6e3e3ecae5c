using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>Notified in order of what happens to one plane. Must not allocate. Times are CLOCK_MONOTONIC, ns.</summary>
internal abstract class PlaneObserver
{
    /// <summary>Ignores everything.</summary>
    public static PlaneObserver None { get; } = new Nobody();

    /// <summary>A polled guest was polled, and everything that it answered is committed or waits.</summary>
    public virtual void Polled(long from, long to) { }

    /// <summary>The guest flipped the plane. The flip is committed or waits.</summary>
    public virtual void Flipped(in Flip flip) { }

    /// <summary>A newer flip replaced this one before it was committed.</summary>
    public virtual void Overtaken(in Flip flip) { }

    /// <summary>A flip was committed with a wl_buffer, named by its protocol id; 0 if the plane is switched off.</summary>
    public virtual void Committed(in Flip flip, uint buffer, long now) { }

    /// <summary>The compositor has taken a commit: its frame callback came, or it was presented.</summary>
    public virtual void Taken(long now) { }

    /// <summary>The compositor released a wl_buffer, named by its protocol id.</summary>
    public virtual void BufferReleased(uint buffer) { }

    /// <summary>The compositor presented or discarded a commit (wp_presentation_feedback).</summary>
    public virtual void Answered(in Frame frame) { }

    /// <summary>An image is on screen for the first time on this connection, as far as the compositor reports that.</summary>
    public virtual void Seen() { }

    /// <summary>Every commit so far is answered.</summary>
    public virtual void Settled() { }

    /// <summary>The plane uses a transport for the first time, or cannot be shown at all.</summary>
    public virtual void TransportChosen(Scanout scanout, in TransportChoice choice) { }

    /// <summary>The plane now shows an image whose rows are upside down in memory.</summary>
    public virtual void TurnedOver() { }

    /// <summary>The fence of an image that was committed a second ago has not signalled.</summary>
    public virtual void FenceOverdue() { }

    private sealed class Nobody : PlaneObserver;
}
