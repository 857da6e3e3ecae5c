using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>What an output takes the values of its pixels for, as the compositor describes it. JSON: doc/probe.md.</summary>
/// <param name="Curve">Of color-management-v1, in lower case and without underscores. Null if it has no name.</param>
/// <param name="Primaries">The same. Null if they have no name.</param>
/// <param name="MaxLuminance">Of the description, in cd/m². Null if it was not sent.</param>
/// <param name="ReferenceLuminance">That of white in images of standard range, in cd/m². Null if it was not sent.</param>
internal sealed record OutputColor(string? Curve, string? Primaries, uint? MaxLuminance, uint? ReferenceLuminance) : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
        [("curve", Curve), ("primaries", Primaries), ("maxLuminance", MaxLuminance), ("referenceLuminance", ReferenceLuminance)];

    /// <summary>True if the curve is that of HDR10.</summary>
    public bool IsPq => Curve == WpColorManagerV1TransferFunction.St2084Pq.Spelled();

    public override string ToString() => $"{Curve ?? "unnamed curve"}, {Primaries ?? "unnamed primaries"}"
        + (MaxLuminance is { } most ? $", at most {most} cd/m²" : "");

    /// <summary>Asks for the descriptions of all outputs. One that is not told at once is left out.</summary>
    public static Dictionary<Output, OutputColor> Ask(Host host, Loop loop)
    {
        var colors = new Dictionary<Output, OutputColor>();
        if (host.Globals.BindColorManager() is not { } manager)
            return colors;
        foreach (var output in host.Globals.Outputs)
        {
            var description = manager.GetOutput(output.Proxy).GetImageDescription();
            description.Ready += (_, _) => Read();
            description.Ready2 += (_, _) => Read();

            void Read()
            {
                if (!colors.TryAdd(output, new(null, null, null, null)))
                    return;
                var information = description.GetInformation();
                information.TfNamed += (_, e) => colors[output] = colors[output] with { Curve = Name(e.Tf) };
                information.PrimariesNamed += (_, e) => colors[output] = colors[output] with { Primaries = Name(e.Primaries) };
                information.Luminances += (_, e) =>
                    colors[output] = colors[output] with { MaxLuminance = e.MaxLum, ReferenceLuminance = e.ReferenceLum };
            }
        }
        try
        {
            // For the descriptions, which are ready at once, and for what they say.
            host.RoundTrip(loop);
            host.RoundTrip(loop);
        }
        catch (Exception e) when (e is WaylandException or ExitException)
        {
            // It is the last question: what was seen before is reported all the same.
            return colors;
        }
        return colors;
    }

    private static string? Name<T>(T word) where T : struct, Enum => Enum.IsDefined(word) ? word.Spelled() : null;
}
