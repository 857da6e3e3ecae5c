using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The plane that <see cref="PlaneFrames"/> paces.</summary>
internal interface IFramedPlane
{
    /// <summary>True if a flip or a repeat waits to be committed.</summary>
    bool IsWaiting { get; }

    /// <summary>True if an image is on the surface.</summary>
    bool IsOn { get; }

    /// <summary>The compositor has taken the last commit.</summary>
    void Taken();

    /// <summary>True if the guest waits until the compositor has taken the last commit.</summary>
    bool HoldsGuest { get; }

    /// <summary>Commits the flip that waits, if nothing blocks it.</summary>
    void CommitWaiting();

    /// <summary>Commits the image that is on the surface again.</summary>
    void Repeat();

    /// <summary>Switches to the next transport that works for the image, which must be repeated then.</summary>
    /// <returns>The transport in use from now on; null if this one cannot be left.</returns>
    Transport? StepDown(string reason);

    /// <summary>Undoes <see cref="StepDown"/>, and commits the newest image.</summary>
    void StepBack();

    /// <summary>Reports the transport in use, which is no longer on trial.</summary>
    void Confirm();
}

/// <summary>What lies below the plane that <see cref="PlaneFrames"/> paces.</summary>
internal interface IBackground
{
    /// <summary>
    /// Takes the image off, and commits a background with presentation feedback and a frame callback, also if one is shown.
    /// <see cref="PlaneFrames.BackgroundAnswered"/> and <see cref="PlaneFrames.BackgroundTaken"/> have the answers. Does nothing
    /// if one is shown and the compositor does not read its socket.
    /// </summary>
    void Show();

    /// <summary>Puts the usual background back, if <see cref="Show"/> was called. The image stays off.</summary>
    void Hide();
}

/// <summary>
/// Paces a head's primary plane: how many commits are made until the compositor answers, and whether they are seen. Its timer
/// fires at most once per second, and only while an answer or a frame callback is pending or a plane is given up; and for a flip
/// that <see cref="Backlog"/> holds.
/// </summary>
// Fields: five are its parts, four are set or read from outside, and the others are the state of the commits of one refresh.
internal sealed class PlaneFrames : IPresentationListener, IDisposable
{
    /// <summary>The longest time that a flip waits for a frame callback.</summary>
    private const long LongestWaitNs = 1_000_000_000;

    /// <summary>A visible window's frame callback comes sooner than this after the commit, at any refresh rate.</summary>
    private const long PromptNs = 200_000_000;

    /// <summary>
    /// How long answers that nothing waits for stay unread: longer than from flip to flip at 24 Hz, and too short for a user to
    /// see that a configure event waits.
    /// </summary>
    private const long UnreadNs = 50_000_000;

    private readonly Loop _loop;
    private readonly PlaneObserver _observer;
    private readonly Proof _proof;
    private readonly LoopTimer _check;
    private readonly EventHandler<WlCallback.DoneEventArgs> _done;
    private WlSurface _surface;
    private IFramedPlane? _plane;
    private WlCallback? _frame;
    private int _commits;
    private long _requested, _committed, _forced;
    private bool _isSeenReported;

    // Parameters: the last one only passes on the counters of the previous connection.
    public PlaneFrames(
        Loop loop, Host host, WlSurface surface, Vblanks vblanks, PlaneObserver observer, PlaneFrames? before = null)
    {
        (_loop, _surface, _observer, _done) = (loop, surface, observer, OnFrame);
        Presentation = new Presentation(host, vblanks, this, before?.Presentation);
        _proof = new Proof(Presentation.IsReported);
        loop.Add(_check = new LoopTimer(Check));
    }

    public Presentation Presentation { get; }

    /// <summary>Commits until an answer. 2: one on screen, one that may replace it. 1 (smooth): none is replaced.</summary>
    public int MostCommits { get; init; } = 2;

    /// <summary>Whether the compositor reports the window as suspended.</summary>
    public Func<bool> IsSuspended { get; init; } = () => false;

    /// <summary>What is below the plane; null if nothing is.</summary>
    public IBackground? Background { get; init; }

    /// <summary>Leaves out a flip when the compositor is an image behind; null if no flip is to be left out.</summary>
    public Backlog? Backlog { get; init; }

