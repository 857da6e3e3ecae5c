namespace Guestplane.Tests.Fakes;

internal readonly record struct Change<T>(T Value);

internal readonly record struct SourceRect(double X, double Y, double Width, double Height);

/// <summary>
/// State of a surface: pending or cached state holds only the changes, current state holds everything. A state that has left
/// pending holds its buffer (<see cref="HostWlBuffer.Hold"/>).
/// </summary>
internal sealed class SurfaceState
{
    public Change<HostWlBuffer?>? Buffer { get; set; }

    public int? Scale { get; set; }

    public int? Transform { get; set; }

    public Change<IReadOnlyList<HostRect>?>? Opaque { get; set; }

    public Change<IReadOnlyList<HostRect>?>? Input { get; set; }

    public Change<SourceRect?>? Source { get; set; }

    public Change<(int Width, int Height)?>? Destination { get; set; }

    public HostColor? Color { get; set; }

    /// <summary>Curve and primaries of the image description; empty for none.</summary>
    public string? Description { get; set; }

    /// <summary>The stack from the bottom up: the children and the surface itself.</summary>
    public List<HostSurface>? Stack { get; set; }

    public Dictionary<HostSubsurface, (int X, int Y)> Positions { get; } = [];

    public List<HostObject> Frames { get; } = [];

    public List<HostPresentationFeedback> Feedbacks { get; } = [];

    public static SurfaceState Initial(HostSurface surface) => new()
    {
        Buffer = new(null),
        Scale = 1,
        Transform = 0,
        Opaque = new(null),
        Input = new(null),
        Source = new(null),
        Destination = new(null),
        Color = default(HostColor),
        Description = "",
        Stack = [surface],
    };

    /// <summary>Merges this, the newer state, over <paramref name="older"/>. Feedback of the older one is superseded.</summary>
    public void MoveOver(SurfaceState older)
    {
        if (Buffer is not null)
            older.Buffer?.Value?.Drop();
        CopyOver(older);
        foreach (var (subsurface, position) in Positions)
            older.Positions[subsurface] = position;
        foreach (var feedback in older.Feedbacks)
            feedback.Discard();
        older.Feedbacks.Clear();
        older.Feedbacks.AddRange(Feedbacks);
        older.Frames.AddRange(Frames);
    }

    /// <summary>The values that would be current if these states were applied in order; nothing is applied.</summary>
    public static SurfaceState Preview(params IEnumerable<SurfaceState?> oldestFirst)
    {
        var sum = new SurfaceState();
        foreach (var state in oldestFirst)
            state?.CopyOver(sum);
        return sum;
    }

    public void Forget(HostSurface child)
    {
        Stack?.Remove(child);
        foreach (var key in Positions.Keys.Where(key => key.Surface == child).ToList())
            Positions.Remove(key);
    }

    private void CopyOver(SurfaceState older)
    {
        older.Buffer = Buffer ?? older.Buffer;
        older.Scale = Scale ?? older.Scale;
        older.Transform = Transform ?? older.Transform;
        older.Opaque = Opaque ?? older.Opaque;
        older.Input = Input ?? older.Input;
        older.Source = Source ?? older.Source;
        older.Destination = Destination ?? older.Destination;
        older.Color = Color ?? older.Color;
        older.Description = Description ?? older.Description;
        older.Stack = Stack ?? older.Stack;
    }
}
