using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// One plane's pixels on one surface: the newest flip gets attached and committed as soon as that makes sense, and what
/// it overtakes is counted. A flip waits while its import is unanswered (the image before stays), while the host has not
/// shown the last two (for a second at most: it may be hidden), and while it does not read.
/// </summary>
internal sealed class PlaneSurface : IDisposable
{
    private readonly Host _host;
    private readonly Ladder _ladder;
    private readonly Dictionary<Scanout, BufferPool> _pools = [];
    private readonly Action<BufferPool> _poolChanged;
    private readonly Action<Scanout> _retired;
    private readonly Action<HostBuffer> _bufferReleased;
    private readonly Action _resumed;
    private readonly EventHandler<WlCallback.DoneEventArgs> _frameDone;
    private WlCallback? _frame;
    private int _commitsThisFrame;
    private long _frameAsked;
    private Flip _waiting;
    private bool _isWaiting, _isRepeat;
    private (Rectangle Source, bool IsBottomUp) _shownPart;
    private Flip _committed;
    private int _saidTransports;
    private bool _saidTurnedOver;

    public PlaneSurface(Host host, WlSurface surface, Ladder ladder)
    {
        (_host, Surface, _ladder) = (host, surface, ladder);
        (_poolChanged, _retired, _frameDone, _resumed) = (OnPoolChanged, OnRetired, OnFrame, CommitWaiting);
        _bufferReleased = buffer => BufferReleased?.Invoke(buffer);
        host.Resumed += _resumed;
    }

    /// <summary>Whoever made it destroys it, after its role.</summary>
    public WlSurface Surface { get; }

    public PlaneStats Stats => _ladder.Stats;

    /// <summary>The scanout that is on the surface, null for none.</summary>
    public Scanout? Shown { get; private set; }

    /// <summary>The scanout that was shown last, or refused, also when the plane is off now.</summary>
    public Scanout? LastScanout { get; private set; }

    /// <summary>The rung of <see cref="LastScanout"/>.</summary>
    public Step? Step { get; private set; }

    public int Imports => Stats.Imports;

    public int BuffersMade => Stats.BuffersMade;

    public long CopiedBytes => Stats.CopiedBytes;

    /// <summary>A flip waits to be committed.</summary>
    public bool IsWaiting => _isWaiting;

    /// <summary>Set for a plane that is paced by the host's frames; a sync subsurface gets its frames with its parent's.</summary>
    public Presentation? Presentation { get; init; }

    /// <summary>Where host and kernel can synchronise explicitly.</summary>
    public SurfaceSync? Sync { get; init; }

    /// <summary>Between two frame callbacks: one shown, one to replace it; more would only be discarded. Or none is to be replaced.</summary>
    public int MaxCommitsPerFrame { get; init; } = 2;

    /// <summary>Called with what is about to be committed, to place the surface for it.</summary>
    public Action<Flip>? Placing { get; init; }

    /// <summary>Told the ticket of a flip that the host has taken, or that was overtaken.</summary>
    public Action<long>? Released { get; init; }

    /// <summary>Called after a commit, for a parent that has to be committed too.</summary>
    public Action? Committed { get; init; }

    /// <summary>The plane has come to stand on another rung: once for each, with its reason.</summary>
    public event Action<PlaneSurface, Step>? Stepped;

    /// <summary>It shows its first image that is upside down in memory.</summary>
    public event Action<PlaneSurface>? TurnedOver;

    /// <summary>The host has shown a frame of ours, and wants the next one.</summary>
    public event Action? FrameDone;

    /// <summary>A flip was committed, with that buffer (null: it switched the plane off), at that moment (CLOCK_MONOTONIC, ns).</summary>
    public event Action<Flip, HostBuffer?, long>? Attached;

    /// <summary>A newer flip came before this one could be committed.</summary>
    public event Action<Flip>? Overtaken;

    /// <summary>The host has given a buffer back.</summary>
    public event Action<HostBuffer>? BufferReleased;

