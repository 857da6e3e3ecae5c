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
public readonly record struct Flip(PlaneKind Plane, Scanout? Scanout, PixelPoint Position, PixelPoint Hotspot, bool Changed, long Time);

/// <summary>One display of a guest. Raises its planes' flips, on the loop's thread; whoever listens decides what to do with them.</summary>
public sealed class Head(string name)
{
    /// <summary>Unique in the guest: "0", a console's label.</summary>
    public string Name { get; } = name;

    public event Action<Flip>? Flipped;

    /// <summary>A plane description was refused: one sentence each time a new thing is wrong. The last good image stays.</summary>
    public event Action<string>? Refused;

    public void Raise(Flip flip) => Flipped?.Invoke(flip);

    public void Refuse(string sentence) => Refused?.Invoke(sentence);
}
