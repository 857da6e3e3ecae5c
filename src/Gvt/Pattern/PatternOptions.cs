using System.Globalization;

namespace Guestplane.Gvt.Pattern;

/// <summary>Where the pattern's pixels live.</summary>
public enum PatternMemory
{
    /// <summary>The first of the others that this machine has.</summary>
    Auto,

    /// <summary>/dev/udmabuf over a memfd: what virtio-gpu's blobs are.</summary>
    Udmabuf,

    /// <summary>/dev/dma_heap/system.</summary>
    Heap,

    /// <summary>Plain shared memory: no dma-buf, but some hosts on software rendering take it for one.</summary>
    Memfd,
}

/// <summary>What the built-in guest shows: <c>pattern[:KEY=VALUE,…]</c>.</summary>
public sealed record PatternOptions
{
    public const string Help =
        "pattern[:size=WxH,format=XR24|AR24|XB24|AB24|RG16|NV12|XR30,rate=HZ,buffers=N,in-place,cursor|no-cursor,memory=auto|udmabuf|heap|memfd,fence=MS[/N],heads=N,still]";

    public int Width { get; init; } = 1024;

    public int Height { get; init; } = 768;

    public Fourcc Format { get; init; } = Fourcc.Xrgb8888;

    /// <summary>Flips per second.</summary>
    public double Rate { get; init; } = 60;

    /// <summary>How many the guest flips between; with one it draws in place.</summary>
    public int Buffers { get; init; } = 3;

    public bool Cursor { get; init; } = true;

    public PatternMemory Memory { get; init; }

    /// <summary>Each so-manieth frame is finished so many ms after its flip, as by a GPU (0: none is).</summary>
    public (int Milliseconds, int Every) Fence { get; init; } = (0, 1);

    /// <summary>Displays, all showing the same.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>It flips without drawing, black to black: what that costs is the show's alone.</summary>
    public bool Still { get; init; }

    /// <summary>Parses what comes after "pattern:".</summary>
    /// <exception cref="SourceException">Usage.</exception>
    public static PatternOptions Parse(string text)
    {
        var options = new PatternOptions();
        foreach (var word in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = word.Split('=', 2);
            options = With(options, parts[0], parts.Length == 2 ? parts[1] : "") ??
                throw new SourceException(SourceFault.Usage, $"The pattern guest does not understand \"{word}\"; its form is {Help}.");
        }
        return options;
    }

    private static PatternOptions? With(PatternOptions options, string key, string value) => key switch
    {
        "size" when Size(value) is var (width, height) => options with { Width = width, Height = height },
        "format" when value.Length == 4 && PatternPainter.Supports(Fourcc.Of(value)) => options with { Format = Fourcc.Of(value) },
        "rate" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is >= 0.01 and <= 1000 =>
            options with { Rate = rate },
        "buffers" when int.TryParse(value, out var buffers) && buffers is >= 1 and <= 16 => options with { Buffers = buffers },
        "in-place" when value == "" => options with { Buffers = 1 },
        "cursor" when value == "" => options with { Cursor = true },
        "no-cursor" when value == "" => options with { Cursor = false },
        "memory" when Enum.TryParse<PatternMemory>(value, ignoreCase: true, out var memory) && !char.IsDigit(value[0]) => options with { Memory = memory },
        "heads" when int.TryParse(value, out var heads) && heads is >= 1 and <= 64 => options with { Heads = heads },
        "still" when value == "" => options with { Still = true },
        "fence" when FenceOf(value) is { } fence => options with { Fence = fence },
        _ => null,
    };

    private static (int Milliseconds, int Every)? FenceOf(string text)
    {
        var parts = text.Split('/');
        return parts.Length <= 2 && int.TryParse(parts[0], out var late) && late is >= 1 and <= 60_000
            && int.TryParse(parts.ElementAtOrDefault(1) ?? "1", out var every) && every is >= 1 and <= 100_000 ? (late, every) : null;
    }

    private static (int Width, int Height)? Size(string text)
    {
        var parts = text.Split('x');
        return parts.Length == 2 && int.TryParse(parts[0], out var width) && int.TryParse(parts[1], out var height)
            && width is >= 64 and <= PlaneLayout.MaxSide && height is >= 64 and <= PlaneLayout.MaxSide ? (width, height) : null;
    }
}
