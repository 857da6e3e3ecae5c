using Guestplane.Gvt;
using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>
/// Shows one plane on one surface: the newest flip is committed as soon as possible, and the flips that it replaces are counted
/// as coalesced. At most one flip waits: for its import (the previous image stays), for a frame callback, or for a
/// compositor that does not read its socket. doc/pacing.md has the states.
/// </summary>
// Fields: half of them are for its readers; its own state is the mailbox and two flips.
internal sealed class PlaneSurface : IFramedPlane, IBufferPoolOwner, IDisposable
{
    /// <summary>What waits to be committed.</summary>
    private enum Mailbox
    {
        Empty,
        Flip,

        /// <summary>The image that is already on the surface, without a new flip.</summary>
        Repeat,
    }

    private readonly Host _host;
    private readonly PlaneTransports _transports;
    private readonly PlanePools _pools;
    private readonly PlaneObserver _observer;
    private readonly Action _resumed;
    private Mailbox _mailbox;
    private Flip _waiting;

    /// <summary>The newest flip that left the mailbox; it is on the surface unless it could not be shown.</summary>
    private Flip _current;
    private int _reportedTransports;

    /// <param name="host">The compositor.</param>
    /// <param name="surface">Owned by the caller, who destroys it after its role.</param>
    /// <param name="transports">The plane's transports.</param>
    /// <param name="observer">Notified of each step.</param>
    /// <param name="frames">Paces the plane; null for a synchronised subsurface or a pointer image.</param>
    public PlaneSurface(
        Host host, WlSurface surface, PlaneTransports transports, PlaneObserver observer, PlaneFrames? frames = null)
    {
        (_host, Surface, _transports, _observer, Frames) = (host, surface, transports, observer, frames);
        (_pools, _resumed) = (new PlanePools(transports, this), CommitWaiting);
        host.Resumed += _resumed;
        frames?.Pace(this);
    }

    public WlSurface Surface { get; private set; }

    public PlaneFrames? Frames { get; }

    public PlaneStats Stats => _transports.Stats;

    /// <summary>The scanout that is on the surface; null for none.</summary>
    public Scanout? Shown { get; private set; }

    /// <summary>The flip whose image is on the surface; null if there is none, or if a later image could not be shown.</summary>
    public Flip? ShownFlip => Shown is not null && Shown == _current.Scanout ? _current : null;

    /// <summary>The last scanout for which a transport was chosen, even if the plane is off now.</summary>
    public Scanout? LastScanout { get; private set; }

    /// <summary>The transport of <see cref="LastScanout"/>.</summary>
    public TransportChoice? Choice { get; private set; }

    /// <summary>True if the compositor turns the image over, because its rows are upside down in memory.</summary>
    public bool IsTurned { get; private set; }

    public bool IsWaiting => _mailbox != Mailbox.Empty;

    public bool IsOn => Shown is not null;

    public bool HoldsGuest => _current is { Ticket: > 0, IsReleasedAtCommit: false };

    /// <summary>Explicit synchronisation; null without it.</summary>
    public SurfaceSync? Sync { get; init; }

    /// <summary>What the compositor is told about the colours of the image.</summary>
    public required SurfaceColor Color { get; init; }

    /// <summary>Called before a flip is committed, to place the surface for it, or to move the plane to another.</summary>
    public Action<Flip>? Placing { get; init; }

    /// <summary>Called after a commit, for a parent that has to be committed too.</summary>
    public Action? CommitParent { get; init; }

    /// <summary>
    /// Called with the ticket of a flip that the compositor has taken, that was replaced or dropped, or that waits for no more
    /// than its commit (<see cref="Flip.IsReleasedAtCommit"/>).
    /// </summary>
    public Action<long>? ReleaseTicket { get; init; }

    /// <summary>Commits a flip, or holds it until that is possible.</summary>
    public void Flip(Flip flip)
    {
        Stats.Flips++;
        if (flip.Scanout is { Kind: MemoryKind.Bytes } bytes)
            _pools.Damage(bytes, flip.DamagedSource);
        if (IsWaiting)
        {
            Release(_waiting.Ticket);
            if (_mailbox == Mailbox.Flip)
            {
                Stats.Coalesced++;
                _observer.Overtaken(_waiting);
            }
            flip = flip.Over(_waiting);
        }
        (_waiting, _mailbox) = (flip, Mailbox.Flip);
        Frames?.Flipped(flip);
        CommitWaiting();
        Frames?.Plan();
        _observer.Flipped(flip);
    }

    public void CommitWaiting()
    {
        if (!IsWaiting || _host.IsStalled || Frames is { IsOpen: false })
            return;
        if (_waiting.Scanout is not { } scanout)
        {
            Commit(null);
            return;
        }
        if (scanout.IsRetired)
        {
            Drop();
            return;
        }
        var pool = _pools.Get(scanout);
        LastScanout = scanout;
        if (pool.IsImpossible)
        {
            _current = _waiting;
            Drop();
            Report(pool.Choice);
            return;
        }
        if (pool.Acquire(isShown: Shown == scanout) is not { } buffer)
            return;
        Report(pool.Choice);
        Commit(buffer);
    }

    public void Taken() => Release(_current.Ticket);

    public void Repeat() => CommitAgain(ticket: 0);

    /// <summary>Commits the image again, because it belongs on another surface now: <see cref="Placing"/> moves it.</summary>
    public void Recommit() => CommitAgain(_current.Ticket);

