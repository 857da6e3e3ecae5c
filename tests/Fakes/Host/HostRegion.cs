namespace Guestplane.Tests.Fakes;

public readonly record struct HostRect(int X, int Y, int Width, int Height)
{
    public int Right => X + Width;

    public int Bottom => Y + Height;

    public bool Contains(int x, int y) => x >= X && x < Right && y >= Y && y < Bottom;
}

internal sealed class HostRegion(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private List<HostRect> _rects = [];

    /// <summary>A copy: a surface's region does not change with later requests.</summary>
    public IReadOnlyList<HostRect> Snapshot() => [.. _rects];

    public override void Handle(Request request)
    {
        if (request.Name == "destroy")
            return;
        var rect = new HostRect(request.Int("x"), request.Int("y"), request.Int("width"), request.Int("height"));
        if (rect.Width <= 0 || rect.Height <= 0)
            return;
        _rects = [.. _rects.SelectMany(whole => Subtract(whole, rect))];
        if (request.Name == "add")
            _rects.Add(rect);
    }

    private static IEnumerable<HostRect> Subtract(HostRect whole, HostRect hole)
    {
        var top = Math.Max(whole.Y, hole.Y);
        var bottom = Math.Min(whole.Bottom, hole.Bottom);
        if (top >= bottom || hole.X >= whole.Right || hole.Right <= whole.X)
        {
            yield return whole;
            yield break;
        }
        if (top > whole.Y)
            yield return whole with { Height = top - whole.Y };
        if (bottom < whole.Bottom)
            yield return whole with { Y = bottom, Height = whole.Bottom - bottom };
        if (hole.X > whole.X)
            yield return new HostRect(whole.X, top, hole.X - whole.X, bottom - top);
        if (hole.Right < whole.Right)
            yield return new HostRect(hole.Right, top, whole.Right - hole.Right, bottom - top);
    }
}
