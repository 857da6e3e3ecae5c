using Guestplane.Gvt;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// What a compositor can be told about the colours of Y'CbCr images (color-representation-v1). Without that each chooses by
/// itself, and its renderer and its display may choose differently.
/// </summary>
internal sealed class HostColors
{
    private readonly WpColorRepresentationManagerV1? _manager;
    private readonly List<(ColorMatrix Matrix, ColorRange Range)> _models = [];

    /// <param name="manager">Just bound, so that none of its events is missed; null if the compositor has none.</param>
    public HostColors(WpColorRepresentationManagerV1? manager)
    {
        _manager = manager;
        if (manager is not null)
            manager.SupportedCoefficientsAndRanges += (_, e) => Add(e.Coefficients, e.Range);
    }

    /// <summary>True if a surface can have this model. Where the chroma samples lie can always be said.</summary>
    public bool Knows(ColorModel model) => _models.Contains((model.Matrix, model.Range));

    /// <summary>Why a model cannot be told, as a sentence's end; null if it can.</summary>
    public string? ProblemWith(ColorModel model) => Knows(model) ? null
        : _manager is null ? "the compositor has no wp_color_representation_manager_v1"
        : _models.Count == 0 ? "the compositor only knows the identity of RGB"
        : $"the compositor knows {string.Join(", ", _models.Select(known => new ColorModel(known.Matrix, known.Range)))}";

    /// <summary>A surface's model, from its next commit on, until the result is disposed of and that is committed too.</summary>
    /// <param name="surface">It must have none, and its next image must be Y'CbCr; 4:2:0 if the siting is set.</param>
    /// <param name="model">One that the compositor knows.</param>
    public WpColorRepresentationSurfaceV1 Tell(WlSurface surface, ColorModel model)
    {
        var proxy = _manager!.GetSurface(surface);
        proxy.SetCoefficientsAndRange(
            Coefficients(model.Matrix), model.Range == ColorRange.Full
                ? WpColorRepresentationSurfaceV1Range.Full : WpColorRepresentationSurfaceV1Range.Limited);
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
            if (Coefficients(matrix) == coefficients)
                _models.Add((matrix, range == WpColorRepresentationSurfaceV1Range.Full ? ColorRange.Full : ColorRange.Limited));
    }

    private static WpColorRepresentationSurfaceV1Coefficients Coefficients(ColorMatrix matrix) => matrix switch
    {
        ColorMatrix.Bt601 => WpColorRepresentationSurfaceV1Coefficients.Bt601,
        ColorMatrix.Bt709 => WpColorRepresentationSurfaceV1Coefficients.Bt709,
        _ => WpColorRepresentationSurfaceV1Coefficients.Bt2020,
    };
}
