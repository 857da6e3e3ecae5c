namespace Guestplane.Gvt;

/// <summary>A layer of a head.</summary>
public enum PlaneKind
{
    Overlay = 0,
    Primary = 1,
    Cursor = 2,
}

/// <summary>A position or an offset in guest pixels.</summary>
public readonly record struct PixelPoint(int X, int Y)
{
    /// <summary>
    /// The farthest position of a plane in guest pixels, twice the largest image. Where flips are made, positions are kept within
    /// it: sums and products with them cannot overflow then.
    /// </summary>
    public const int Farthest = 2 * PlaneLayout.MaxSide;

    /// <summary>The nearest position that is not beyond <see cref="Farthest"/>.</summary>
    public PixelPoint Bounded() => new(Math.Clamp(X, -Farthest, Farthest), Math.Clamp(Y, -Farthest, Farthest));
}

/// <summary>
/// A plane now shows a scanout at a position. A null scanout switches the plane off. <c>Changed</c> is false if only the
/// position changed. <c>Time</c> is when the guest flipped, as far as we know (CLOCK_MONOTONIC, ns).
/// </summary>
public readonly record struct Flip(
    PlaneKind Plane, Scanout? Scanout, PixelPoint Position, PixelPoint Hotspot, bool Changed, long Time)
{
    /// <summary>The visible part of the scanout, in pixels of its memory; empty means all of it.</summary>
    public Rectangle Crop { get; init; }

    /// <summary>
    /// What differs from the previous image, in pixels of the upright image; empty means that anything may differ.
    /// </summary>
    public Rectangle Damage { get; init; }

    /// <summary>True if row 0 in memory is the bottom row on screen.</summary>
    public bool IsBottomUp { get; init; }

    /// <summary>
    /// The value to pass to <see cref="Head.Release"/> for this flip; 0 for none. Tickets of later flips are higher.
    /// </summary>
    public long Ticket { get; init; }

    /// <summary>
    /// True if the ticket is to be released when the image is committed: no guest waits for it, and the next image may come while
    /// this one waits for its frame callback.
    /// </summary>
    public bool IsReleasedAtCommit { get; init; }

    /// <summary>The visible part, in pixels of the memory.</summary>
    public Rectangle Source => !Crop.IsEmpty ? Crop : Scanout is null ? default : new(0, 0, Scanout.Width, Scanout.Height);

    /// <summary>The visible part, in pixels of the upright image.</summary>
    public Rectangle UprightSource => IsBottomUp ? Source with { Y = Scanout!.Height - Source.Y - Source.Height } : Source;

    /// <summary><see cref="Damage"/> in pixels of the memory; all of the source if anything may differ.</summary>
    public Rectangle DamagedSource
    {
        get
        {
            if (Damage.IsEmpty)
                return Source;
            var damage = IsBottomUp ? Damage with { Y = Source.Height - Damage.Y - Damage.Height } : Damage;
            return damage.Offset(Source.X, Source.Y).Intersect(Source);
        }
    }

    /// <summary>This flip in place of an earlier one that was never shown: its damage includes the earlier one's.</summary>
    public Flip Over(Flip earlier)
    {
        if (Damage.IsEmpty)
            return this;
        var isSame = earlier.Scanout == Scanout && earlier.Source == Source && !earlier.Damage.IsEmpty;
        return this with { Damage = isSame ? Damage.Union(earlier.Damage) : default };
    }
}
