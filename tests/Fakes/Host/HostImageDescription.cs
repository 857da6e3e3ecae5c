namespace Guestplane.Tests.Fakes;

/// <summary>What becomes of a client's image description.</summary>
public enum DescriptionAnswer
{
    Ready,

    /// <summary>Ready when <see cref="FakeHost.AnswerDescriptions"/> is called.</summary>
    Held,

    Failed,

    /// <summary>Failed, and then ready all the same.</summary>
    Both,
}

/// <summary>What the compositor knows of colours (color-management-v1, whose numbers these are).</summary>
public sealed record HostColorSupport
{
    public const uint Parametric = 1, St2084Pq = 11, Srgb = 1, Bt2020 = 6;

    public IReadOnlyList<uint> Features { get; init; } = [Parametric];

    public IReadOnlyList<uint> Curves { get; init; } = [2, St2084Pq];

    public IReadOnlyList<uint> Primaries { get; init; } = [Srgb, Bt2020];

    public DescriptionAnswer Answer { get; init; }

    /// <summary>The description of the output: the curve, the primaries, and the largest and the reference luminance in cd/m².</summary>
    public (uint Curve, uint Primaries, uint Max, uint Reference) Output { get; init; } = (2, Srgb, 80, 80);
}

internal sealed class HostColorManagement(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint UnsupportedFeature = 0, SurfaceExists = 1;

    public override void Bound()
    {
        Send("supported_intent", HostColorManagedSurface.Perceptual);
        foreach (var feature in Host.Setup.ColorSupport.Features)
            Send("supported_feature", feature);
        foreach (var curve in Host.Setup.ColorSupport.Curves)
            Send("supported_tf_named", curve);
        foreach (var primaries in Host.Setup.ColorSupport.Primaries)
            Send("supported_primaries_named", primaries);
        Send("done");
    }

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "get_surface":
                var surface = request.Object<HostSurface>("surface");
                if (surface.ColorManaged is not null)
                    throw Fault(SurfaceExists, $"{surface} already has {surface.ColorManaged}");
                request.New<HostColorManagedSurface>("id").Start(surface);
                break;
            case "create_parametric_creator" when !Host.Setup.ColorSupport.Features.Contains(HostColorSupport.Parametric):
                throw Fault(UnsupportedFeature, request.Name);
        }
    }
}

internal sealed class HostDescriptionCreator(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint IncompleteSet = 0, AlreadySet = 1, InvalidCurve = 3, InvalidPrimaries = 4;

    private uint? _curve, _primaries;

    public override void Handle(Request request)
    {
        switch (request.Name)
        {
            case "set_tf_named":
                _curve = Once(_curve, request.UInt("tf"), Host.Setup.ColorSupport.Curves, InvalidCurve);
                break;
            case "set_primaries_named":
                _primaries = Once(_primaries, request.UInt("primaries"), Host.Setup.ColorSupport.Primaries, InvalidPrimaries);
                break;
            case "create":
                if (_curve is not { } curve || _primaries is not { } primaries)
                    throw Fault(IncompleteSet, $"curve {_curve}, primaries {_primaries}");
                request.New<HostImageDescription>("image_description").Start(curve, primaries);
                break;
        }
    }

    private uint Once(uint? before, uint value, IReadOnlyList<uint> known, uint unknown) =>
        before is not null ? throw Fault(AlreadySet, $"{before}, and now {value}")
        : known.Contains(value) ? value : throw Fault(unknown, $"{value}");
}

internal sealed class HostImageDescription(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    private const uint NotReady = 0, NoInformation = 1;

    private bool _hasInformation;

    public bool IsReady { get; private set; }

    /// <summary>"curve, primaries".</summary>
    public string Text { get; private set; } = "";

    public void Start(uint curve, uint primaries)
    {
        const uint Unsupported = 1;
        Text = $"{curve},{primaries}";
        var answer = Host.Setup.ColorSupport.Answer;
        if (answer is DescriptionAnswer.Failed or DescriptionAnswer.Both)
            Send("failed", Unsupported, "too bright");
        if (answer is DescriptionAnswer.Ready or DescriptionAnswer.Both)
            BeReady();
    }

    public void StartOfOutput()
    {
        _hasInformation = true;
        BeReady();
    }

    public void BeReady()
    {
        if (IsReady)
            return;
        IsReady = true;
        if (Version >= 2)
            Send("ready2", 0u, Id);
        else
            Send("ready", Id);
    }

    public override void Handle(Request request)
    {
        if (request.Name != "get_information")
            return;
        if (!IsReady || !_hasInformation)
            throw Fault(IsReady ? NoInformation : NotReady, "no information");
        request.New<HostImageInformation>("information").Tell();
    }
}

internal sealed class HostImageInformation(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public void Tell()
    {
        var (curve, primaries, max, reference) = Host.Setup.ColorSupport.Output;
        Send("primaries", 640000, 330000, 300000, 600000, 150000, 60000, 312700, 329000);
        Send("primaries_named", primaries);
        Send("tf_named", curve);
        Send("luminances", 2000u, max, reference);
        Send("done");
        Client.Remove(this);
    }
}

internal sealed class HostColorManagedOutput(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public override void Handle(Request request)
    {
        if (request.Name == "get_image_description")
            request.New<HostImageDescription>("image_description").StartOfOutput();
    }
}

internal sealed class HostColorManagedSurface(HostClient client, InterfaceModel model, uint id, int version)
    : HostObject(client, model, id, version)
{
    public const uint Perceptual = 0;

    private const uint RenderIntent = 0, ImageDescription = 1, Inert = 2;

    private HostSurface? _surface;

    public void Start(HostSurface surface)
    {
        _surface = surface;
        surface.ColorManaged = this;
    }

    public void SurfaceGone() => _surface = null;

    public override void Handle(Request request)
    {
        if (request.Name == "destroy")
            return;
        if (_surface is null)
            throw Fault(Inert, "the surface is gone");
        if (request.Name == "unset_image_description")
        {
            _surface.Pending.Description = "";
            return;
        }
        var description = request.Object<HostImageDescription>("image_description");
        if (!description.IsReady)
            throw Fault(ImageDescription, $"{description} is not ready");
        if (request.UInt("render_intent") != Perceptual)
            throw Fault(RenderIntent, $"{request.UInt("render_intent")}");
        _surface.Pending.Description = description.Text;
    }

    protected override void Freed()
    {
        if (_surface is null)
            return;
        _surface.ColorManaged = null;
        _surface.Pending.Description = "";
    }
}