    /// <summary>Takes a flip of this plane.</summary>
    public void Flip(Flip flip)
    {
        Stats.Flips++;
        if (flip.Scanout is { Kind: MemoryKind.Bytes } bytes && _pools.TryGetValue(bytes, out var pool))
            pool.Damage(flip.DamagedSource);
        if (_isWaiting)
        {
            Release(_waiting.Ticket);
            if (!_isRepeat)
            {
                Stats.Coalesced++;
                Overtaken?.Invoke(_waiting);
            }
            flip = flip.Over(_waiting);
        }
        (_waiting, _isWaiting, _isRepeat) = (flip, true, false);
        CommitWaiting();
    }

    /// <summary>Commits what waits, if nothing holds it.</summary>
    public void CommitWaiting()
    {
        if (!_isWaiting || _host.IsStalled || _commitsThisFrame >= MaxCommitsPerFrame)
            return;
        if (_waiting.Scanout is not { } scanout)
        {
            Commit(_waiting, null);
            return;
        }
        var pool = Pool(scanout);
        LastScanout = scanout;
        if (pool.IsImpossible)
        {
            _isWaiting = false;
            Release(_waiting.Ticket);
            Say(pool.Step);
            return;
        }
        if (pool.Acquire(isShown: Shown == scanout) is not { } buffer)
            return;
        Say(pool.Step);
        Commit(_waiting, buffer);
    }

    /// <summary>Leaves the rung that the plane stands on, for good: everything on it goes down to the next.</summary>
    public void StepDown(string reason)
    {
        if (Step is not { } step || step.Transport == Transport.Impossible)
            return;
        _ladder.Exclude(step.Transport, reason);
        ForgetPools();
        if (!_isWaiting && Shown is { } shown)
            Repeat(shown);
        CommitWaiting();
    }

    /// <summary>
    /// After a while (ns) in which a frame was owed: what waits is committed all the same, to be what is seen first by who looks
    /// again, and because a host whose own output failed once owes its frame until something new comes. Nor does an image
    /// that the host has dropped come to the screen of itself.
    /// </summary>
    public void Insist(long now, long after)
    {
        if (IsStarved(now, after))
            _commitsThisFrame = Math.Min(_commitsThisFrame, MaxCommitsPerFrame - 1);
        RepeatIfInDoubt(now);
        CommitWaiting();
    }

    /// <summary>Commits once more what is on the surface, when nobody may have seen it; never more than once a frame.</summary>
    public void RepeatIfInDoubt(long now)
    {
        if (_isWaiting || _frame is not null || Shown is not { } shown || Presentation?.IsInDoubt(now) != true)
            return;
        Presentation.Repeat();
        Repeat(shown);
        CommitWaiting();
    }

    /// <summary>The host has owed a frame for so long (ns) that nobody can be looking.</summary>
    public bool IsStarved(long now, long after) => _frame is not null && now - _frameAsked > after;

    /// <summary>The rung may bear again: what was found impossible is tried anew at the next flip.</summary>
    public void Reconsider(Transport? broken)
    {
        if (broken is { } transport)
            _ladder.Include(transport);
        foreach (var pool in _pools.Values.Where(pool => pool.IsImpossible).ToList())
            Forget(pool);
    }

    /// <summary>Takes the image off the surface.</summary>
    public void Detach()
    {
        ForgetFrame();
        Shown = null;
        Sync?.Clear();
        Surface.Attach(null, 0, 0);
        Surface.Commit();
    }

    public void Dispose()
    {
        _host.Resumed -= _resumed;
        Sync?.Dispose();
        ForgetPools();
        _frame?.Dispose();
    }

    private void Repeat(Scanout shown) => (_waiting, _isWaiting, _isRepeat) =
        (_committed with { Scanout = shown, Damage = default, Time = Clock.Now }, true, true);

    private void ForgetPools()
    {
        foreach (var pool in _pools.Values.ToList())
            Forget(pool);
    }

