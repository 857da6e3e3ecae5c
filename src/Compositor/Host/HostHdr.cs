using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>Whether the compositor has been told what an HDR image is.</summary>
internal enum HdrState
{
    NotWanted,

    /// <summary>The compositor lists what it supports.</summary>
    Asking,

    /// <summary>It prepares the description.</summary>
    Describing,

    /// <summary>Surfaces can have the description.</summary>
    Ready,

    /// <summary>It cannot be told.</summary>
    Impossible,
}

/// <summary>
/// The description of HDR images that all planes share (color-management-v1): BT.2020 primaries with the PQ curve (SMPTE ST 2084)
/// and its usual luminances, as HDR10 displays take them. Nothing waits for the compositor: it is told with the next commit.
/// </summary>
internal sealed class HostHdr(Globals globals)
{
    [Flags]
    private enum Support
    {
        None,
        Parameters = 1,
        Curve = 2,
        Primaries = 4,
        All = Parameters | Curve | Primaries,
    }

    private WpColorManagerV1? _manager;
    private WpImageDescriptionV1? _description;
    private Support _support;

    public HdrState State { get; private set; }

    /// <summary>Why the compositor cannot be told, as the end of a sentence. Null if it can, or until it is known.</summary>
    public string? Problem { get; private set; }

    /// <summary>The description is ready: images on surfaces must be committed again to have it.</summary>
    public event Action? Ready;

    /// <summary>The compositor cannot be told: <see cref="Problem"/>.</summary>
    public event Action? Failed;

    /// <summary>Begins to tell the compositor; more calls do nothing.</summary>
    public void Want()
    {
        if (State != HdrState.NotWanted)
            return;
        State = HdrState.Asking;
        _manager = globals.BindColorManager();
        if (_manager is null)
        {
            Fail("the compositor has no wp_color_manager_v1");
            return;
        }
        _manager.SupportedFeature += (_, e) => Add(e.Feature == WpColorManagerV1Feature.Parametric, Support.Parameters);
        _manager.SupportedTfNamed += (_, e) => Add(e.Tf == WpColorManagerV1TransferFunction.St2084Pq, Support.Curve);
        _manager.SupportedPrimariesNamed += (_, e) => Add(e.Primaries == WpColorManagerV1Primaries.Bt2020, Support.Primaries);
        _manager.Done += (_, _) => Describe();
    }

    /// <summary>A surface has HDR images from its next commit on, until the result is disposed of, and that committed.</summary>
    /// <param name="surface">It must have none; the state must be <see cref="HdrState.Ready"/>.</param>
    public WpColorManagementSurfaceV1 Tell(WlSurface surface)
    {
        var proxy = _manager!.GetSurface(surface);
        // Every compositor has this intent.
        proxy.SetImageDescription(_description!, WpColorManagerV1RenderIntent.Perceptual);
        return proxy;
    }

    private void Add(bool isSupported, Support part) => _support |= isSupported ? part : Support.None;

    private void Describe()
    {
        if (State != HdrState.Asking)
            return;
        if (_support != Support.All)
        {
            Fail("the compositor does not know BT.2020 with PQ");
            return;
        }
        State = HdrState.Describing;
        var creator = _manager!.CreateParametricCreator();
        creator.SetTfNamed(WpColorManagerV1TransferFunction.St2084Pq);
        creator.SetPrimariesNamed(WpColorManagerV1Primaries.Bt2020);
        _description = creator.Create();
        // 2: ready2 in place of ready.
        _description.Ready += (_, _) => OnReady();
        _description.Ready2 += (_, _) => OnReady();
        _description.Failed += (_, e) => Fail($"the compositor cannot show BT.2020 with PQ ({e.Msg})");
    }

    private void OnReady()
    {
        if (State != HdrState.Describing)
            return;
        State = HdrState.Ready;
        Ready?.Invoke();
    }

    private void Fail(string reason)
    {
        if (State is not (HdrState.Asking or HdrState.Describing))
            return;
        (State, Problem) = (HdrState.Impossible, reason);
        Failed?.Invoke();
    }
}
