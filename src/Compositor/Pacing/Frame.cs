using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>One commit of a primary plane, from the guest's flip to the screen. Times are CLOCK_MONOTONIC in ns.</summary>
/// <param name="Flipped">When the guest flipped; for a polled guest, when the poll found the flip.</param>
/// <param name="Committed">When it was committed.</param>
/// <param name="Presented">The first vblank that showed it; 0 if it was discarded.</param>
/// <param name="Refresh">Time from there to the next vblank; 0 if the compositor does not know it.</param>
/// <param name="Sequence">The compositor's vblank counter; 0 if it has none.</param>
/// <param name="Kind">The flags of wp_presentation_feedback.presented.</param>
internal readonly record struct Frame(
    long Flipped, long Committed, long Presented, long Refresh, ulong Sequence, WpPresentationFeedbackKind Kind)
{
    public bool IsDiscarded => Presented == 0;

    public bool IsZeroCopy => (Kind & WpPresentationFeedbackKind.ZeroCopy) != 0;

    public long FlipToPresented => Presented - Flipped;

    public long CommitToPresented => Presented - Committed;

    /// <summary>
    /// Vblanks that this commit missed; 0 if it was discarded. Compositors may latch a commit up to a whole refresh before the
    /// vblank that shows it, so the first vblank is not counted.
    /// </summary>
    /// <param name="refresh">Time between two vblanks, ns.</param>
    public long MissedVblanks(long refresh) => IsDiscarded ? 0 : Math.Max(0, CommitToPresented / refresh - 1);
}
