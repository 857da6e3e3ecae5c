namespace Guestplane.Linux;

/// <summary>The events of poll(2).</summary>
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
/// Something that the loop waits for: a descriptor, a deadline, or both. Sources are prepared before every wait and checked
/// after it, in the order in which they were added, but for <see cref="IsCheckedFirst"/>; libwayland-client and sd-bus both need
/// these two steps.
/// </summary>
public abstract class LoopSource
{
    /// <summary>The deadline of a source that has none.</summary>
    public const long Never = long.MaxValue;

    /// <summary>The descriptor to poll, or -1 for none.</summary>
    protected internal virtual int PollFd => -1;

    /// <summary>The latest time to wake up (CLOCK_MONOTONIC, ns).</summary>
    protected internal virtual long Deadline => Never;

    /// <summary>True if it is checked before the other sources, which then know what it has read.</summary>
    protected internal virtual bool IsCheckedFirst => false;

    /// <summary>Called right before the wait; returns what to poll for.</summary>
    protected internal virtual PollEvents Prepare() => PollEvents.In;

    /// <summary>Called after every wait; <paramref name="ready"/> may be empty.</summary>
    protected internal abstract void Check(PollEvents ready, long now);
}

/// <summary>Calls back once, at a time that can be moved or cancelled.</summary>
public sealed class LoopTimer(Action<long> due) : LoopSource
{
    private long _deadline = Never;

    protected internal override long Deadline => _deadline;

    /// <summary>The time that is set, or <see cref="LoopSource.Never"/>.</summary>
    public long Due => _deadline;

    public bool IsSet => _deadline != Never;

    /// <summary>Sets the time (CLOCK_MONOTONIC, ns) and replaces an earlier one.</summary>
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

/// <summary>
/// Calls back when something that others should have done has not happened within a time. A time in which this process itself
/// did not run (SIGSTOP, a busy machine) is no fault of theirs: what they did meanwhile is looked at first.
/// </summary>
public sealed class LoopPatience(Action over) : LoopSource
{
    /// <summary>A loop that runs is back from its wait within a fraction of this.</summary>
    private const long LateNs = 20_000_000;

    /// <summary>For what is there already, which may take several steps.</summary>
    private const long MoreNs = 1_000_000_000;

    private long _deadline = Never;

    protected internal override long Deadline => _deadline;

    public bool IsSet => _deadline != Never;

    /// <summary>Calls back after that many nanoseconds, unless <see cref="Cancel"/> is called before.</summary>
    public void Start(long nanoseconds) => _deadline = Clock.Now + nanoseconds;

    public void Cancel() => _deadline = Never;

    protected internal override void Check(PollEvents ready, long now)
    {
        if (now < _deadline)
            return;
        if (now - _deadline > LateNs)
        {
            _deadline = now + MoreNs;
            return;
        }
        _deadline = Never;
        over();
    }
}

/// <summary>Calls back when a descriptor is ready. It does not own the descriptor.</summary>
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
