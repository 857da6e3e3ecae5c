namespace Guestplane.Tests.Fakes;

/// <summary>What becomes of commits whose dma-buf the compositor has imported and its renderer cannot read.</summary>
public enum UnreadableDmabufs
{
    /// <summary>The renderer can read all.</summary>
    None,

    /// <summary>Every commit is discarded (weston).</summary>
    Discarded,

    /// <summary>No commit is answered until something else is shown, and then all are presented (wlroots).</summary>
    Unanswered,
}

/// <summary>Injected faults, effective as soon as they are set. May be set by any thread.</summary>
public sealed class HostFaults
{
    private readonly Action _changed;
    private volatile bool _neverRelease;
    private volatile bool _neverFrame;
    private volatile bool _losesCallbacks;
    private volatile bool _neverAnswer;
    private volatile bool _presentsLater;
    private volatile bool _stall;
    private volatile UnreadableDmabufs _unreadable;
    private volatile bool _zeroCopy;
    private volatile Func<DmabufImport, bool>? _failImport;
    private int _dieAfter;
    private int _errorAfter;
    private int _closeAfter;
    private int _discardEvery;
    private int _sinceDiscard;
    private int _lostBackgrounds;

    internal HostFaults(Action changed) => _changed = changed;

    /// <summary>True rejects the import: create is answered with failed, create_immed with the fatal error 7.</summary>
    public Func<DmabufImport, bool>? FailImport
    {
        get => _failImport;
        set => _failImport = value;
    }

    /// <summary>Keeps buffers; they are released at the next vblank after this is off again.</summary>
    public bool NeverRelease
    {
        get => _neverRelease;
        set => _neverRelease = value;
    }

    /// <summary>A hidden window: no frame callbacks, and feedback stays pending. Replaced buffers are still released.</summary>
    public bool NeverFrame
    {
        get => _neverFrame;
        set => _neverFrame = value;
    }

    /// <summary>Forgets frame callbacks, and presents what they were requested for.</summary>
    public bool LosesCallbacks
    {
        get => _losesCallbacks;
        set => _losesCallbacks = value;
    }

    /// <summary>Shows frames without presentation feedback for any client, as headless sway 1.7 does.</summary>
    public bool NeverAnswer
    {
        get => _neverAnswer;
        set => _neverAnswer = value;
    }

    /// <summary>Presents a commit at the vblank after its frame callback, as wlroots and weston do.</summary>
    public bool PresentsLater
    {
        get => _presentsLater;
        set => _presentsLater = value;
    }

    /// <summary>Takes dma-bufs and shows none of them.</summary>
    public UnreadableDmabufs Unreadable
    {
        get => _unreadable;
        set => _unreadable = value;
    }

    /// <summary>Stops reading requests.</summary>
    public bool Stall
    {
        get => _stall;
        set
        {
            _stall = value;
            _changed();
        }
    }

    /// <summary>Presentation feedback has the flag zero_copy.</summary>
    public bool ZeroCopy
    {
        get => _zeroCopy;
        set => _zeroCopy = value;
    }

    /// <summary>
    /// Closes the connection at the n-th wl_surface.commit from now; 0 is never. Works once, like the next two.
    /// </summary>
    public int DieAfterCommits
    {
        get => Volatile.Read(ref _dieAfter);
        set => Volatile.Write(ref _dieAfter, value);
    }

    /// <summary>Sends wl_display.error 4242 "injected" on the surface of the n-th commit from now.</summary>
    public int ErrorAfterCommits
    {
        get => Volatile.Read(ref _errorAfter);
        set => Volatile.Write(ref _errorAfter, value);
    }

    /// <summary>Sends xdg_toplevel.close at the n-th commit from now.</summary>
    public int CloseAfterCommits
    {
        get => Volatile.Read(ref _closeAfter);
        set => Volatile.Write(ref _closeAfter, value);
    }

    /// <summary>Every n-th feedback that could be presented is discarded; 0 is none.</summary>
    public int DiscardEvery
    {
        get => Volatile.Read(ref _discardEvery);
        set => Volatile.Write(ref _discardEvery, value);
    }

    /// <summary>So many of the next feedbacks for a single pixel are never answered.</summary>
    public int LostBackgrounds
    {
        get => Volatile.Read(ref _lostBackgrounds);
        set => Volatile.Write(ref _lostBackgrounds, value);
    }

    internal bool DiesNow() => Counted(ref _dieAfter);

    internal bool ErrsNow() => Counted(ref _errorAfter);

    internal bool ClosesNow() => Counted(ref _closeAfter);

    internal bool DiscardsNext()
    {
        var every = DiscardEvery;
        if (every <= 0 || ++_sinceDiscard < every)
            return false;
        _sinceDiscard = 0;
        return true;
    }

    internal bool LosesNext()
    {
        if (LostBackgrounds <= 0)
            return false;
        Interlocked.Decrement(ref _lostBackgrounds);
        return true;
    }

    private static bool Counted(ref int left) => Volatile.Read(ref left) > 0 && Interlocked.Decrement(ref left) == 0;
}
