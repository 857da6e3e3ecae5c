namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A period in which QEMU's main loop, and so the whole VM, waited for a client.</summary>
public sealed record QemuBlock(string Why, TimeSpan Duration);

/// <summary>
/// QEMU's main loop: actions wait in a queue while one of its synchronous calls is unanswered. A client that makes QEMU
/// wait for it while it waits for QEMU hangs here too.
/// </summary>
internal sealed class QemuMainLoop
{
    private readonly Queue<Action> _jobs = new();
    private readonly List<QemuBlock> _blocks = [];
    private string? _why;
    private long _since;
    private bool _isRunning;

    public bool IsBlocked => _why is not null;

    public IReadOnlyList<QemuBlock> Blocks => IsBlocked ? [.. _blocks, Current()] : [.. _blocks];

    public void Post(Action job)
    {
        _jobs.Enqueue(job);
        Run();
    }

    public void Block(string why)
    {
        if (IsBlocked)
            throw new InvalidOperationException($"{why} while {_why}");
        _why = why;
        _since = HostClock.Now;
    }

    /// <summary>The continuation runs before everything in the queue.</summary>
    public void Unblock(Action then)
    {
        if (IsBlocked)
            _blocks.Add(Current());
        _why = null;
        var wasRunning = _isRunning;
        _isRunning = true;
        try
        {
            then();
        }
        finally
        {
            _isRunning = wasRunning;
        }
        Run();
    }

    private void Run()
    {
        if (_isRunning)
            return;
        _isRunning = true;
        try
        {
            while (!IsBlocked && _jobs.TryDequeue(out var job))
                job();
        }
        finally
        {
            _isRunning = false;
        }
    }

    private QemuBlock Current() => new(_why!, TimeSpan.FromMicroseconds((HostClock.Now - _since) / 1000));
}
