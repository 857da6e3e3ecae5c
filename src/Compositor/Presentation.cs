using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// How commits of a head's primary plane went: one wp_presentation_feedback per commit, answered by "presented", with
/// the moment and the kind, or by "discarded". A host without wp_presentation tells nothing, and nothing is made up.
/// </summary>
internal sealed class Presentation
{
    // A host answers within a few frames; one that is hidden answers late, and what is older than this is forgotten.
    private const int Remembered = 1024;

    private const long PromptNs = 200_000_000;

    private readonly Host _host;
    private readonly long[] _commits = new long[Remembered];
    private readonly EventHandler<WpPresentationFeedback.PresentedEventArgs> _presented;
    private readonly EventHandler<WpPresentationFeedback.DiscardedEventArgs> _discarded;
    private long _order;
    private int _framesUnshown;
    private long _frameTaken;

    public Presentation(Host host) => (_host, _presented, _discarded) = (host, OnPresented, OnDiscarded);

    public long Presented { get; private set; }

    public long Discarded { get; private set; }

    /// <summary>Presented straight from the client's buffer, as the host says it (kind zero_copy).</summary>
    public long ZeroCopy { get; private set; }

    /// <summary>Commits that are not answered yet.</summary>
    public long Pending => _order - Presented - Discarded;

    public Histogram CommitToPresented { get; } = new();

    /// <summary>A commit reached the screen: when (CLOCK_MONOTONIC, ns), and the time to the next refresh (ns, 0 unknown).</summary>
    public event Action<long, long>? Shown;

    /// <summary>Frames that the host may take without ever showing one.</summary>
    public const int NeverShownAfter = 32;

    /// <summary>
    /// A buffer can be imported and still not be shown (a dma-buf that cannot be mapped, on a software renderer). weston then
    /// discards every commit; wlroots does not even answer, and both go on asking for frames.
    /// </summary>
    public event Action? NeverShown;

    /// <summary>Every commit is answered.</summary>
    public event Action? Settled;

    /// <summary>Asks for the commit that is about to be made.</summary>
    public void Track(WlSurface surface, long now)
    {
        // Of a host that has stopped answering no more is asked: each question is an object on both sides.
        if (_host.Globals.Presentation is not { } presentation || Pending >= Remembered)
            return;
        var feedback = presentation.Feedback(surface);
        feedback.Presented += _presented;
        feedback.Discarded += _discarded;
        feedback.Tag = _order;
        _commits[_order++ % Remembered] = now;
    }

    /// <summary>The host has taken a frame, and wants the next. Of a hidden window some hosts want one now and then: that counts for nothing.</summary>
    public void FrameTaken(long now)
    {
        var isPrompt = now - _frameTaken < PromptNs;
        _frameTaken = now;
        if (!isPrompt || Presented > 0 || ++_framesUnshown < NeverShownAfter)
            return;
        _framesUnshown = 0;
        NeverShown?.Invoke();
    }

    private void OnPresented(object? sender, WpPresentationFeedback.PresentedEventArgs e)
    {
        Presented++;
        _framesUnshown = 0;
        // Not HasFlag, which boxes until the JIT has warmed to it.
        if ((e.Flags & WpPresentationFeedbackKind.ZeroCopy) != 0)
            ZeroCopy++;
        var seconds = (long)((ulong)e.TvSecHi << 32 | e.TvSecLo);
        var time = ToMonotonic(seconds * 1_000_000_000 + e.TvNsec);
        var order = ((WlProxy)sender!).Tag;
        if (_order - order <= Remembered)
            CommitToPresented.Add(time - _commits[order % Remembered]);
        Shown?.Invoke(time, e.Refresh);
        Settle();
    }

    private void OnDiscarded(object? sender, WpPresentationFeedback.DiscardedEventArgs e)
    {
        Discarded++;
        Settle();
    }

    private void Settle()
    {
        if (Pending == 0)
            Settled?.Invoke();
    }

    /// <summary>Hosts present by CLOCK_MONOTONIC but for weston headless, which has CLOCK_MONOTONIC_RAW.</summary>
    private long ToMonotonic(long time) =>
        _host.PresentationClock == Clock.Monotonic ? time : time + Clock.Now - Clock.Read(_host.PresentationClock);
}
