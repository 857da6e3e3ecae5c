using Guestplane.Gvt;
using Guestplane.Linux.Drm;
using Guestplane.Wayland;

namespace Guestplane.Compositor.Probing;

/// <summary>Records one head while it is shown: its frames, its surface's feedback, and the kernel's report.</summary>
internal sealed class Watch : PlaneObserver
{
    /// <summary>A minute at 240 Hz. Later frames are not kept.</summary>
    private const int MaxFrames = 15_000;

    /// <summary>So many answers show where the image goes, even if a newer commit has none yet.</summary>
    private const int EnoughFrames = 8;

    /// <summary>At least this share of zero-copy frames makes it scanout, at most one minus this composited.</summary>
    private const double Nearly = 0.9;

    private readonly HashSet<(Fourcc Format, Modifier Modifier)> _scanoutFormats = [];
    private int _tellings, _framesAtLook;
    private HardwarePlane _onDisplay;

    /// <param name="setup">What to show; this observes its primary plane.</param>
    public Watch(ScreenSetup setup)
    {
        Screen = new Screen(setup with { Primary = PlaneObservers.Of(setup.Primary, this) });
        if (Screen.Feedback is { } feedback)
            feedback.Changed += () => Look(feedback);
    }

    public Screen Screen { get; }

    public List<Frame> Frames { get; } = new(1024);

    /// <summary>True if the feedback has or had a scanout tranche. Null if there is no feedback for surfaces.</summary>
    public bool? HasScanoutTranche { get; private set; }

    /// <summary>True if a scanout tranche had what is shown. Compositors send one only while they could scan out.</summary>
    public bool IsInScanoutTranche => Screen.Primary is { LastScanout: { } shown, Choice: { } choice }
        && _scanoutFormats.Contains((choice.Format, shown.Layout.Modifier));

    /// <summary>True if the scanout tranches belong to another kind of GPU than those that draw.</summary>
    public bool IsOtherDevice { get; private set; }

    /// <summary>How often the compositor sent its tranches again.</summary>
    public int Resends => Math.Max(0, _tellings - 1);

    /// <summary>Flags of the last presented frame. Null if none was presented.</summary>
    public WpPresentationFeedbackKind? Kind { get; private set; }

    /// <summary>How often DRM's state was read, and how often the image was on a hardware plane.</summary>
    public (int Looks, int Scanouts) Witness { get; private set; }

    /// <summary>True if an image of this window is or was on screen, as far as the compositor reports that.</summary>
    public bool IsSeen { get; private set; }

    /// <summary>
    /// False while a compositor that answers is behind: it may be compiling the shaders that this window needs. One that never
    /// answers is judged by the kernel.
    /// </summary>
    public bool IsMeasured =>
        Frames.Count == 0 || Screen.Presentation.Pending == 0 || (Frames.Count >= EnoughFrames && IsAnswered);

    /// <summary>
    /// Reads DRM's state once. Until an image is seen, the planes may show the window of the case before. While the compositor
    /// answers nothing, they may show an image from before it has decided.
    /// </summary>
    /// <param name="state">The kernel's.</param>
    /// <param name="all">Of all heads: two may show images of one size, which the kernel does not tell apart.</param>
    public void ReadState(DrmState state, IReadOnlyList<Watch> all)
    {
        var isBehind = Frames.Count > 0 && Frames.Count == _framesAtLook && Screen.Presentation.Pending > 0;
        _framesAtLook = Frames.Count;
        if (isBehind || !IsSeen || Screen.Primary.Shown is not { } shown)
            return;
        if (state.PlanesWith(shown.Width, shown.Height) is not { } planes)
            return;
        var images = all.Count(watch => watch.IsSeen && watch.Screen.Primary.Shown is { } other
            && (other.Width, other.Height) == (shown.Width, shown.Height));
        var areShown = DrmState.AreAllShown(planes.Count, images);
        if (areShown is { } isShown)
            Witness = (Witness.Looks + 1, Witness.Scanouts + (isShown ? 1 : 0));
        // Two that differ may be the other head's.
        _onDisplay = areShown == true && planes.DistinctBy(plane => (plane.Format, plane.Color)).Take(2).ToList() is [var only]
            ? only : default;
    }

    /// <summary>
    /// False if most commits have no answer: a compositor that compiles its shaders for the cursor still shows the first frame,
    /// which had none. One that never answers is judged by the kernel.
    /// </summary>
    private bool IsAnswered =>
        Frames.Count == 0 || 2 * Frames.Count >= Math.Min(MaxFrames, Screen.Primary.Stats.Committed);

    /// <summary>What compositor and kernel report about the primary plane's image.</summary>
    public Observation Observe(HostFacts host) => new(Told(host), Witnessed)
    {
        Color = ColorFacts.Of(Screen.Primary, DisplayColor),
    };

    /// <summary>What the display takes the last image's values for. Null if it did not show that when it was looked at.</summary>
    private ColorModel? DisplayColor => Screen.Primary is { LastScanout: { } last, Choice: { } choice }
        && (last.Width, last.Height, choice.Format) == (_onDisplay.Width, _onDisplay.Height, _onDisplay.Format)
            ? _onDisplay.Color : null;

    /// <summary>Verdict from debugfs. Null if it was not read or is inconsistent.</summary>
    private Verdict? Witnessed => Witness.Looks == 0 || !IsAnswered ? null
        : Witness.Scanouts >= Witness.Looks * Nearly ? Verdict.Scanout
        : Witness.Scanouts <= Witness.Looks * (1 - Nearly) ? Verdict.Composited : null;

    /// <summary>The compositor's report on the later half of the frames (it decides during the first). Null if none.</summary>
    private Verdict? Told(HostFacts host) => Screen.Primary.Choice?.Transport switch
    {
        null or Transport.Impossible => Verdict.Impossible,
        Transport.Shm or Transport.Copy => Verdict.Shm,
        _ when !host.Family.TellsZeroCopy() || !IsAnswered => null,
        _ => Share([.. Frames.Where(frame => !frame.IsDiscarded)]),
    };

    private static Verdict? Share(List<Frame> presented)
    {
        var late = presented.Skip(presented.Count / 2).ToList();
        var share = late.Count(frame => frame.IsZeroCopy) / (double)Math.Max(1, late.Count);
        return late.Count == 0 ? null : share >= Nearly ? Verdict.Scanout : share <= 1 - Nearly ? Verdict.Composited : null;
    }

    public override void Answered(in Frame frame)
    {
        if (!frame.IsDiscarded)
            Kind = frame.Kind;
        if (Frames.Count < MaxFrames)
            Frames.Add(frame);
    }

    public override void Seen() => IsSeen = true;

    private void Look(Feedback feedback)
    {
        _tellings++;
        var scanout = feedback.Tranches.Where(tranche => tranche.Scanout).ToList();
        HasScanoutTranche = HasScanoutTranche == true || scanout.Count > 0;
        if (scanout.Count == 0)
            return;
        foreach (var tranche in scanout)
            _scanoutFormats.UnionWith(tranche.Formats);
        var sampling = feedback.SamplingDevices.ToList();
        IsOtherDevice = sampling.Count > 0
            && scanout.TrueForAll(tranche => sampling.TrueForAll(device => IsOther(tranche.Device, device)));
    }

    /// <summary>Compares the drivers, because the primary and the render node of one GPU differ in dev_t.</summary>
    private static bool IsOther(ulong scanout, ulong sampling) =>
        scanout != sampling && DrmCard.Find(scanout)?.Driver is { } driver && DrmCard.Find(sampling)?.Driver is { } drawing
        && driver != drawing;
}
