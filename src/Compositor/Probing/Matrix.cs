namespace Guestplane.Compositor.Probing;

/// <summary>The axes of the matrix, each with the values to try; the cases vary one at a time from the first values.</summary>
internal sealed record Matrix
{
    public IReadOnlyList<string> Formats { get; init; } = [];

    public IReadOnlyList<(int Width, int Height)> Sizes { get; init; } = [];

    public IReadOnlyList<int> Buffers { get; init; } = [];

    public IReadOnlyList<CursorMode> Cursors { get; init; } = [];

    public IReadOnlyList<WindowMode> Windows { get; init; } = [];

    public IReadOnlyList<double> Rates { get; init; } = [];

    public IReadOnlyList<string> Memories { get; init; } = [];

    /// <summary>Nothing was chosen.</summary>
    public bool IsEmpty => Formats.Count + Sizes.Count + Buffers.Count + Cursors.Count + Windows.Count + Rates.Count + Memories.Count == 0;

    /// <summary>All axes.</summary>
    public static Matrix Whole((int Width, int Height) display, double rate) => new()
    {
        Formats = ["XR24", "AR24", "XB24", "AB24", "RG16", "XR30", "NV12"],
        Sizes = [(640, 480), (Even(display.Width * 5 / 4), Even(display.Height * 5 / 4))],
        Buffers = [1, 2, 4],
        Cursors = [CursorMode.Subsurface, CursorMode.Pointer],
        Windows = [WindowMode.Window, WindowMode.Letterbox],
        Rates = [rate / 2, rate * 2],
        Memories = ["udmabuf", "heap"],
    };

    /// <summary>What hosts differ in most.</summary>
    public static Matrix Quick => new()
    {
        Formats = ["AR24"],
        Cursors = [CursorMode.Subsurface],
        Windows = [WindowMode.Window, WindowMode.Letterbox],
    };

    /// <summary>The base case, and one for each other value of an axis.</summary>
    public IEnumerable<Case> Cases((int Width, int Height) display, double rate)
    {
        var plain = new Case { Name = "base", Size = display, Rate = rate };
        yield return plain;
        foreach (var format in Formats.Where(format => format != plain.Format))
            yield return plain with { Name = $"format={format}", Format = format };
        foreach (var size in Sizes.Where(size => size != display))
            yield return plain with { Name = $"size={size.Width}x{size.Height}", Size = size };
        foreach (var buffers in Buffers.Where(buffers => buffers != plain.Buffers))
            yield return plain with { Name = buffers == 1 ? "in-place" : $"buffers={buffers}", Buffers = buffers };
        foreach (var cursor in Cursors.Where(cursor => cursor != plain.Cursor))
            yield return plain with { Name = $"cursor={Spelled(cursor)}", Cursor = cursor };
        foreach (var window in Windows.Where(window => window != plain.Window))
            yield return plain with { Name = Spelled(window), Window = window, Size = (Even(display.Width * 3 / 4), Even(display.Height * 3 / 4)) };
        foreach (var other in Rates.Where(other => other != rate))
            yield return plain with { Name = $"rate={other:0.##}", Rate = other };
        foreach (var memory in Memories)
            yield return plain with { Name = $"memory={memory}", Memory = memory };
    }

    private static string Spelled<T>(T word) where T : struct, Enum => word.ToString().ToLowerInvariant();

    /// <summary>NV12's second plane has half the pixels.</summary>
    private static int Even(int pixels) => Math.Max(64, pixels / 2 * 2);
}
