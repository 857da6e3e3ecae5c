namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>Actions to run later.</summary>
internal sealed class QemuTimers
{
    private readonly PriorityQueue<QemuTimer, long> _timers = new();

    /// <summary>The timeout for poll(): -1 without timers.</summary>
    public int Timeout()
    {
        while (_timers.TryPeek(out var timer, out var due))
        {
            if (!timer.IsCancelled)
                return (int)Math.Clamp((due - HostClock.Now + 999_999) / 1_000_000, 0, int.MaxValue);
            _timers.Dequeue();
        }
        return -1;
    }

    public QemuTimer After(TimeSpan delay, Action fire)
    {
        var timer = new QemuTimer(fire);
        _timers.Enqueue(timer, HostClock.Now + (long)(delay.TotalMilliseconds * 1_000_000));
        return timer;
    }

    public void Tick()
    {
        while (_timers.TryPeek(out var timer, out var due) && (timer.IsCancelled || due <= HostClock.Now))
        {
            _timers.Dequeue();
            if (!timer.IsCancelled)
                timer.Fire();
        }
    }
}

internal sealed class QemuTimer(Action fire)
{
    public bool IsCancelled { get; private set; }

    public void Cancel() => IsCancelled = true;

    public void Fire() => fire();
}
