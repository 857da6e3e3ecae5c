using Guestplane.Gvt;

namespace Guestplane.Compositor;

/// <summary>What is known about whether the committed images reach the screen.</summary>
internal enum ProofState
{
    /// <summary>The compositor gives no evidence: an image counts as shown when its frame callback comes.</summary>
    Unknowable,

    /// <summary>
    /// Nothing was presented, and there was no transport to compare with: as <see cref="Unknowable"/>, until an image is sent in
    /// another way.
    /// </summary>
    Unjudged,

    /// <summary>No image that was sent in this way has been presented yet.</summary>
    Unproven,

    /// <summary>The last answered image that was sent in this way was presented.</summary>
    Shown,

    /// <summary>The newest commit was discarded, so its image may not be on screen; an earlier one was presented.</summary>
    Doubted,

    /// <summary>The previous transport showed nothing, and the current one has to do better.</summary>
    OnTrial,

    /// <summary>No transport is left. The image is off, and what lies below it is shown: is that presented?</summary>
    BackgroundOnTrial,

    /// <summary>No transport shows this plane, although the compositor presents others. Retried from time to time.</summary>
    GivenUp,
}

/// <summary>What to do so that the newest image is seen.</summary>
internal enum ProofAdvice
{
    None,

    /// <summary>Commit the image again.</summary>
    Repeat,

    /// <summary>
    /// Try the next transport, then call <see cref="Proof.TrialBegins"/>; or, if there is none,
    /// <see cref="Proof.BackgroundTrialBegins"/> or <see cref="Proof.NothingToTry"/>.
    /// </summary>
    StepDown,

    /// <summary>The next transport did no better: return to the previous one.</summary>
    StepBack,

    /// <summary>The next transport shows what the previous one did not: keep it, and report why.</summary>
    Confirm,

    /// <summary>Show what lies below the plane once more.</summary>
    ShowBackground,

    /// <summary>What lies below the plane is presented, and the plane is not: call <see cref="Proof.GiveUp"/>.</summary>
    GiveUp,

    /// <summary>Try again what was given up.</summary>
    Retry,
}

/// <summary>How an image is sent. That one is seen says nothing about an image that is sent in another way.</summary>
internal readonly record struct SentAs(Transport Transport, Fourcc Format, Modifier Modifier);

/// <summary>
/// Decides whether a plane's commits are seen (states: doc/pacing.md). Some compositors import a dma-buf and cannot read it:
/// weston then discards every commit, wlroots answers nothing, and both send frame callbacks. But sway 1.7 headless shows frames
/// and never answers: silence proves nothing until another transport does better. Times are CLOCK_MONOTONIC in ns.
/// </summary>
/// <param name="isReported">True if the compositor has wp_presentation.</param>
internal sealed class Proof(bool isReported)
{
    /// <summary>Frames that the compositor may take, by prompt frame callbacks, without presenting one.</summary>
    public const int MostFrames = 32;

    /// <summary>Repeats without a presented image: enough to judge a transport and the next one.</summary>
    private const int MostRepeats = 2 * MostFrames;

    /// <summary>A compositor that has not answered this long after it took a frame will not answer.</summary>
    public const long SilenceNs = 1_000_000_000;

    /// <summary>Silences that count as much as <see cref="MostFrames"/>: for a guest whose screen does not change.</summary>
    private const int MostSilences = 2;

    /// <summary>Backgrounds that the compositor may take without an answer: its display may reject a few more frames.</summary>
    private const int MostBackgrounds = 3;

    /// <summary>A VM uses a few formats and modifiers. Of one that uses ever more the oldest are judged anew.</summary>
    private const int MostProven = 16;

    private const long FirstRetryNs = 20_000_000_000, LongestRetryNs = 300_000_000_000, Never = long.MaxValue;

    private readonly SentAs[] _proven = new SentAs[MostProven];
    private int _repeats, _silences, _provenCount;
    private long _since = Never, _retryIn = FirstRetryNs;

    // When the image was last taken off or a trial began, when it was last sent in another way, and when any was last presented.
    private long _takenOff, _switched, _presented;
    private SentAs? _sentAs;
    private bool _isTaken;

    /// <summary>What <see cref="Next"/> advises next, as soon as that may be done.</summary>
    private ProofAdvice _due;

    public ProofState State { get; private set; } = isReported ? ProofState.Unproven : ProofState.Unknowable;

    /// <summary>Frames sent in this way, or backgrounds, that the compositor took and did not show.</summary>
    public int Frames { get; private set; }

    /// <summary>True if an image is on screen, or if a compositor that reports nothing has taken one.</summary>
    public bool IsSeen => State switch
    {
        ProofState.Shown or ProofState.Doubted => true,
        ProofState.GivenUp => false,
        ProofState.Unknowable or ProofState.Unjudged => _isTaken,
        ProofState.BackgroundOnTrial => _presented > 0,
        _ => _presented > 0 || _silences > 0,
    };

