namespace Guestplane.Tests.Fakes;

/// <summary>What a client said of a surface's colours; 0 is unset. The numbers are color-representation-v1's.</summary>
public readonly record struct HostColor(uint Coefficients, uint Range, uint ChromaLocation)
{
    public const uint Identity = 1, Bt709 = 2, Bt601 = 4, Bt2020 = 6, Full = 1, Limited = 2;

    private static readonly uint[] s_yuv = [HostFormat.Code("NV12"), HostFormat.Code("P010")];

    /// <summary>Null if an image of that format may have it. Hyprland takes no other YUV formats than these two.</summary>
    public string? ProblemWith(uint format)
    {
        var is420 = s_yuv.Contains(format);
        return Coefficients > Identity && !is420 ? $"coefficients {Coefficients} of {HostFormat.Text(format)}"
            : ChromaLocation > 0 && !is420 ? $"chroma location {ChromaLocation} of {HostFormat.Text(format)}" : null;
    }
}

internal sealed class HostColorManager(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint SurfaceExists = 1;

    public override void Bound()
    {
        Send("supported_alpha_mode", 0u);
        foreach (var (coefficients, range) in Host.Setup.Colors)
            Send("supported_coefficients_and_ranges", coefficients, range);
        Send("done");
    }

    public override void Handle(Request request)
    {
        if (request.Name != "get_surface")
            return;
        var surface = request.Object<HostSurface>("surface");
        if (surface.ColorObject is not null)
            throw Fault(SurfaceExists, $"{surface} already has {surface.ColorObject}");
        request.New<HostColorSurface>("id").Start(surface);
    }
}

internal sealed class HostColorSurface(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint UnknownCoefficients = 2;
    private const uint PixelFormat = 3;
    private const uint Inert = 4;
    private const uint UnknownChromaLocation = 5;
    private const uint LastChromaLocation = 6;

    private HostSurface? _surface;

    public void Start(HostSurface surface)
    {
        _surface = surface;
        surface.ColorObject = this;
    }

    public void SurfaceGone() => _surface = null;

    public override void Handle(Request request)
    {
        if (request.Name == "destroy")
            return;
        if (_surface is null)
            throw Fault(Inert, "the surface is gone");
        var color = (_surface.Pending.Color ?? _surface.Cached?.Color ?? _surface.Current.Color)!.Value;
        switch (request.Name)
        {
            case "set_coefficients_and_range":
                var (coefficients, range) = (request.UInt("coefficients"), request.UInt("range"));
                if (!Host.Setup.Colors.Contains((coefficients, range)))
                    throw Fault(UnknownCoefficients, $"coefficients {coefficients} and range {range}, which were not offered");
                _surface.Pending.Color = color with { Coefficients = coefficients, Range = range };
                break;
            case "set_chroma_location":
                var location = request.UInt("chroma_location");
                if (location is 0 or > LastChromaLocation)
                    throw Fault(UnknownChromaLocation, $"chroma location {location}");
                _surface.Pending.Color = color with { ChromaLocation = location };
                break;
        }
    }

    public void Committing(SurfaceState next)
    {
        if (next.Buffer!.Value.Value is { } buffer && next.Color!.Value.ProblemWith(buffer.Storage.Format) is { } problem)
            throw Fault(PixelFormat, problem);
    }

    protected override void Freed()
    {
        if (_surface is null)
            return;
        _surface.ColorObject = null;
        _surface.Pending.Color = default(HostColor);
    }
}
