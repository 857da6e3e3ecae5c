using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>Receives the compositor's answers to commits.</summary>
internal interface IPresentationListener
{
    /// <summary>A commit was presented or discarded; <paramref name="isNewest"/> if none was made after it.</summary>
    void Answered(in Frame frame, bool isNewest);

    /// <summary>Every commit so far is answered; called after the last <see cref="Answered"/>.</summary>
    void Settled();
}

/// <summary>Measures the commits of a head's primary plane, by one wp_presentation_feedback for each.</summary>
internal sealed class Presentation
{
    /// <summary>Older commits are forgotten. Compositors answer within a few frames, later for a hidden window.</summary>
    private const int Remembered = 1024;

    private readonly Host _host;
    private readonly IPresentationListener _listener;
    private readonly (long Flipped, long Committed, bool IsDmaBuf)[] _commits = new (long, long, bool)[Remembered];
    private readonly EventHandler<WpPresentationFeedback.PresentedEventArgs> _presented;
    private readonly EventHandler<WpPresentationFeedback.DiscardedEventArgs> _discarded;
    private long _order, _answered;

    /// <param name="host">The compositor.</param>
    /// <param name="vblanks">Updated with each answer.</param>
    /// <param name="listener">Receives the answers.</param>
    /// <param name="before">The measurements of the previous connection, which continue.</param>
    public Presentation(Host host, Vblanks vblanks, IPresentationListener listener, Presentation? before = null)
    {
        (_host, Vblanks, _listener, _presented, _discarded) = (host, vblanks, listener, OnPresented, OnDiscarded);
        TellsZeroCopy = host.Family.TellsZeroCopy();
        (CommitToPresented, FlipToPresented) = (before?.CommitToPresented ?? new(), before?.FlipToPresented ?? new());
        if (before is not null)
            (Presented, Discarded, ZeroCopy, Missed) = (before.Presented, before.Discarded, before.ZeroCopy, before.Missed);
    }

    /// <summary>True if the compositor has wp_presentation; otherwise nothing is measured.</summary>
    public bool IsReported => _host.Globals.Presentation is not null;

    /// <summary>False if the compositor's zero_copy flag means nothing.</summary>
    public bool TellsZeroCopy { get; }

    public Vblanks Vblanks { get; }

    public long Presented { get; private set; }

    public long Discarded { get; private set; }

    /// <summary>
    /// Commits that the compositor presented directly from our buffer (kind zero_copy). It cannot do so with wl_shm; some
    /// compositors set that flag all the same, and some for every frame.
    /// </summary>
    public long ZeroCopy { get; private set; }

    /// <summary>Commits that are not answered yet.</summary>
    public long Pending => _order - _answered;

    /// <summary>Vblanks that frames missed (<see cref="Frame.MissedVblanks"/>).</summary>
    public long Missed { get; private set; }

    public Histogram CommitToPresented { get; }

    public Histogram FlipToPresented { get; }

    /// <summary>Requests feedback for the commit that is about to be made. Times are CLOCK_MONOTONIC, ns.</summary>
    public void Track(WlSurface surface, long flipped, long now, bool isDmaBuf)
    {
        // Request nothing more from a compositor that stopped answering: each request is an object on both sides.
        if (_host.Globals.Presentation is not { } presentation || Pending >= Remembered)
            return;
        var feedback = presentation.Feedback(surface);
        feedback.Presented += _presented;
        feedback.Discarded += _discarded;
        feedback.Tag = _order;
        _commits[_order++ % Remembered] = (flipped, now, isDmaBuf);
    }

    /// <summary>A frame callback came. Without wp_presentation it is the best estimate of a vblank.</summary>
    public void FrameDone(long now)
    {
        if (!IsReported)
            Vblanks.Seen(now, 0);
    }

    private void OnPresented(object? sender, WpPresentationFeedback.PresentedEventArgs e)
    {
        var seconds = (long)((ulong)e.TvSecHi << 32 | e.TvSecLo);
        var time = ToMonotonic(seconds * 1_000_000_000 + e.TvNsec);
        Vblanks.Seen(time, e.Refresh);
        Presented++;
        Answer(sender, new Frame(0, 0, time, e.Refresh, (ulong)e.SeqHi << 32 | e.SeqLo, e.Flags));
    }

    private void OnDiscarded(object? sender, WpPresentationFeedback.DiscardedEventArgs e)
    {
        Discarded++;
        Answer(sender, default);
    }

    private void Answer(object? feedback, in Frame answer)
    {
        var order = ((WlProxy)feedback!).Tag;
        // A commit that is answered after so many later ones is forgotten, and only counts.
        if (_order - order <= Remembered)
        {
            var (flipped, committed, isDmaBuf) = _commits[order % Remembered];
            var frame = answer with { Flipped = flipped, Committed = committed };
            if (!isDmaBuf || !TellsZeroCopy)
                frame = frame with { Kind = frame.Kind & ~WpPresentationFeedbackKind.ZeroCopy };
            if (!frame.IsDiscarded)
                Measure(frame);
            _listener.Answered(frame, isNewest: order == _order - 1);
        }
        // After the listener: an answer may lead to another commit.
        _answered++;
        if (Pending == 0)
            _listener.Settled();
    }

    private void Measure(in Frame frame)
    {
        CommitToPresented.Add(frame.CommitToPresented);
        FlipToPresented.Add(frame.FlipToPresented);
        ZeroCopy += frame.IsZeroCopy ? 1 : 0;
        Missed += frame.MissedVblanks(Vblanks.Refresh);
    }

    /// <summary>Compositors use CLOCK_MONOTONIC, except headless weston, which uses CLOCK_MONOTONIC_RAW.</summary>
    private long ToMonotonic(long time) =>
        _host.PresentationClock == Clock.Monotonic ? time : time + Clock.Now - Clock.Read(_host.PresentationClock);
}