    /// <summary>When <see cref="Check"/> is due.</summary>
    public long NextCheck =>
        State is ProofState.GivenUp or ProofState.BackgroundOnTrial || (IsUndecided && _isTaken && _silences < MostSilences)
            ? _since : Never;

    /// <summary>True if the transport in use, or that there is none, is not a decision yet.</summary>
    public bool IsOnTrial => State is ProofState.OnTrial or ProofState.BackgroundOnTrial;

    private bool IsUndecided => State is ProofState.Unproven or ProofState.OnTrial;

    /// <summary>An image was committed.</summary>
    public void Committed(long now, SentAs sentAs)
    {
        if (_sentAs is { } before && before != sentAs && State != ProofState.OnTrial)
            Switch(now, sentAs);
        _sentAs = sentAs;
        if (_due == ProofAdvice.Repeat)
            RepeatBegins();
    }

    /// <summary>The image was taken off the surface.</summary>
    public void TakenOff(long now)
    {
        if (IsOnTrial)
            return;
        _takenOff = now;
        // Silence about no image is none.
        if (State == ProofState.Unproven)
            Enter(ProofState.Unproven);
    }

    /// <summary>A frame callback came. Only prompt ones are evidence: compositors send rare ones to hidden windows.</summary>
    public void FrameTaken(long now, bool isPrompt)
    {
        _isTaken = true;
        if (!IsUndecided)
            return;
        Frames += isPrompt ? 1 : 0;
        if (_since == Never)
            _since = now + SilenceNs;
    }

    /// <summary>A commit was presented.</summary>
    /// <param name="committed">When it was committed.</param>
    /// <param name="presented">When it was on screen.</param>
    public ProofAdvice Presented(long committed, long presented)
    {
        // wlroots reports commits that its output rejected as presented, when that presents something else.
        var isLate = committed < _takenOff;
        if (isLate && presented >= _takenOff && State == ProofState.BackgroundOnTrial)
            return ProofAdvice.GiveUp;
        var isOnTrial = IsOnTrial;
        if (State == ProofState.GivenUp || (isLate && (!isOnTrial || presented >= _takenOff)))
            return ProofAdvice.None;
        _presented = presented;
        if (!isOnTrial && committed < _switched)
            return ProofAdvice.None;
        if (isLate)
            // The answer was about how it was sent before the trial, and will be again.
            _sentAs = null;
        else if (_sentAs is { } sentAs)
            Prove(sentAs);
        Enter(ProofState.Shown);
        _repeats = 0;
        _retryIn = FirstRetryNs;
        return !isOnTrial ? ProofAdvice.None : isLate ? ProofAdvice.StepBack : ProofAdvice.Confirm;
    }

    /// <summary>A commit was discarded.</summary>
    /// <param name="committed">When it was committed.</param>
    /// <param name="isNewest">True if none was committed after it.</param>
    public void Discarded(long committed, bool isNewest)
    {
        // A discard is an answer: silence is measured again from the next frame callback on. A trial is not answered by what was
        // committed before it.
        if (IsUndecided && (State != ProofState.OnTrial || committed >= _takenOff))
            _since = Never;
        if (isNewest && State != ProofState.BackgroundOnTrial)
            RepeatIsDue();
        if (isNewest && State == ProofState.Shown)
            State = ProofState.Doubted;
    }

    /// <summary>Time has passed.</summary>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    /// <param name="isIdle">
    /// True if the compositor draws no frame of this window, because the window is suspended or the compositor is busy. Its
    /// silence is no evidence then.
    /// </param>
    public void Check(long now, bool isIdle)
    {
        if (now < NextCheck || State == ProofState.GivenUp)
            return;
        _since = now + SilenceNs;
        if (isIdle)
            return;
        if (State != ProofState.BackgroundOnTrial)
        {
            _silences++;
            if (_repeats == 0)
                RepeatIsDue();
            return;
        }
        // One that was not even taken proves nothing. It is shown again all the same: it may be lost.
        _silences += _isTaken ? 1 : 0;
        (_due, _repeats) = (ProofAdvice.ShowBackground, 0);
    }

    /// <summary>What to do now.</summary>
    /// <param name="now">CLOCK_MONOTONIC, ns.</param>
    /// <param name="mayRepeat">True if an image is on the surface, no flip waits, and no frame callback is pending.</param>
    public ProofAdvice Next(long now, bool mayRepeat)
    {
        if (State == ProofState.GivenUp)
            return now < _since ? ProofAdvice.None : Retry();
        if (_due == ProofAdvice.Retry)
        {
            _due = ProofAdvice.None;
            return ProofAdvice.Retry;
        }
        if (State == ProofState.BackgroundOnTrial)
            return NextBackground(now);
        if (IsUndecided && (Frames >= MostFrames || (_silences >= MostSilences && Frames > 0)))
            return State == ProofState.OnTrial ? TrialFailed() : ProofAdvice.StepDown;
        if (_due != ProofAdvice.Repeat || !mayRepeat || _repeats >= MostRepeats)
            return ProofAdvice.None;
        _repeats++;
        RepeatBegins();
        return ProofAdvice.Repeat;
    }

