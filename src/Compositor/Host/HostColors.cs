using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// What a compositor can be told about the colours of Y'CbCr images (color-representation-v1). Without that each chooses by
/// itself, and its renderer and its display may choose differently.
/// </summary>
internal sealed class HostColors
{
    /// <summary>Hyprland ends the connection of a client that tells the colours of any other YUV format.</summary>
    private static readonly Fourcc[] s_everywhere = [Fourcc.Nv12, Fourcc.P010];

    private readonly WpColorRepresentationManagerV1? _manager;
    private readonly bool _takesAllFormats;
    private readonly List<(ColorMatrix Matrix, ColorRange Range)> _models = [];

    /// <param name="manager">Just bound, so that none of its events is missed; null if the compositor has none.</param>
    /// <param name="family">The compositor's.</param>
    public HostColors(WpColorRepresentationManagerV1? manager, HostFamily family)
    {
        (_manager, _takesAllFormats) = (manager, family.IsKnown());
        if (manager is not null)
            manager.SupportedCoefficientsAndRanges += (_, e) => Add(e.Coefficients, e.Range);
    }

    /// <summary>True if an image of that format can have this model. Where the chroma samples lie can always be said.</summary>
    public bool Knows(ColorModel model, Fourcc format) =>
        _models.Contains((model.Matrix, model.Range)) && (_takesAllFormats || s_everywhere.Contains(format));

    /// <summary>Why a model cannot be told, as a sentence's end; null if it can.</summary>
    public string? ProblemWith(ColorModel model) => Knows(model, Fourcc.Nv12) ? null
        : _manager is null ? "the compositor has no wp_color_representation_manager_v1"
        : _models.Count == 0 ? "the compositor cannot be told the colours of YUV images"
        : $"the compositor can be told {string.Join(", ", _models.Select(known => new ColorModel(known.Matrix, known.Range)))}";

    /// <summary>A surface's model, from its next commit on, until the result is disposed of and that is committed too.</summary>
    /// <param name="surface">It must have none, and its next image must be Y'CbCr; 4:2:0 if the siting is set.</param>
    /// <param name="model">One that the compositor knows for the image's format.</param>
    public WpColorRepresentationSurfaceV1 Tell(WlSurface surface, ColorModel model)
    {
        var proxy = _manager!.GetSurface(surface);
        proxy.SetCoefficientsAndRange(Coefficients(model.Matrix), RangeOf(model.Range));
        if (model.Siting != ChromaSiting.Unset)
            proxy.SetChromaLocation(model.Siting switch
            {
                ChromaSiting.Left => WpColorRepresentationSurfaceV1ChromaLocation.Type0,
                ChromaSiting.Center => WpColorRepresentationSurfaceV1ChromaLocation.Type1,
                _ => WpColorRepresentationSurfaceV1ChromaLocation.Type2,
            });
        return proxy;
    }

    private void Add(WpColorRepresentationSurfaceV1Coefficients coefficients, WpColorRepresentationSurfaceV1Range range)
    {
        foreach (var matrix in Enum.GetValues<ColorMatrix>())
            foreach (var one in Enum.GetValues<ColorRange>())
                if ((Coefficients(matrix), RangeOf(one)) == (coefficients, range))
                    _models.Add((matrix, one));
    }

    private static WpColorRepresentationSurfaceV1Range RangeOf(ColorRange range) => range == ColorRange.Full
        ? WpColorRepresentationSurfaceV1Range.Full : WpColorRepresentationSurfaceV1Range.Limited;

    private static WpColorRepresentationSurfaceV1Coefficients Coefficients(ColorMatrix matrix) => matrix switch
    {
        ColorMatrix.Bt601 => WpColorRepresentationSurfaceV1Coefficients.Bt601,
        ColorMatrix.Bt709 => WpColorRepresentationSurfaceV1Coefficients.Bt709,
        _ => WpColorRepresentationSurfaceV1Coefficients.Bt2020,
    };
}