    /// <summary>True if another commit is allowed now.</summary>
    public bool IsOpen => _commits < MostCommits && Backlog?.State != BacklogState.Holding;

    /// <summary>True if the transport is on trial, and therefore not reported yet.</summary>
    public bool IsOnTrial => _proof.IsOnTrial;

    /// <summary>
    /// True if a frame callback has been pending for more than <paramref name="after"/> ns. An image without one whose feedback
    /// does not come is no sign: wlroots forgets it for what its output has rejected.
    /// </summary>
    public bool IsStarved(long now, long after) => _frame is not null && now - _requested > after;

    /// <summary>
    /// Until then (ns) nothing needs the compositor's answers to the last commits, because images are known to be seen. 0 if
    /// something waits for one; long.MaxValue if none is pending.
    /// </summary>
    public long AnswersMayWaitUntil =>
        _plane!.IsWaiting || _proof.State != ProofState.Shown || (_frame is not null && _plane.HoldsGuest) ? 0
        : _frame is null && Presentation.Pending == 0 ? long.MaxValue : _committed + UnreadNs;

    /// <summary>A flip comes, and is committed if <see cref="IsOpen"/> says so afterwards.</summary>
    public void Flipped(in Flip flip) => Backlog?.Flipped(Clock.Now, Presentation.Vblanks.Refresh,
        mayWait: flip.Scanout is not null && (flip.Ticket == 0 || flip.IsReleasedAtCommit));

    /// <summary>Sets the plane that is paced.</summary>
    public void Pace(IFramedPlane plane) => _plane = plane;

    /// <summary>
    /// Requests presentation feedback for the commit that follows, and a frame callback if that is not enough: for images that
    /// are not known to be seen, for a guest that waits, and before a flip that may have to wait. Also for damage that may be
    /// hidden: without a frame callback wlroots does not refresh for it, and so does not present it.
    /// </summary>
    public void Request(long flipped, long now, SentAs sentAs, bool isDamagedWhole)
    {
        Presentation.Track(_surface, flipped, now, sentAs.Transport == Transport.DmaBuf);
        _proof.Committed(now, sentAs);
        _committed = now;
        _commits++;
        if (_frame is not null || (_proof.State == ProofState.Shown && isDamagedWhole && IsOpen && !_plane!.HoldsGuest))
            return;
        _requested = now;
        _frame = _surface.Frame();
        _frame.Done += _done;
    }

    /// <summary>The image is taken off. Drops the pending frame callback: a surface without an image may never get it.</summary>
    public void Forget(long now)
    {
        _proof.TakenOff(now);
        _frame?.Dispose();
        _frame = null;
        _commits = 0;
    }

    /// <summary>The plane is on another surface from the next commit on.</summary>
    public void MoveTo(WlSurface surface, long now)
    {
        Forget(now);
        _surface = surface;
    }

    /// <summary>Sets the timer, after a commit or when a flip has to wait.</summary>
    public void Plan()
    {
        var due = _proof.NextCheck;
        if (_plane!.IsWaiting && _frame is not null)
            due = Math.Min(due, Math.Max(_requested, _forced) + LongestWaitNs);
        due = Math.Min(due, Backlog?.HeldUntil ?? LoopSource.Never);
        if (due != _check.Due)
            _check.Set(due);
    }

    /// <summary>Retries a plane that was given up, or is about to be, because something has changed.</summary>
    public void Retry() => Follow(_proof.Retry());

    public void Answered(in Frame frame, bool isNewest)
    {
        _observer.Answered(frame);
        if (_plane is null)
            return;
        Backlog?.Answered(frame, Presentation.Vblanks.Refresh);
        var now = Clock.Now;
        if (_frame is not null && !frame.IsDiscarded && frame.Committed >= _requested && now - _requested > PromptNs)
            GiveUpCallback();
        if (_frame is null)
            AnsweredWithoutCallback(frame, isNewest, now);
        else if (!frame.IsDiscarded && MostCommits > 1)
            // What is on screen is not one of those that may be replaced. This answer itself is still pending here.
            _commits = (int)Math.Min(_commits, Presentation.Pending - 1);
        if (frame.IsDiscarded)
            _proof.Discarded(frame.Committed, isNewest);
        else if (_plane.IsOn || _proof.State == ProofState.BackgroundOnTrial)
            Follow(_proof.Presented(frame.Committed, frame.Presented));
        _plane.CommitWaiting();
        Act(now);
    }

