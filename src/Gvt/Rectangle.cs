namespace Guestplane.Gvt;

/// <summary>A part of an image or of a window, in pixels from the top left corner.</summary>
public readonly record struct Rectangle(int X, int Y, int Width, int Height)
{
    public bool IsEmpty => Width <= 0 || Height <= 0;

    public Rectangle Intersect(Rectangle other)
    {
        var (x, y) = (Math.Max(X, other.X), Math.Max(Y, other.Y));
        return new(x, y, Math.Min(X + Width, other.X + other.Width) - x, Math.Min(Y + Height, other.Y + other.Height) - y);
    }

    /// <summary>The smallest rectangle that contains both. An empty one contains nothing.</summary>
    public Rectangle Union(Rectangle other)
    {
        if (IsEmpty || other.IsEmpty)
            return IsEmpty ? other : this;
        var (x, y) = (Math.Min(X, other.X), Math.Min(Y, other.Y));
        return new(x, y, Math.Max(X + Width, other.X + other.Width) - x, Math.Max(Y + Height, other.Y + other.Height) - y);
    }

    public Rectangle Offset(int x, int y) => new(X + x, Y + y, Width, Height);
}