    /// <summary>
    /// The plane is on another surface from the commit on that is being made. The same wl_buffer may be on both for a moment; it
    /// is released when it is on neither.
    /// </summary>
    public void MoveTo(WlSurface surface, Feedback? feedback)
    {
        Frames?.MoveTo(surface, Clock.Now);
        Sync?.MoveTo(surface);
        Color.MoveTo(surface);
        if (IsTurned)
        {
            Surface.SetBufferTransform(WlOutputTransform.Normal);
            surface.SetBufferTransform(WlOutputTransform.Flipped180);
        }
        (Surface, _transports.SurfaceFeedback) = (surface, feedback);
    }

    public Transport? StepDown(string reason)
    {
        // Every compositor can read wl_shm memory, so only dma-buf is given up.
        if (Choice?.Transport != Transport.DmaBuf || Shown is not { } shown)
            return null;
        _transports.Exclude(Transport.DmaBuf, reason);
        Choice = _transports.First(shown);
        _pools.Renew();
        return Choice?.Transport;
    }

    public void StepBack()
    {
        _transports.Include(Transport.DmaBuf);
        _pools.Renew();
        Repeat();
    }

    public void Confirm()
    {
        if (Choice is { } choice)
            Report(choice);
    }

    /// <summary>The compositor accepts other formats now: retry at the next flip what could not be shown.</summary>
    public void Reconsider() => _pools.ClearImpossible();

    /// <summary>Takes the image off the surface.</summary>
    public void Detach()
    {
        Frames?.Forget(Clock.Now);
        Shown = null;
        Sync?.Clear();
        Color.Clear();
        Surface.Attach(null, 0, 0);
        Surface.Commit();
        _pools.Committed();
    }

    public void OnPoolChanged(Scanout scanout)
    {
        if (IsWaiting && _waiting.Scanout == scanout)
            CommitWaiting();
    }

    public void OnBufferReleased(uint buffer) => _observer.BufferReleased(buffer);

    public void OnRetired(Scanout scanout)
    {
        if (IsWaiting && _waiting.Scanout == scanout)
            Drop();
        if (Shown == scanout)
            Shown = null;
    }

    public void Dispose()
    {
        _host.Resumed -= _resumed;
        Frames?.Dispose();
        Sync?.Dispose();
        Color.Dispose();
        _pools.Dispose();
    }

    private void CommitAgain(long ticket)
    {
        if (!IsWaiting && _current.Scanout is { IsRetired: false })
            (_waiting, _mailbox) = (_current with { Damage = default, Time = Clock.Now, Ticket = ticket }, Mailbox.Repeat);
        CommitWaiting();
    }

    private void Drop()
    {
        _mailbox = Mailbox.Empty;
        Release(_waiting.Ticket);
    }

    /// <summary>Commits the waiting flip.</summary>
    /// <param name="buffer">The buffer with its image; null switches the plane off.</param>
    private void Commit(HostBuffer? buffer)
    {
        var (flip, isRepeat) = (_waiting, _mailbox == Mailbox.Repeat);
        var damage = IsSameImage(flip) ? flip.DamagedSource : default;
        (_mailbox, _current, Shown) = (Mailbox.Empty, flip, flip.Scanout);
        if (flip.Scanout is not null)
            Turn(flip.IsBottomUp);
        var before = Surface;
        Placing?.Invoke(flip);
        Surface.Attach(buffer?.Proxy, 0, 0);
        var isDamagedWhole = damage.IsEmpty || damage == flip.Source || Surface != before;
        if (isDamagedWhole)
            Surface.DamageBuffer(0, 0, int.MaxValue, int.MaxValue);
        else
            Surface.DamageBuffer(damage.X, damage.Y, damage.Width, damage.Height);
        var isDmaBuf = buffer is not null && Choice?.Transport == Transport.DmaBuf;
        if (isDmaBuf)
            Sync?.Set(buffer!, flip.Scanout!);
        else
            Sync?.Clear();
        if (buffer is null)
            Color.Clear();
        else
            Color.Set(flip.Scanout!);
        var now = Clock.Now;
        if (buffer is null)
            Frames?.Forget(now);
        else
            Frames?.Request(
                flip.Time, now, new(Choice!.Value.Transport, Choice.Value.Format, flip.Scanout!.Layout.Modifier), isDamagedWhole);
        Surface.Commit();
        _pools.Committed();
        if (Frames is null || buffer is null || flip.IsReleasedAtCommit)
            Release(flip.Ticket);
        Count(flip, buffer, isRepeat, now);
        CommitParent?.Invoke();
    }

    private void Count(in Flip flip, HostBuffer? buffer, bool isRepeat, long now)
    {
        if (buffer is not null)
            Stats.CountCommit(now - flip.Time, isRepeat);
        _observer.Committed(flip, buffer?.Proxy.ProxyId ?? 0, now);
    }

    /// <summary>True if the flip only changes a part of the image on the surface.</summary>
    private bool IsSameImage(in Flip flip) => Shown is not null && Shown == flip.Scanout && _current.Scanout == Shown
        && (_current.Source, _current.IsBottomUp) == (flip.Source, flip.IsBottomUp);

    private void Turn(bool isBottomUp)
    {
        if (isBottomUp == IsTurned)
            return;
        IsTurned = isBottomUp;
        Surface.SetBufferTransform(isBottomUp ? WlOutputTransform.Flipped180 : WlOutputTransform.Normal);
        if (isBottomUp)
            _observer.TurnedOver();
    }

    private void Release(long ticket)
    {
        if (ticket > 0)
            ReleaseTicket?.Invoke(ticket);
    }

    /// <summary>Reports each transport once, but none that is on trial.</summary>
    private void Report(TransportChoice choice)
    {
        Choice = choice;
        var bit = 1 << (int)choice.Transport;
        if ((_reportedTransports & bit) != 0 || Frames is { IsOnTrial: true })
            return;
        _reportedTransports |= bit;
        _observer.TransportChosen(LastScanout!, choice);
    }
}