    public void Settled() => _observer.Settled();

    /// <summary>The compositor has taken what lies below the plane: its frame callback came.</summary>
    public void BackgroundTaken()
    {
        // Hidden windows have frame callbacks from time to time.
        if (!IsSuspended())
            _proof.BackgroundTaken(Clock.Now);
        Plan();
    }

    /// <summary>The compositor has presented or discarded what lies below the plane.</summary>
    public void BackgroundAnswered(bool isPresented)
    {
        if (_plane is null)
            return;
        Follow(_proof.BackgroundAnswered(isPresented));
        Act(Clock.Now);
    }

    /// <summary>Answers that come later are only counted.</summary>
    public void Dispose()
    {
        _plane = null;
        _loop.Remove(_check);
        _frame?.Dispose();
    }

    private void OnFrame(object? sender, WlCallback.DoneEventArgs e)
    {
        var now = Clock.Now;
        _frame = null;
        _plane!.Taken();
        Presentation.FrameDone(now);
        Taken(now);
        _proof.FrameTaken(now, isPrompt: now - _committed < PromptNs && !IsSuspended());
        _plane.CommitWaiting();
        Act(now);
    }

    /// <summary>The image that it was requested for, or a later one, is on screen: the compositor has lost it.</summary>
    private void GiveUpCallback()
    {
        _frame!.Dispose();
        _frame = null;
        _plane!.Taken();
    }

    private void AnsweredWithoutCallback(in Frame frame, bool isNewest, long now)
    {
        if (!frame.IsDiscarded)
            Taken(now);
        else if (isNewest)
            _commits = 0;
    }

    private void Taken(long now)
    {
        _commits = 0;
        _observer.Taken(now);
    }

    private void Check(long now)
    {
        if (_plane!.IsWaiting && _frame is not null && now >= Math.Max(_requested, _forced) + LongestWaitNs)
        {
            _commits = Math.Min(_commits, MostCommits - 1);
            _forced = now;
            _plane.CommitWaiting();
        }
        if (Backlog?.Expire(now) == true)
            _plane.CommitWaiting();
        _proof.Check(now, isIdle: IsSuspended() || IsStarved(now, PromptNs));
        Act(now);
    }

    private void Act(long now)
    {
        if (!_isSeenReported && _proof.IsSeen)
        {
            _isSeenReported = true;
            _observer.Seen();
        }
        Follow(_proof.Next(now, mayRepeat: _plane!.IsOn && !_plane.IsWaiting && _frame is null));
        Plan();
    }

    private void Follow(ProofAdvice advice)
    {
        if (_proof.State != ProofState.BackgroundOnTrial)
            Background?.Hide();
        switch (advice)
        {
            case ProofAdvice.Repeat:
                _plane!.Repeat();
                break;
            case ProofAdvice.StepDown:
                StepDown();
                break;
            case ProofAdvice.StepBack or ProofAdvice.Retry:
                _plane!.StepBack();
                break;
            case ProofAdvice.ShowBackground:
                Background!.Show();
                break;
            case ProofAdvice.GiveUp:
                _proof.GiveUp(Clock.Now);
                Background!.Hide();
                _plane!.Confirm();
                break;
            case ProofAdvice.Confirm:
                _plane!.Confirm();
                break;
        }
    }

    private void StepDown()
    {
        var next = _plane!.StepDown(
            $"the compositor took it and then showed none of {_proof.Frames} frames: its renderer or its display "
            + "may not be able to read the VM's memory (see its log)");
        if (next is null || (next == Transport.Impossible && Background is null))
        {
            _proof.NothingToTry();
            if (next is not null)
                _plane.StepBack();
            return;
        }
        if (next != Transport.Impossible)
        {
            _proof.TrialBegins(Clock.Now);
            _plane.Repeat();
            return;
        }
        _proof.BackgroundTrialBegins(Clock.Now);
        Background!.Show();
        // One that waited for its import waits for nothing now.
        _plane.CommitWaiting();
    }
}
