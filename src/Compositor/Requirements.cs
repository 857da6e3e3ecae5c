using System.Globalization;

namespace Guestplane.Compositor;

/// <summary>What a run must have come to: <c>presented=95%,zero-copy=95%,c2p-p99=20ms,transport=dmabuf</c>.</summary>
internal sealed class Requirements
{
    public const string Help = "presented=N%,zero-copy=N%,f2c|c2p|f2p-p50|p95|p99=Nms,missed=N,transport=dmabuf|shm|copy";

    public static readonly Requirements None = new([]);

    private readonly Func<Screen, string?>[] _problems;

    private Requirements(Func<Screen, string?>[] problems) => _problems = problems;

    /// <exception cref="ExitException">Usage: it is not of that form.</exception>
    public static Requirements Parse(string text) => new([.. text.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(word => Problem(word) ?? throw new ExitException(ExitCode.Usage, $"\"{word}\" is no requirement; the form is {Help}."))]);

    /// <summary>A sentence for each that a head does not meet. Presented counts of the commits, zero-copy of those presented.</summary>
    public IEnumerable<string> Unmet(Screen screen) => _problems.Select(problem => problem(screen)).OfType<string>();

    private static Func<Screen, string?>? Problem(string word)
    {
        var parts = word.Split('=', 2);
        var wanted = parts.ElementAtOrDefault(1) ?? "";
        return parts[0] switch
        {
            "presented" when Number(wanted, "%", 100) is { } least => screen => Short(
                Share(screen.Presentation.Presented, screen.Primary.Stats.Committed), least, "of the commits were presented"),
            "zero-copy" when Number(wanted, "%", 100) is { } least => screen => Short(
                Share(screen.Presentation.ZeroCopy, screen.Presentation.Presented), least, "of the presented frames were zero-copy"),
            "missed" when Number(wanted, "", long.MaxValue) is { } most => screen => screen.Presentation.Missed <= most ? null
                : $"{screen.Presentation.Missed} vblanks were missed, and --require wants {most} at most.",
            "transport" when Transports.Parse(wanted) is { } transport => screen => screen.Primary.Step?.Transport == transport ? null
                : $"The primary plane went by {screen.Primary.Step?.Transport.Spelled() ?? "nothing"}, and --require wants {transport.Spelled()}.",
            _ => Latency(parts[0], wanted),
        };
    }

    private static Func<Screen, string?>? Latency(string name, string wanted)
    {
        var parts = name.Split("-p", 2);
        if (Times(parts[0]) is not { } times || parts.ElementAtOrDefault(1) is not ("50" or "95" or "99") || Number(wanted, "ms", 1e9) is not { } most)
            return null;
        var percent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        return screen => times(screen) switch
        {
            { Count: 0 } => $"No frame was presented, and --require wants {name}={wanted}.",
            var histogram when histogram.Percentile(percent) / 1e6 is var measured && measured > most => $"{name} is {measured:0.0} ms, and --require wants {most} ms at most.",
            _ => null,
        };
    }

    private static Func<Screen, Histogram>? Times(string name) => name switch
    {
        "f2c" => screen => screen.Primary.Stats.FlipToCommit,
        "c2p" => screen => screen.Presentation.CommitToPresented,
        "f2p" => screen => screen.Presentation.FlipToPresented,
        _ => null,
    };

    private static string? Short(double share, double least, string what) =>
        share >= least ? null : $"{share:0.0} % {what}, and --require wants {least} %.";

    private static double Share(long part, long whole) => whole == 0 ? 0 : 100.0 * part / whole;

    /// <summary>A number up to <paramref name="most"/>, its unit left out or not.</summary>
    private static double? Number(string text, string unit, double most)
    {
        var digits = unit.Length > 0 && text.EndsWith(unit, StringComparison.Ordinal) ? text[..^unit.Length] : text;
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0 && value <= most ? value : null;
    }
}
