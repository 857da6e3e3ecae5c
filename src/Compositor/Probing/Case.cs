using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

internal enum WindowMode
{
    Fullscreen,
    Window,

    /// <summary>Full screen, with a smaller image unscaled in its middle.</summary>
    Letterbox,
}

/// <summary>One case of the matrix: the parameters of the pattern guest, and how it is shown.</summary>
internal sealed record Case
{
    /// <summary>The difference from the base case ("format=AR24"), or "base".</summary>
    public required string Name { get; init; }

    public string Format { get; init; } = "XR24";

    public required (int Width, int Height) Size { get; init; }

    /// <summary>Number of buffers that the guest flips between; with one it draws in place.</summary>
    public int Buffers { get; init; } = 3;

    /// <summary>Flips per second.</summary>
    public required double Rate { get; init; }

    public string Memory { get; init; } = "auto";

    public CursorMode Cursor { get; init; } = CursorMode.None;

    public WindowMode Window { get; init; }

    /// <summary>The guest that the user named. Null if it is the pattern.</summary>
    public string? Guest { get; init; }

    /// <summary>True for the case that --require always judges: the base case of the matrix, and a guest of the user's.</summary>
    public bool IsAlwaysJudged { get; init; }

    public string Source => Guest ?? $"pattern:size={Size.Width}x{Size.Height},format={Format},buffers={Buffers},rate={Rate},"
        + $"memory={Memory}{(Cursor == CursorMode.None ? ",no-cursor" : "")}";

    public ShowOptions Options => new()
    {
        Source = Source,
        Fullscreen = Window != WindowMode.Window,
        Scale = Window == WindowMode.Letterbox ? ScaleMode.Unscaled : ScaleMode.Fit,
        Cursor = Cursor,
        Fixed = true,
        Clipboard = false,
    };
}
