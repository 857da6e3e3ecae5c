using Guestplane.Gvt;
using Guestplane.Linux;

namespace Guestplane.Compositor;

/// <summary>Whether a guest is open.</summary>
internal enum GuestState
{
    New,

    Here,

    /// <summary>It could not be opened or was lost, and is tried again.</summary>
    Away,

    /// <summary>It was closed because nobody needs it now (<see cref="GuestSlot.Close"/>).</summary>
    Closed,

    /// <summary>It could not be opened or was lost, and is not tried again.</summary>
    Gone,
}

/// <summary>
/// A guest over all its lives: opens it, and opens it again after it was lost. The heads stay the same, so a window outlives the
/// VM that it shows.
/// </summary>
// Fields: what makes a life, the one that is open and the next, and why there is none.
internal sealed class GuestSlot : IDisposable
{
    /// <summary>The longest pause for a VM of QEMU's: an attempt costs a connection.</summary>
    public const long QemuPauseNs = 2_000_000_000;

    private const long FirstPauseNs = 250_000_000;

    /// <summary>
    /// A guest that nobody has polled for so long, as there is no compositor, is polled here: a write to a vGPU's "remove" file
    /// blocks until we close the vGPU.
    /// </summary>
    private const long UnseenNs = 2_000_000_000;

    private readonly Loop _loop;
    private readonly Messages _messages;
    private readonly Func<IGuest?, IGuest> _make;
    private readonly long? _longestPause;
    private readonly LoopTimer _look, _unseen;
    private IGuest? _guest, _next;
    private SourceException? _refusal;
    private long _pause = FirstPauseNs;

    /// <param name="make">Creates a life with the heads of the one before (null at first), or throws a SourceException.</param>
    /// <param name="longestPause">The longest pause between two attempts to open it, ns. Null if it is not waited for.</param>
    public GuestSlot(Loop loop, Messages messages, Func<IGuest?, IGuest> make, long? longestPause = null)
    {
        (_loop, _messages, _make, _longestPause) = (loop, messages, make, longestPause);
        loop.Add(_look = new LoopTimer(_ => Look()));
        loop.Add(_unseen = new LoopTimer(now => Poll(now)));
    }

    /// <summary>True if the first attempt must open the guest, though later ones are repeated.</summary>
    public bool MustBeThere { get; init; }

    /// <summary>Where input and clipboard go if the guest has none of its own. It comes and goes by itself.</summary>
    public GuestSlot? Hands { get; init; }

    public GuestState State { get; private set; }

    /// <summary>A sentence: why the guest was lost most recently.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>True if the guest was started. Each further life is started as soon as it is open.</summary>
    public bool IsStarted { get; private set; }

    public string Source => _guest?.Source ?? "";

    public string Title => _guest?.Title ?? "";

    /// <summary>The displays of the guest's first life; empty before it is open.</summary>
    public IReadOnlyList<Head> Heads { get; private set; } = [];

    public IGuestClipboard? Clipboard => Hands is null ? _guest?.Clipboard : Hands.Clipboard;

    public bool IsPolled => _guest?.IsPolled == true;

    /// <inheritdoc cref="IGuest.Planes"/>
    public PlanesChoice? Planes => _guest?.Planes;

    /// <inheritdoc cref="IGuest.DmaBufs"/>
    public int DmaBufs => _guest?.DmaBufs ?? 0;

    /// <summary>An open guest was lost or is open again: <see cref="State"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>The guest is open for the first time.</summary>
    public event Action? Opened;

    /// <summary>
    /// Runs the loop until the guest was open once, and its hands are open or known to be away, or the loop stops. Callable again
    /// on the next connection.
    /// </summary>
    /// <exception cref="SourceException">The guest cannot be opened, and is not waited for.</exception>
    public void Open()
    {
        Begin();
        Hands?.Begin();
        while ((_guest is null || Hands is { State: GuestState.New }) && Refusal is null && !_loop.Stopped)
            _loop.Turn();
        if (Refusal is { } refusal)
            throw refusal;
    }

    /// <summary>Lets the guest raise flips: its heads have windows now.</summary>
    /// <exception cref="SourceException">The guest rejects what the user requested.</exception>
    public void Start()
    {
        if (State == GuestState.Here)
            _guest!.Start(_loop);
        IsStarted = true;
        Hands?.Start();
    }

    /// <summary>True if the guest is open and has this display in its present life.</summary>
    public bool Shows(Head head) => State == GuestState.Here && _guest!.Heads.Contains(head);

