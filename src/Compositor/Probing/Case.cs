using System.Globalization;
using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>How a case's window lies on the display.</summary>
internal enum WindowMode
{
    Fullscreen,
    Window,

    /// <summary>Full screen, and the image in its middle, unscaled and smaller.</summary>
    Letterbox,
}

/// <summary>One case of the matrix: what the pattern guest is, and how it is shown.</summary>
internal sealed record Case
{
    /// <summary>What differs from the base case: "format=AR24"; "base" for that itself.</summary>
    public required string Name { get; init; }

    public string Format { get; init; } = "XR24";

    public required (int Width, int Height) Size { get; init; }

    /// <summary>That the guest flips between; with one it draws in place.</summary>
    public int Buffers { get; init; } = 3;

    /// <summary>Flips per second.</summary>
    public required double Rate { get; init; }

    public string Memory { get; init; } = "auto";

    public CursorMode Cursor { get; init; } = CursorMode.None;

    public WindowMode Window { get; init; }

    /// <summary>A guest of the user's in place of the pattern.</summary>
    public string? Guest { get; init; }

    public string Source => Guest ?? string.Create(CultureInfo.InvariantCulture,
        $"pattern:size={Size.Width}x{Size.Height},format={Format},buffers={Buffers},rate={Rate},memory={Memory}{(Cursor == CursorMode.None ? ",no-cursor" : "")}");

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

/// <summary>What came of a case.</summary>
/// <param name="Case">Which.</param>
/// <param name="Problem">Why it was not run; then all else is empty.</param>
internal sealed record CaseResult(Case Case, string? Problem)
{
    public Judgement? Predicted { get; init; }

    /// <summary>By the host's word; null: it does not tell.</summary>
    public Verdict? Told { get; init; }

    /// <summary>By the kernel's; null: not asked.</summary>
    public Verdict? Witness { get; init; }

    /// <summary>The kernel's word, where it was heard; else the host's.</summary>
    public Verdict? Seen => Told is Verdict.Shm or Verdict.Impossible ? Told : Witness ?? Told;

    /// <summary>Prediction, host and kernel contradict each other.</summary>
    public bool IsWrong => Seen is { } seen && ((Predicted is { Verdict: not Verdict.Unknown } predicted && predicted.Verdict != seen)
        || (Told is { } told && told != seen));

    public Transport? Transport { get; init; }

    public string? Format { get; init; }

    public string? Modifier { get; init; }

    public FrameNumbers Numbers { get; init; } = new([], 1);

    public IReadOnlyList<Frame> Frames { get; init; } = [];

    /// <summary>ns.</summary>
    public long Refresh { get; init; }

    public PlaneStats Flips { get; init; } = new();

    public int Resends { get; init; }

    /// <summary>Sentences of --require.</summary>
    public IReadOnlyList<string> Unmet { get; init; } = [];

    public bool Failed => Problem is null && (IsWrong || Unmet.Count > 0);
}
