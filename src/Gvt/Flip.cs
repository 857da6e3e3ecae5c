namespace Guestplane.Gvt;

/// <summary>A layer of a head.</summary>
public enum PlaneKind
{
    Overlay = 0,
    Primary = 1,
    Cursor = 2,
}

/// <summary>A place or an offset in guest pixels.</summary>
public readonly record struct PixelPoint(int X, int Y);

/// <summary>
/// "This plane now shows that scanout, there." A null scanout switches the plane off. <c>Changed</c> is false for a move
/// alone. Time is the guest's moment, CLOCK_MONOTONIC in ns.
/// </summary>
public readonly record struct Flip(PlaneKind Plane, Scanout? Scanout, PixelPoint Position, PixelPoint Hotspot, bool Changed, long Time)
{
    /// <summary>The part of the scanout that is shown, in its memory's pixels; empty: all of it.</summary>
    public Rectangle Crop { get; init; }

    /// <summary>What differs from the image before, in pixels of the image as it is seen; empty: it may be anything.</summary>
    public Rectangle Damage { get; init; }

    /// <summary>Row 0 in memory is the lowest on the screen.</summary>
    public bool IsBottomUp { get; init; }

    /// <summary>What <see cref="Head.Release"/> is to be told of it; 0 for nothing. Later flips have higher ones.</summary>
    public long Ticket { get; init; }

    /// <summary>The shown part, in its memory's pixels.</summary>
    public Rectangle Source => !Crop.IsEmpty ? Crop : Scanout is null ? default : new(0, 0, Scanout.Width, Scanout.Height);

    /// <summary>The shown part in the whole image as it is seen: upright.</summary>
    public Rectangle UprightSource => IsBottomUp ? Source with { Y = Scanout!.Height - Source.Y - Source.Height } : Source;

    /// <summary><see cref="Damage"/> in its memory's pixels, all of the source when it may be anything.</summary>
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

    /// <summary>This flip in place of an earlier one that was not shown: what differs is what either changed.</summary>
    public Flip Over(Flip earlier)
    {
        if (Damage.IsEmpty)
            return this;
        var isSame = earlier.Scanout == Scanout && earlier.Source == Source && !earlier.Damage.IsEmpty;
        return this with { Damage = isSame ? Damage.Union(earlier.Damage) : default };
    }
}