    private void Forget(BufferPool pool)
    {
        pool.Scanout.Retired -= _retired;
        _pools.Remove(pool.Scanout);
        pool.Dispose();
    }

    private void Commit(Flip flip, HostBuffer? buffer)
    {
        _isWaiting = false;
        var isUpdate = Shown is not null && Shown == flip.Scanout && _shownPart == (flip.Source, flip.IsBottomUp);
        Shown = flip.Scanout;
        if (flip.Scanout is not null && _shownPart.IsBottomUp != flip.IsBottomUp)
            Turn(flip.IsBottomUp);
        _shownPart = (flip.Source, flip.IsBottomUp);
        Placing?.Invoke(flip);
        Surface.Attach(buffer?.Proxy, 0, 0);
        if (isUpdate && flip.DamagedSource is { IsEmpty: false } damage)
            Surface.DamageBuffer(damage.X, damage.Y, damage.Width, damage.Height);
        else
            Surface.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
        if (buffer is not null && Step?.Transport == Transport.DmaBuf)
            Sync?.Set(buffer, flip.Scanout!);
        else
            Sync?.Clear();
        var now = Clock.Now;
        if (buffer is null)
            ForgetFrame();
        else if (Presentation is not null)
        {
            Presentation.Track(Surface, flip.Time, now);
            AskForFrame(now);
        }
        Surface.Commit();
        _committed = flip;
        if (Presentation is null || buffer is null)
            Release(flip.Ticket);
        Stats.Committed++;
        if (_isRepeat)
            Stats.Repeated++;
        Stats.FlipToCommit.Add(now - flip.Time);
        Attached?.Invoke(flip, buffer, now);
        Committed?.Invoke();
    }

    private void Turn(bool isBottomUp)
    {
        Surface.SetBufferTransform(isBottomUp ? WlOutputTransform.Flipped180 : WlOutputTransform.Normal);
        if (isBottomUp && !_saidTurnedOver)
            TurnedOver?.Invoke(this);
        _saidTurnedOver |= isBottomUp;
    }

    private void AskForFrame(long now)
    {
        _commitsThisFrame++;
        if (_frame is not null)
            return;
        _frameAsked = now;
        _frame = Surface.Frame();
        _frame.Done += _frameDone;
    }

    /// <summary>A surface without an image gets no frames: what was asked for may never come.</summary>
    private void ForgetFrame()
    {
        _frame?.Dispose();
        _frame = null;
        _commitsThisFrame = 0;
    }

    private void OnFrame(object? sender, WlCallback.DoneEventArgs e)
    {
        _frame = null;
        _commitsThisFrame = 0;
        Release(_committed.Ticket);
        FrameDone?.Invoke();
        CommitWaiting();
        RepeatIfInDoubt(Clock.Now);
    }

    private void Release(long ticket)
    {
        if (ticket > 0)
            Released?.Invoke(ticket);
    }

    private BufferPool Pool(Scanout scanout)
    {
        if (_pools.TryGetValue(scanout, out var pool))
            return pool;
        pool = new BufferPool(scanout, _ladder, _poolChanged) { Released = _bufferReleased };
        _pools.Add(scanout, pool);
        scanout.Retired += _retired;
        return pool;
    }

    private void OnPoolChanged(BufferPool pool)
    {
        if (_isWaiting && _waiting.Scanout == pool.Scanout)
            CommitWaiting();
    }

    private void OnRetired(Scanout scanout)
    {
        Forget(_pools[scanout]);
        if (_isWaiting && _waiting.Scanout == scanout)
            _isWaiting = false;
        if (Shown == scanout)
            Shown = null;
    }

    private void Say(Step step)
    {
        Step = step;
        var bit = 1 << (int)step.Transport;
        if ((_saidTransports & bit) != 0)
            return;
        _saidTransports |= bit;
        Stepped?.Invoke(this, step);
    }
}
