using Guestplane.Gvt;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>Everything that is seen of one head while it is shown: its frames, what the host told of its surface, and the second witness.</summary>
internal sealed class Watch
{
    /// <summary>A minute at 240 Hz; later frames are counted and not kept.</summary>
    private const int MaxFrames = 15_000;

    /// <summary>Of the frames presented, so many must be by zero copy to call it scanout, and at most the rest to call it composited.</summary>
    private const double Nearly = 0.9;

    private readonly HashSet<(Fourcc Format, Modifier Modifier)> _scanoutFormats = [];
    private int _tellings;

    public Watch(Screen screen)
    {
        Screen = screen;
        screen.Presentation.Answered += OnAnswered;
        if (screen.Feedback is { } feedback)
            feedback.Changed += () => Look(feedback);
    }

    public Screen Screen { get; }

    public List<Frame> Frames { get; } = new(1024);

    /// <summary>Null: the host tells nothing of surfaces.</summary>
    public bool? HasScanoutTranche { get; private set; }

    /// <summary>A tranche for scanout had what is shown, at some time: hosts tell such a tranche only while they could scan out.</summary>
    public bool IsInScanoutTranche => Screen.Primary is { LastScanout: { } shown, Step: { } step } && _scanoutFormats.Contains((step.Format, shown.Layout.Modifier));

    public bool IsOtherDevice { get; private set; }

    /// <summary>How often the host has told its tranches anew.</summary>
    public int Resends => Math.Max(0, _tellings - 1);

    /// <summary>Of the last frame that was presented.</summary>
    public WpPresentationFeedbackKind? Kind { get; private set; }

    /// <summary>Looks at DRM's state, and how many of them saw the plane's framebuffer on a hardware plane.</summary>
    public (int Looks, int Scanouts) Witness { get; private set; }

    /// <summary>One look at the cards.</summary>
    public void Ask(DrmState state)
    {
        if (Screen.Primary.Shown is { } shown && state.IsOnPlane(shown.Width, shown.Height) is { } isOnPlane)
            Witness = (Witness.Looks + 1, Witness.Scanouts + (isOnPlane ? 1 : 0));
    }

    /// <summary>By the kernel's word; null without it, or when it says this and that.</summary>
    public Verdict? Witnessed => Witness.Looks == 0 ? null
        : Witness.Scanouts >= Witness.Looks * Nearly ? Verdict.Scanout
        : Witness.Scanouts <= Witness.Looks * (1 - Nearly) ? Verdict.Composited : null;

    /// <summary>By the host's word: of the later half of the frames, for a host makes up its mind while it shows the first. Null: it does not tell.</summary>
    public Verdict? Told(HostFacts host) => Screen.Primary.Step?.Transport switch
    {
        null or Transport.Impossible => Verdict.Impossible,
        Transport.Shm or Transport.Copy => Verdict.Shm,
        _ when !host.TellsZeroCopy => null,
        _ => Share([.. Frames.Where(frame => !frame.IsDiscarded)]),
    };

    private static Verdict? Share(List<Frame> presented)
    {
        var late = presented.Skip(presented.Count / 2).ToList();
        var share = late.Count(frame => frame.IsZeroCopy) / (double)Math.Max(1, late.Count);
        return late.Count == 0 ? null : share >= Nearly ? Verdict.Scanout : share <= 1 - Nearly ? Verdict.Composited : null;
    }

    private void OnAnswered(Frame frame)
    {
        if (!frame.IsDiscarded)
            Kind = frame.Kind;
        if (Frames.Count < MaxFrames)
            Frames.Add(frame);
    }

    private void Look(Feedback feedback)
    {
        _tellings++;
        var scanout = feedback.Tranches.Where(tranche => tranche.Scanout).ToList();
        HasScanoutTranche = HasScanoutTranche == true || scanout.Count > 0;
        if (scanout.Count == 0)
            return;
        foreach (var tranche in scanout)
            _scanoutFormats.UnionWith(tranche.Formats);
        IsOtherDevice = scanout.TrueForAll(tranche => IsOther(tranche.Device, feedback.MainDevice));
    }

    /// <summary>A GPU's primary and render node differ in dev_t; the driver tells whether it is another kind of device.</summary>
    private static bool IsOther(ulong scanout, ulong main) =>
        scanout != main && DrmCard.Find(scanout)?.Driver is { } driver && DrmCard.Find(main)?.Driver is { } drawing && driver != drawing;
}