    /// <inheritdoc cref="IGuest.Poll"/>
    public long Poll(long now)
    {
        if (State != GuestState.Here)
            return LoopSource.Never;
        var next = _guest!.Poll(now);
        _unseen.Set(IsPolled ? Math.Max(next, now + UnseenNs) : LoopSource.Never);
        return next;
    }

    /// <inheritdoc cref="IGuest.PollDelay"/>
    public long PollDelay => _guest?.PollDelay ?? 0;

    /// <summary>
    /// Closes an open guest until <see cref="Reopen"/>, if it may be closed (a vGPU: its dma-bufs, and then the device). Its
    /// heads stay.
    /// </summary>
    public void Close()
    {
        if (State != GuestState.Here || !_guest!.MayClose)
            return;
        State = GuestState.Closed;
        _guest.Dispose();
    }

    /// <summary>Opens what <see cref="Close"/> has closed.</summary>
    public void Reopen()
    {
        if (State == GuestState.Closed)
            Look();
    }

    public void Dispose()
    {
        _loop.Remove(_look);
        _loop.Remove(_unseen);
        _next?.Dispose();
        _guest?.Dispose();
        Hands?.Dispose();
    }

    private SourceException? Refusal => _refusal ?? Hands?._refusal;

    private void Begin()
    {
        if (State == GuestState.New && _next is null && _guest is null)
            Look();
    }

    /// <summary>Tries to open the guest's next life; the result may come later.</summary>
    private void Look()
    {
        try
        {
            _next = _make(_guest);
            _next.Lost += OnLost;
            _next.Open(OnOpened);
        }
        catch (SourceException e)
        {
            OnRefused(e);
        }
    }

    private void OnOpened(SourceException? problem)
    {
        var next = _next!;
        _next = null;
        if (problem is not null)
        {
            next.Dispose();
            OnRefused(problem);
            return;
        }
        var isFirst = _guest is null;
        _guest?.Dispose();
        _guest = next;
        if (isFirst)
            Take(next.Heads);
        SwitchOffRetired();
        if (IsStarted)
            next.Start(_loop);
        // It was lost during its start: OnLost has set the timer.
        if (_look.IsSet)
            return;
        var wasClosed = State == GuestState.Closed;
        State = GuestState.Here;
        _unseen.Set(IsPolled ? Clock.Now + UnseenNs : LoopSource.Never);
        if (isFirst)
        {
            Opened?.Invoke();
            return;
        }
        if (!wasClosed)
            _messages.Info($"{Source} is back.");
        Changed?.Invoke();
    }

    /// <summary>
    /// A cursor or an overlay of the life before is not this one's, which may have none. The primary plane's last image stays
    /// until there is another.
    /// </summary>
    private void SwitchOffRetired()
    {
        foreach (var head in Heads)
            foreach (var kind in (PlaneKind[])[PlaneKind.Cursor, PlaneKind.Overlay])
                if (head.Newest(kind).Scanout is { IsRetired: true })
                    head.Raise(new Flip(kind, null, default, default, Changed: true, Clock.Now));
    }

    private void Take(IReadOnlyList<Head> heads)
    {
        Heads = heads;
        if (Hands is not { } hands)
            return;
        foreach (var head in heads)
        {
            var input = new JoinedInput(head);
            head.Input = input;
            if (hands.Heads is [var devices, ..])
                input.Attach(devices.Input!);
            else
                hands.Opened += () => input.Attach(hands.Heads[0].Input!);
        }
    }

    /// <summary>Only a usage error is final: a node's permissions, or the process that holds the node, can change.</summary>
    private void OnRefused(SourceException e)
    {
        if (State == GuestState.New && (_longestPause is null || MustBeThere || e.Fault == SourceFault.Usage))
        {
            (State, _refusal) = (GuestState.Gone, e);
            return;
        }
        if (State == GuestState.Closed && _longestPause is null)
        {
            (State, Problem) = (GuestState.Gone, e.Message);
            Changed?.Invoke();
            return;
        }
        if (State is GuestState.New or GuestState.Closed)
            _messages.Info($"{e.Message} Waiting for it.");
        State = GuestState.Away;
        LookLater();
    }

    private void OnLost(string sentence)
    {
        if (State != GuestState.Here)
        {
            LookLater();
            return;
        }
        Problem = sentence;
        if (_longestPause is null)
            State = GuestState.Gone;
        else
        {
            State = GuestState.Away;
            _messages.Info($"{sentence} Waiting for it.");
            _pause = FirstPauseNs;
            LookLater();
        }
        Changed?.Invoke();
    }

    private void LookLater()
    {
        _look.Set(Clock.Now + _pause);
        _pause = Math.Min(_pause * 2, _longestPause!.Value);
    }
}
