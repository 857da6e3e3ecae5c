using System.Globalization;

namespace Guestplane.Compositor;

/// <summary>What --require demands of a run: <c>presented=95%,zero-copy=95%,c2p-p99=20ms,transport=dmabuf</c>.</summary>
internal sealed class Requirements
{
    public const string Help = "presented=N%,zero-copy=N%,f2c|c2p|f2p-p50|p95|p99=Nms,missed=N,transport=dmabuf|shm|copy";

    public static readonly Requirements None = new([]);

    private const double NsPerMs = 1e6;
    private readonly Func<HeadResult, string?>[] _problems;

    private Requirements(Func<HeadResult, string?>[] problems) => _problems = problems;

    /// <summary>True if at least one requirement was given.</summary>
    public bool IsGiven => _problems.Length > 0;

    /// <exception cref="ExitException">Usage: the text does not have that form.</exception>
    public static Requirements Parse(string text)
    {
        var words = text.Split(',', StringSplitOptions.RemoveEmptyEntries);
        return new([.. (words.Length > 0 ? words : [text]).Select(word => Problem(word)
            ?? throw new ExitException(ExitCode.Usage, $"\"{word}\" is no requirement; the form is {Help}."))]);
    }

    /// <inheritdoc cref="Unmet(HeadResult)"/>
    /// <param name="heads">None if nothing was shown at all.</param>
    public IEnumerable<string> Unmet(IReadOnlyList<HeadResult> heads) => heads.Count > 0 || !IsGiven
        ? heads.SelectMany(Unmet)
        : ["Nothing was shown, and --require has conditions."];

    /// <summary>A sentence per unmet requirement. zero-copy is a share of the presented frames, not of commits.</summary>
    public IEnumerable<string> Unmet(HeadResult head) => _problems.Select(problem => problem(head)).OfType<string>();

    private static Func<HeadResult, string?>? Problem(string word)
    {
        var parts = word.Split('=', 2);
        var wanted = parts.ElementAtOrDefault(1) ?? "";
        return parts[0] switch
        {
            "presented" when Number(wanted, "%", 100) is { } least => head => Short(
                head.Committed == 0 ? 0 : 100.0 * head.Presented / head.Committed, least, "of the commits were presented"),
            "zero-copy" when Number(wanted, "%", 100) is { } least => head => head.IsZeroCopyReported
                ? Short(head.ZeroCopyShare ?? 0, least, "of the presented frames were zero-copy")
                : head.IsScannedOut == true ? null : NotTold(word, head.IsScannedOut),
            "missed" when Number(wanted, "", long.MaxValue) is { } most => head => head.Presented == 0 ? NotReported(word)
                : head.Missed <= most ? null : $"{head.Missed} vblanks were missed, and --require wants {most} at most.",
            "transport" when Transports.Parse(wanted) is not null => head => head.Transport == wanted ? null
                : $"The primary plane went by {head.Transport ?? "nothing"}, and --require wants {wanted}.",
            _ => Latency(word, parts[0], wanted),
        };
    }

    private static Func<HeadResult, string?>? Latency(string word, string name, string wanted)
    {
        var parts = name.Split("-p", 2);
        if (Durations(parts[0]) is not { } durations || parts.ElementAtOrDefault(1) is not ("50" or "95" or "99")
            || Number(wanted, "ms", 1e9) is not { } most)
            return null;
        var percent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        return head => durations(head).Of(percent) switch
        {
            null => NotReported(word),
            { } measured when measured / NsPerMs > most =>
                $"{name} is {measured / NsPerMs:0.0} ms, and --require wants {most} ms at most.",
            _ => null,
        };
    }

    private static Func<HeadResult, Percentiles>? Durations(string name) => name switch
    {
        "f2c" => head => head.FlipToCommitNs,
        "c2p" => head => head.CommitToPresentedNs,
        "f2p" => head => head.FlipToPresentedNs,
        _ => null,
    };

    private static string NotTold(string word, bool? isScannedOut) => isScannedOut is not null
        ? $"By the kernel the image is on no plane of the display, and --require wants {word}."
        : $"The compositor does not report which frames were zero-copy, and --require wants {word}: as root, guestplane "
            + "scanout-test reads it from the kernel.";

    private static string NotReported(string word) => $"No frame was presented, and --require wants {word}.";

    private static string? Short(double share, double least, string what) =>
        share >= least ? null : $"{share:0.0} % {what}, and --require wants {least} %.";

    /// <summary>A number from 0 to <paramref name="most"/>, with or without its unit.</summary>
    private static double? Number(string text, string unit, double most)
    {
        var digits = unit.Length > 0 && text.EndsWith(unit, StringComparison.Ordinal) ? text[..^unit.Length] : text;
        var isNumber = double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        return isNumber && value >= 0 && value <= most ? value : null;
    }
}
