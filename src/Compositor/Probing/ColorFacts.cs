using Guestplane.Gvt;

namespace Guestplane.Compositor.Probing;

/// <summary>
/// What the values of a Y'CbCr image mean, and what they are taken for where it is scanned out: colours that change when a window
/// becomes full screen are a difference between these. JSON: doc/probe.md.
/// </summary>
/// <param name="Meant">By the user's word, or as is usual for the image's size.</param>
/// <param name="IsTold">True if the compositor was told.</param>
/// <param name="Display">
/// What the hardware plane is set to take them for, which the kernel also says where the driver has no choice. Null if the image
/// was not scanned out, or if that was not read.
/// </param>
internal sealed record ColorFacts(ColorModel Meant, bool IsTold, ColorModel? Display) : IJsonObject
{
    public IEnumerable<(string Name, object? Value)> Fields =>
        [("meant", Meant.ToString()), ("told", IsTold), ("display", Display?.ToString()), ("steps", Steps)];

    /// <summary>By how many of 255 steps a colour is off at most where it is scanned out. Null if that is unknown.</summary>
    public int? Steps => Display is { } display ? Meant.StepsTo(display) : null;

    public string Sentence => $"{Meant}, which the compositor {(IsTold ? "was" : "cannot be")} told" + Steps switch
    {
        null => "",
        0 => "; its display is set to the same",
        _ => $"; its display is set to {Display}: up to {Steps} of 255 steps off",
    };

    /// <summary>Null if the last image is not Y'CbCr, or could not be shown.</summary>
    public static ColorFacts? Of(PlaneSurface plane, ColorModel? display) =>
        plane is { LastScanout: { } scanout, Choice.Transport: not Transport.Impossible }
        && plane.Color.Meant(scanout) is { } meant
            ? new(meant, plane.Color.Told(scanout) is not null, display) : null;
}
