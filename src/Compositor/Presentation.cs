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

    /// <summary>A host that has not shown a window's first frame by now does not say that it will.</summary>
    private const long FirstShownNs = 1_000_000_000;

    private readonly Host _host;
    private readonly (long Flipped, long Committed)[] _commits = new (long, long)[Remembered];
    private readonly EventHandler<WpPresentationFeedback.PresentedEventArgs> _presented;
    private readonly EventHandler<WpPresentationFeedback.DiscardedEventArgs> _discarded;
    private long _order, _answered;
    private int _framesUnshown, _repeats;
    private long _frameTaken, _firstAsked;
    private bool _isShown, _isNewestDiscarded;

    /// <param name="host">That is asked.</param>
    /// <param name="before">On the host before: counting goes on.</param>
    public Presentation(Host host, Presentation? before = null)
    {
        if (before is not null)
        {
            (Presented, Discarded, ZeroCopy, Missed) = (before.Presented, before.Discarded, before.ZeroCopy, before.Missed);
            (CommitToPresented, FlipToPresented) = (before.CommitToPresented, before.FlipToPresented);
        }
        (_host, _presented, _discarded) = (host, OnPresented, OnDiscarded);
        Vblanks = new Vblanks(host.Globals.Outputs.Select(output => output.RefreshMilliHz).FirstOrDefault(rate => rate > 0));
    }

    /// <summary>The head's clock.</summary>
    public Vblanks Vblanks { get; }

    public long Presented { get; private set; }

    public long Discarded { get; private set; }

    /// <summary>Presented straight from the client's buffer, as the host says it (kind zero_copy).</summary>
    public long ZeroCopy { get; private set; }

    /// <summary>Commits that are not answered yet.</summary>
    public long Pending => _order - _answered;

    /// <summary>Vblanks that went by without a commit that had been there for more than two refreshes: no host's latch is as long.</summary>
    public long Missed { get; private set; }

    public Histogram CommitToPresented { get; } = new();

    public Histogram FlipToPresented { get; } = new();

    /// <summary>The host has said how a commit went.</summary>
    public event Action<Frame>? Answered;

    /// <summary>Frames that the host may take without ever showing one.</summary>
    public const int NeverShownAfter = 32;

    /// <summary>Enough to know that a transport does not bear, and the next one neither; a host that answers nothing at all is left alone then.</summary>
    private const int MostRepeats = 2 * NeverShownAfter;

    /// <summary>
    /// A buffer can be imported and still not be shown (a dma-buf that cannot be mapped, on a software renderer). weston then
    /// discards every commit; wlroots does not even answer, and both go on asking for frames.
    /// </summary>
    public event Action? NeverShown;

    /// <summary>Every commit is answered.</summary>
    public event Action? Settled;

    /// <summary>Asks for the commit that is about to be made.</summary>
    /// <param name="surface">Which one.</param>
    /// <param name="flipped">When the guest did it (CLOCK_MONOTONIC, ns).</param>
    /// <param name="now">Likewise.</param>
    public void Track(WlSurface surface, long flipped, long now)
    {
        // Of a host that has stopped answering no more is asked: each question is an object on both sides.
        if (_host.Globals.Presentation is not { } presentation || Pending >= Remembered)
            return;
        var feedback = presentation.Feedback(surface);
        feedback.Presented += _presented;
        feedback.Discarded += _discarded;
        feedback.Tag = _order;
        if (_order == 0)
            _firstAsked = now;
        _isNewestDiscarded = false;
        _commits[_order++ % Remembered] = (flipped, now);
    }

    /// <summary>
    /// What is on the surface may never have been seen: its commit was discarded (sway does that to a window's first), or of
    /// all commits none was shown. A guest that stands still makes no other: it is for us to commit again, within reason.
    /// </summary>
    public bool IsInDoubt(long now) => _repeats < MostRepeats
        && (_isNewestDiscarded || (!_isShown && Pending > 0 && now - _firstAsked >= FirstShownNs));

    /// <summary>What was in doubt is committed again.</summary>
    public void Repeat() => _repeats++;

    /// <summary>What was never shown is tried anew.</summary>
    public void Reconsider() => _repeats = 0;

    /// <summary>The host has taken a frame, and wants the next. Of a hidden window some hosts want one now and then: that counts for nothing.</summary>
    public void FrameTaken(long now)
    {
        var isPrompt = now - _frameTaken < PromptNs;
        _frameTaken = now;
        if (_host.Globals.Presentation is null)
            Vblanks.Seen(now, 0);
        if (!isPrompt || _isShown || ++_framesUnshown < NeverShownAfter)
            return;
        _framesUnshown = 0;
        NeverShown?.Invoke();
    }

    private void OnPresented(object? sender, WpPresentationFeedback.PresentedEventArgs e)
    {
        var seconds = (long)((ulong)e.TvSecHi << 32 | e.TvSecLo);
        var time = ToMonotonic(seconds * 1_000_000_000 + e.TvNsec);
        Vblanks.Seen(time, e.Refresh);
        Presented++;
        _isShown = true;
        (_framesUnshown, _repeats) = (0, 0);
        if (FrameOf(sender) is { } asked)
            OnAnswered(asked with { Presented = time, Refresh = e.Refresh, Sequence = (ulong)e.SeqHi << 32 | e.SeqLo, Kind = e.Flags });
        // Not HasFlag, which boxes until the JIT has warmed to it.
        if ((e.Flags & WpPresentationFeedbackKind.ZeroCopy) != 0)
            ZeroCopy++;
        Settle();
    }

    private void OnDiscarded(object? sender, WpPresentationFeedback.DiscardedEventArgs e)
    {
        Discarded++;
        _isNewestDiscarded |= ((WlProxy)sender!).Tag == _order - 1;
        if (FrameOf(sender) is { } asked)
            OnAnswered(asked);
        Settle();
    }

    /// <summary>The commit that was asked about; null when so many came after it that it is forgotten.</summary>
    private Frame? FrameOf(object? feedback)
    {
        var order = ((WlProxy)feedback!).Tag;
        if (_order - order > Remembered)
            return null;
        var (flipped, committed) = _commits[order % Remembered];
        return new Frame(flipped, committed, 0, 0, 0, default);
    }

    private void OnAnswered(Frame frame)
    {
        if (!frame.IsDiscarded)
        {
            CommitToPresented.Add(frame.CommitToPresented);
            FlipToPresented.Add(frame.FlipToPresented);
            Missed += Math.Max(0, frame.CommitToPresented / Vblanks.Refresh - 1);
        }
        Answered?.Invoke(frame);
    }

    private void Settle()
    {
        _answered++;
        if (Pending == 0)
            Settled?.Invoke();
    }

    /// <summary>Hosts present by CLOCK_MONOTONIC but for weston headless, which has CLOCK_MONOTONIC_RAW.</summary>
    private long ToMonotonic(long time) =>
        _host.PresentationClock == Clock.Monotonic ? time : time + Clock.Now - Clock.Read(_host.PresentationClock);
}