    /// <summary>The next transport is in use from now on.</summary>
    public void TrialBegins(long now)
    {
        Enter(ProofState.OnTrial);
        _takenOff = now;
    }

    /// <summary>No transport is left: the image is taken off, and what lies below it is shown.</summary>
    public void BackgroundTrialBegins(long now)
    {
        Enter(ProofState.BackgroundOnTrial);
        (_takenOff, _since, _repeats) = (now, now + SilenceNs, 0);
    }

    /// <summary>The frame callback of the background came.</summary>
    public void BackgroundTaken(long now)
    {
        if (State == ProofState.BackgroundOnTrial)
            (_isTaken, _since) = (true, now + SilenceNs);
    }

    /// <summary>A background was presented or discarded.</summary>
    public ProofAdvice BackgroundAnswered(bool isPresented)
    {
        if (State != ProofState.BackgroundOnTrial)
            return ProofAdvice.None;
        if (isPresented)
            return ProofAdvice.GiveUp;
        // Each move of the cursor is a commit of the same surface, which discards the one before. So only what was taken counts,
        // and only so many are shown again per second: the pointer may move over a hidden window.
        Frames += _isTaken ? 1 : 0;
        _due = ++_repeats <= MostFrames ? ProofAdvice.ShowBackground : ProofAdvice.None;
        return ProofAdvice.None;
    }

    /// <summary>There is no transport to compare this one with.</summary>
    public void NothingToTry()
    {
        Enter(ProofState.Unjudged);
        _isTaken = true;
    }

    /// <summary>No transport is left, and the compositor presents other surfaces.</summary>
    public void GiveUp(long now)
    {
        Enter(ProofState.GivenUp);
        _takenOff = now;
        _since = now + _retryIn;
        _retryIn = Math.Min(_retryIn * 2, LongestRetryNs);
    }

    /// <summary>Tries again what was given up, or is about to be, because something changed or time has passed.</summary>
    public ProofAdvice Retry()
    {
        if (State is not (ProofState.GivenUp or ProofState.BackgroundOnTrial))
            return ProofAdvice.None;
        Enter(ProofState.Unproven);
        _repeats = 0;
        return ProofAdvice.Retry;
    }

    private ProofAdvice NextBackground(long now)
    {
        if (_silences >= MostBackgrounds || Frames >= MostFrames)
            return TrialFailed();
        if (_due != ProofAdvice.ShowBackground)
            return ProofAdvice.None;
        (_due, _isTaken, _since) = (ProofAdvice.None, false, now + SilenceNs);
        return ProofAdvice.ShowBackground;
    }

    /// <summary>The next transport, or the background, did no better: the previous transport is not at fault.</summary>
    private ProofAdvice TrialFailed()
    {
        Enter(ProofState.Unknowable);
        _isTaken = true;
        return ProofAdvice.StepBack;
    }

    private void Switch(long now, SentAs sentAs)
    {
        _switched = now;
        if (State is ProofState.Unknowable or ProofState.GivenUp)
            return;
        var isBackground = State == ProofState.BackgroundOnTrial;
        Enter(IsProven(sentAs) ? ProofState.Shown : ProofState.Unproven);
        _repeats = 0;
        // Nothing was decided about the image before, which may come back.
        if (isBackground)
            _due = ProofAdvice.Retry;
    }

    private void Prove(SentAs sentAs)
    {
        if (!IsProven(sentAs))
            _proven[_provenCount++ % MostProven] = sentAs;
    }

    private bool IsProven(SentAs sentAs)
    {
        foreach (var proven in _proven)
            if (proven == sentAs)
                return true;
        return false;
    }

    private void RepeatIsDue()
    {
        if (_due == ProofAdvice.None)
            _due = ProofAdvice.Repeat;
    }

    /// <summary>Silence about a repeat, or about a flip in place of one, is measured from its own frame callback.</summary>
    private void RepeatBegins()
    {
        _due = ProofAdvice.None;
        if (IsUndecided)
            _since = Never;
    }

    private void Enter(ProofState state)
    {
        State = state;
        (Frames, _silences, _since) = (0, 0, Never);
        _isTaken = false;
        // Another try is of another image, and so is not over with this one's answer.
        if (_due != ProofAdvice.Retry)
            _due = ProofAdvice.None;
    }
}
