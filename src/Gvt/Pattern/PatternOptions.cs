using System.Globalization;

namespace Guestplane.Gvt.Pattern;

/// <summary>The kind of memory of the test pattern's images.</summary>
public enum PatternMemory
{
    /// <summary>The first of the others that this machine has.</summary>
    Auto,

    /// <summary>/dev/udmabuf over a memfd, as virtio-gpu's blob resources.</summary>
    Udmabuf,

    /// <summary>/dev/dma_heap/system.</summary>
    Heap,

    /// <summary>
    /// Plain shared memory. It is not a dma-buf, but some compositors with software rendering import it as one.
    /// </summary>
    Memfd,
}

/// <summary>The options of the test pattern: <c>pattern[:KEY=VALUE,…]</c>.</summary>
public sealed record PatternOptions
{
    public const string Help =
        "pattern[:size=WxH,format=XR24|AR24|XB24|AB24|RG16|XR30|NV12|P010|YUYV,color=bt601|bt709|bt2020[-full],rate=HZ," +
        "buffers=N,in-place,cursor|no-cursor,memory=auto|udmabuf|heap|memfd,fence=MS[/N],heads=N,still,polled]";

    /// <summary>Completions for a shell: each option with its words, or up to where its value begins.</summary>
    public static IEnumerable<string> Words =>
        from option in Help[(Help.IndexOf(':') + 1)..^1].Split(',')
        let parts = option.Split('=')
        from word in parts is [var key, var values]
            ? values.Contains('|') ? values.Split('[')[0].Split('|').Select(value => $"{key}={value}") : [$"{key}="]
            : option.Split('|')
        select word;

    public int Width { get; init; } = 1024;

    public int Height { get; init; } = 768;

    public Fourcc Format { get; init; } = Fourcc.Xrgb8888;

    /// <summary>What the values of a Y'CbCr format mean; null for the usual one of the size.</summary>
    public ColorModel? Color { get; init; }

    /// <summary>Flips per second.</summary>
    public double Rate { get; init; } = 60;

    /// <summary>The number of buffers to flip between; with 1 it draws into the visible buffer.</summary>
    public int Buffers { get; init; } = 3;

    public bool Cursor { get; init; } = true;

    public PatternMemory Memory { get; init; }

    /// <summary>The fence of every N-th frame signals this many ms after its flip, like a slow GPU's (0: no fences).</summary>
    public (int Milliseconds, int Every) Fence { get; init; } = (0, 1);

    /// <summary>The number of displays; all show the same.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Draws each image once and then only flips, so that only the cost of showing is measured.</summary>
    public bool Still { get; init; }

    /// <summary>True if it does not report its flips, so that it must be polled, as a vGPU.</summary>
    public bool IsPolled { get; init; }

    private const int MinSide = 64, MaxBuffers = 16, MaxHeads = 64, MaxFenceMs = 60_000, MaxFenceEvery = 100_000;
    private const double MinRate = 0.01, MaxRate = 1000;

    /// <summary>Parses the text after "pattern:".</summary>
    /// <exception cref="SourceException">An option is not valid. The sentence names it, and what it takes.</exception>
    public static PatternOptions Parse(string text)
    {
        var (options, seen) = (new PatternOptions(), new HashSet<string>());
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var parts = word.Split('=', 2);
            var (key, value) = (parts[0], parts.ElementAtOrDefault(1));
            if (key.Length == 0)
                throw Usage($"has an empty option in \"{text}\"; its form is {Help}");
            if (!seen.Add(Setting(key)))
                throw Usage($"is given {Setting(key)} more than once in \"{text}\"");
            options = With(options, key, value ?? "") ?? throw (Limits(key) is { } limits
                ? Usage($"takes {limits}, and not {(value is null ? $"\"{key}\" alone" : $"\"{word}\"")}")
                : Usage($"has no option \"{word}\"; its form is {Help}"));
        }
        return options;
    }

    private static SourceException Usage(string clause) => new(SourceFault.Usage, $"The test pattern {clause}.");

    /// <summary>What a key sets: two keys may set the same.</summary>
    private static string Setting(string key) => key switch
    {
        "in-place" => "buffers",
        "no-cursor" => "cursor",
        _ => key,
    };

    /// <summary>What a key takes; null if there is no such key.</summary>
    private static string? Limits(string key) => key switch
    {
        "size" => $"size=WIDTHxHEIGHT from {MinSide}x{MinSide} to {PlaneLayout.MaxSide}x{PlaneLayout.MaxSide}",
        "format" => "format=XR24, AR24, XB24, AB24, RG16, XR30, NV12, P010 or YUYV",
        "color" => $"color=bt601, bt709 or bt2020, or one of them with -full",
        "rate" => $"rate=HZ from {Invariant(MinRate)} to {Invariant(MaxRate)}",
        "buffers" => $"buffers=N from 1 to {MaxBuffers}",
        "memory" => "memory=auto, udmabuf, heap or memfd",
        "fence" => $"fence=MS or fence=MS/N, with MS from 1 to {MaxFenceMs} and N from 1 to {MaxFenceEvery}",
        "heads" => $"heads=N from 1 to {MaxHeads}",
        "in-place" or "cursor" or "no-cursor" or "still" or "polled" => $"{key} without a value",
        _ => null,
    };

    private static PatternOptions? With(PatternOptions options, string key, string value) => key switch
    {
        "size" when Size(value) is var (width, height) => options with { Width = width, Height = height },
        "format" when value.Length == 4 && PatternPainter.Supports(Fourcc.Of(value)) =>
            options with { Format = Fourcc.Of(value) },
        "color" when ColorModel.Parse(value) is { Siting: ChromaSiting.Unset } model => options with { Color = model },
        "rate" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate)
            && rate is >= MinRate and <= MaxRate => options with { Rate = rate },
        "buffers" when Number(value, MaxBuffers) is { } buffers => options with { Buffers = buffers },
        "in-place" when value == "" => options with { Buffers = 1 },
        "cursor" when value == "" => options with { Cursor = true },
        "no-cursor" when value == "" => options with { Cursor = false },
        "memory" when Enum.TryParse<PatternMemory>(value, ignoreCase: true, out var memory) && !char.IsDigit(value[0]) =>
            options with { Memory = memory },
        "heads" when Number(value, MaxHeads) is { } heads => options with { Heads = heads },
        "still" when value == "" => options with { Still = true },
        "polled" when value == "" => options with { IsPolled = true },
        "fence" when FenceOf(value) is { } fence => options with { Fence = fence },
        _ => null,
    };

    private static (int Milliseconds, int Every)? FenceOf(string text)
    {
        var parts = text.Split('/');
        return parts.Length <= 2 && Number(parts[0], MaxFenceMs) is { } late
            && Number(parts.ElementAtOrDefault(1) ?? "1", MaxFenceEvery) is { } every ? (late, every) : null;
    }

    private static (int Width, int Height)? Size(string text)
    {
        var parts = text.Split('x');
        return parts.Length == 2 && Number(parts[0], PlaneLayout.MaxSide, MinSide) is { } width
            && Number(parts[1], PlaneLayout.MaxSide, MinSide) is { } height ? (width, height) : null;
    }

    private static int? Number(string text, int most, int least = 1) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number : null;

    private static string Invariant(double number) => number.ToString(CultureInfo.InvariantCulture);
}
