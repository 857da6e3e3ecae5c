namespace Guestplane.Linux;

/// <summary>poll(2)'s events.</summary>
[Flags]
public enum PollEvents : short
{
    None = 0,
    In = 0x1,
    Out = 0x4,
    Error = 0x8,
    HangUp = 0x10,
}

/// <summary>
/// Something that the loop waits for: a descriptor, a deadline, or both. A source is prepared before every wait and
/// checked after it, in the order in which it was added: a Wayland display and sd-bus both want to be asked that way.
/// </summary>
public abstract class LoopSource
{
    /// <summary>Deadline of a source that waits for no moment.</summary>
    public const long Never = long.MaxValue;

    /// <summary>The descriptor to poll, or -1 for none.</summary>
    protected internal virtual int PollFd => -1;

    /// <summary>When to wake at the latest, CLOCK_MONOTONIC in ns.</summary>
    protected internal virtual long Deadline => Never;

    /// <summary>Called right before the wait; returns what to poll for.</summary>
    protected internal virtual PollEvents Prepare() => PollEvents.In;

    /// <summary>Called after every wait, with what the descriptor has, possibly nothing.</summary>
    protected internal abstract void Check(PollEvents ready, long now);
}

/// <summary>Calls back once, at a moment that may be moved or taken back.</summary>
public sealed class LoopTimer(Action<long> due) : LoopSource
{
    private long _deadline = Never;

    protected internal override long Deadline => _deadline;

    /// <summary>The moment that is set, or <see cref="LoopSource.Never"/>.</summary>
    public long Due => _deadline;

    public bool IsSet => _deadline != Never;

    /// <summary>Sets the moment (CLOCK_MONOTONIC, ns), in place of an earlier one.</summary>
    public void Set(long deadline) => _deadline = deadline;

    public void Cancel() => _deadline = Never;

    protected internal override void Check(PollEvents ready, long now)
    {
        if (now < _deadline)
            return;
        _deadline = Never;
        due(now);
    }
}

/// <summary>Calls back when a descriptor is ready. The descriptor stays its owner's.</summary>
public sealed class LoopWatch(Fd fd, Action<PollEvents> handle, PollEvents events = PollEvents.In) : LoopSource
{
    protected internal override int PollFd => fd.Number;

    protected internal override PollEvents Prepare() => events;

    protected internal override void Check(PollEvents ready, long now)
    {
        if (ready != PollEvents.None)
            handle(ready);
    }
}
