using System.Globalization;

namespace Guestplane.Compositor;

/// <summary>What a run must have come to: <c>presented=95%,zero-copy=95%,transport=dmabuf</c>.</summary>
internal sealed record Requirements(double? Presented, double? ZeroCopy, Transport? Transport)
{
    public const string Help = "presented=N%,zero-copy=N%,transport=dmabuf|shm|copy";

    public static readonly Requirements None = new(null, null, null);

    /// <exception cref="ExitException">Usage: it is not of that form.</exception>
    public static Requirements Parse(string text)
    {
        var result = None;
        foreach (var word in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = word.Split('=', 2);
            result = (parts[0], parts.ElementAtOrDefault(1)) switch
            {
                ("presented", { } percent) => result with { Presented = Percent(percent) },
                ("zero-copy", { } percent) => result with { ZeroCopy = Percent(percent) },
                ("transport", "dmabuf") => result with { Transport = Compositor.Transport.DmaBuf },
                ("transport", "shm") => result with { Transport = Compositor.Transport.Shm },
                ("transport", "copy") => result with { Transport = Compositor.Transport.Copy },
                _ => throw new ExitException(ExitCode.Usage, $"\"{word}\" is no requirement; the form is {Help}."),
            };
        }
        return result;
    }

    /// <summary>A sentence for each that a head does not meet. Presented counts of the commits, zero-copy of those presented.</summary>
    public IEnumerable<string> Unmet(Screen screen)
    {
        var (stats, presentation) = (screen.Primary.Stats, screen.Presentation);
        if (Share(presentation.Presented, stats.Committed) is var presented && presented < Presented)
            yield return $"{presented:0.0} % of the commits were presented, and --require wants {Presented} %.";
        if (Share(presentation.ZeroCopy, presentation.Presented) is var zeroCopy && zeroCopy < ZeroCopy)
            yield return $"{zeroCopy:0.0} % of the presented frames were zero-copy, and --require wants {ZeroCopy} %.";
        if (Transport is { } wanted && screen.Primary.Step?.Transport != wanted)
            yield return $"The primary plane went by {screen.Primary.Step?.Transport.Spelled() ?? "nothing"}, and --require wants {wanted.Spelled()}.";
    }

    private static double Share(long part, long whole) => whole == 0 ? 0 : 100.0 * part / whole;

    private static double Percent(string text) =>
        double.TryParse(text.TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 100
            ? value : throw new ExitException(ExitCode.Usage, $"\"{text}\" is no percentage.");
}
