using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>What a <see cref="Screen"/> is built from.</summary>
internal sealed record ScreenSetup(Loop Loop, Seats Seats, Head Head, ShowOptions Options)
{
    public Host Host => Seats.Host;

    public required string Title { get; init; }

    /// <summary>The vblanks of the head.</summary>
    public Vblanks Vblanks { get; init; } = Vblanks.Of(Seats.Host);

    /// <summary>Notified of what happens to the primary plane.</summary>
    public PlaneObserver Primary { get; init; } = PlaneObserver.None;

    /// <inheritdoc cref="PlaneFrames.Backlog"/>
    public Backlog? Backlog { get; init; }

    /// <summary>Notified of what happens to the cursor plane, whichever way it is shown.</summary>
    public PlaneObserver Cursor { get; init; } = PlaneObserver.None;

    /// <summary>Notified of what happens to the overlay plane.</summary>
    public PlaneObserver Overlay { get; init; } = PlaneObserver.None;

    /// <summary>Told why text cannot be drawn. Null: nothing is written into the window.</summary>
    public Messages? Told { get; init; }

    /// <summary>The head's primary plane on the previous connection: its counters continue.</summary>
    public PlaneSurface? Before { get; init; }
}
