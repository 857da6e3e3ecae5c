using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// One commit of a primary plane, from the guest's flip to the glass, as wp_presentation answered it. Moments are
/// CLOCK_MONOTONIC in ns.
/// </summary>
/// <param name="Flipped">The guest's moment; of an asked guest that of its answer.</param>
/// <param name="Committed">wl_surface.commit.</param>
/// <param name="Presented">The vblank that showed it first; 0 when it was discarded.</param>
/// <param name="Refresh">To the next vblank, as the host says; 0 where it does not know.</param>
/// <param name="Sequence">The host's count of vblanks; 0 where it has none.</param>
/// <param name="Kind">How it was presented.</param>
internal readonly record struct Frame(long Flipped, long Committed, long Presented, long Refresh, ulong Sequence, WpPresentationFeedbackKind Kind)
{
    public bool IsDiscarded => Presented == 0;

    public bool IsZeroCopy => (Kind & WpPresentationFeedbackKind.ZeroCopy) != 0;

    public long FlipToPresented => Presented - Flipped;

    public long CommitToPresented => Presented - Committed;
}
