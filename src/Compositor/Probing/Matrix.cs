using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>The axes of the matrix, each with the values to try. Each case differs from the base case on one axis.</summary>
internal sealed record Matrix
{
    public IReadOnlyList<string> Formats { get; init; } = [];

    public IReadOnlyList<(int Width, int Height)> Sizes { get; init; } = [];

    public IReadOnlyList<int> Buffers { get; init; } = [];

    public IReadOnlyList<CursorMode> Cursors { get; init; } = [];

    public IReadOnlyList<WindowMode> Windows { get; init; } = [];

    public IReadOnlyList<double> Rates { get; init; } = [];

    public IReadOnlyList<string> Memories { get; init; } = [];

    /// <summary>True if no value was chosen.</summary>
    public bool IsEmpty =>
        Formats.Count + Sizes.Count + Buffers.Count + Cursors.Count + Windows.Count + Rates.Count + Memories.Count == 0;

    public static Matrix Whole((int Width, int Height) display, double rate) => new()
    {
        Formats = ["XR24", "AR24", "XB24", "AB24", "RG16", "XR30", "NV12", "P010", "YUYV"],
        Sizes = [(640, 480), (Even(display.Width * 5 / 4), Even(display.Height * 5 / 4))],
        Buffers = [1, 2, 4],
        Cursors = [CursorMode.Subsurface, CursorMode.Pointer],
        Windows = [WindowMode.Window, WindowMode.Letterbox],
        Rates = [rate / 2, rate * 2],
        Memories = ["udmabuf", "heap"],
    };

    /// <summary>The values in which compositors differ most.</summary>
    public static Matrix Quick => new()
    {
        Formats = ["AR24"],
        Cursors = [CursorMode.Subsurface],
        Windows = [WindowMode.Window, WindowMode.Letterbox],
    };

    /// <summary>The base case, and one for each other value of an axis.</summary>
    public IEnumerable<Case> Cases((int Width, int Height) display, double rate)
    {
        var @base = new Case { Name = "base", Size = display, Rate = rate, IsAlwaysJudged = true };
        var plain = @base with { IsAlwaysJudged = false };
        var smaller = (Even(display.Width * 3 / 4), Even(display.Height * 3 / 4));
        yield return @base;
        foreach (var format in Formats.Where(format => format != plain.Format))
            yield return plain with { Name = $"format={format}", Format = format };
        foreach (var size in Sizes.Where(size => size != display))
            yield return plain with { Name = $"size={size.Width}x{size.Height}", Size = size };
        foreach (var buffers in Buffers.Where(buffers => buffers != plain.Buffers))
            yield return plain with { Name = buffers == 1 ? "in-place" : $"buffers={buffers}", Buffers = buffers };
        foreach (var cursor in Cursors.Where(cursor => cursor != plain.Cursor))
            yield return plain with { Name = $"cursor={cursor.Spelled()}", Cursor = cursor };
        foreach (var window in Windows.Where(window => window != plain.Window))
            yield return plain with { Name = window.Spelled(), Window = window, Size = smaller };
        foreach (var other in Rates.Where(other => other != rate))
            yield return plain with { Name = $"rate={other:0.##}", Rate = other };
        foreach (var memory in Memories)
            yield return plain with { Name = $"memory={memory}", Memory = memory };
    }

    /// <summary>An even size, as NV12 needs: its second plane is half as wide and half as high.</summary>
    private static int Even(int pixels) => Math.Max(64, pixels / 2 * 2);
}
