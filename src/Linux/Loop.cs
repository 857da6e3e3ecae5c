using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// The program's only event loop: one ppoll(2) per turn. The nearest deadline is the timeout, in nanoseconds, so a timer needs
/// no descriptor and no read.
/// </summary>
public sealed partial class Loop : IDisposable
{
    private static readonly Predicate<LoopSource?> s_removed = source => source is null;
    private readonly List<LoopSource?> _sources = [];
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Fd _wake;
    private pollfd[] _polled = new pollfd[8];

    // The index in _polled of each source's descriptor; -1 for a source without one. Timers must not count: ppoll rejects more
    // entries than RLIMIT_NOFILE.
    private int[] _slots = new int[8];
    private int _polledCount;
    private volatile bool _stopped;

    public unsafe Loop()
    {
        var number = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        _wake = number >= 0 ? Fd.Own(number) : throw LinuxException.Last("eventfd");
        Add(new LoopWatch(_wake, _ => Drain()));
    }

    public bool Stopped => _stopped;

    /// <summary>How often it has waited.</summary>
    public long Turns { get; private set; }

    public void Add(LoopSource source) => _sources.Add(source);

    /// <summary>Removes a source. It is not checked again, not even in this turn.</summary>
    public void Remove(LoopSource source)
    {
        var index = _sources.IndexOf(source);
        if (index >= 0)
            _sources[index] = null;
    }

    /// <summary>Runs turns until <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stopped)
            Turn();
    }

    /// <summary>Ends <see cref="Run"/> after the current turn. May be called from any thread.</summary>
    public void Stop()
    {
        _stopped = true;
        Wake();
    }

    /// <summary>Runs an action on the loop's thread. May be called from any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        Wake();
    }

    /// <summary>Runs one turn: prepares the sources, waits once, checks the sources.</summary>
    public void Turn() => Turn(LoopSource.Never);

    private unsafe void Wake()
    {
        // A signal may arrive while the program ends; without the lock the number could be another file's by then.
        lock (_wake)
        {
            ulong one = 1;
            // Fails only if the counter is full; then the loop is awake already.
            if (!_wake.IsClosed)
                _ = LibC.write(_wake.Number, &one, sizeof(ulong));
        }
    }

    /// <summary>Runs one turn that waits at most <paramref name="waitNs"/>; with 0 it does not wait.</summary>
    public void Turn(long waitNs)
    {
        var deadline = Prepare();
        var prepared = _sources.Count;
        var now = Clock.Now;
        var wait = _stopped ? 0 : Math.Min(waitNs, deadline == LoopSource.Never ? deadline : Math.Max(0, deadline - now));
        Wait(wait);
        Turns++;
        now = Clock.Now;
        // A source may add and remove sources while it is checked; one that is added now is first polled in the next turn.
        foreach (var isFirst in (ReadOnlySpan<bool>)[true, false])
            for (var i = 0; i < prepared; i++)
                if (_sources[i] is { } source && source.IsCheckedFirst == isFirst)
                    source.Check(_slots[i] < 0 ? PollEvents.None : (PollEvents)_polled[_slots[i]].revents, now);
        _sources.RemoveAll(s_removed);
    }

    public void Dispose()
    {
        lock (_wake)
            _wake.Dispose();
    }

    /// <summary>Runs turns for that many nanoseconds, or until <see cref="Stop"/>.</summary>
    public void Pause(long nanoseconds)
    {
        var isOver = false;
        var end = new LoopTimer(_ => isOver = true);
        end.Set(Clock.Now + nanoseconds);
        Add(end);
        while (!isOver && !_stopped)
            Turn();
        Remove(end);
    }

    private long Prepare()
    {
        _polledCount = 0;
        for (var i = 0; i < _sources.Count; i++)
        {
            if (_slots.Length < _sources.Count)
            {
                Array.Resize(ref _slots, _sources.Count * 2);
                Array.Resize(ref _polled, _sources.Count * 2);
            }
            var events = _sources[i]?.Prepare() ?? PollEvents.None;
            var descriptor = _sources[i]?.PollFd ?? -1;
            _slots[i] = descriptor < 0 ? -1 : _polledCount;
            if (descriptor >= 0)
                _polled[_polledCount++] = new() { fd = descriptor, events = (short)events };
        }
        // A second pass, because preparing one source may move the deadline of another.
        var deadline = LoopSource.Never;
        foreach (var source in _sources)
            deadline = Math.Min(deadline, source?.Deadline ?? LoopSource.Never);
        return deadline;
    }

    private unsafe void Wait(long nanoseconds)
    {
        var timeout = new timespec { tv_sec = nanoseconds / 1_000_000_000, tv_nsec = (long_t)(nanoseconds % 1_000_000_000) };
        fixed (pollfd* polled = _polled)
        {
            var ready = ppoll(polled, (nuint)_polledCount, nanoseconds == LoopSource.Never ? null : &timeout, null);
            if (ready < 0 && Marshal.GetLastPInvokeError() != LibC.EINTR)
                throw new LinuxException("ppoll", Marshal.GetLastPInvokeError());
            if (ready >= 0)
                return;
            for (var i = 0; i < _polledCount; i++)
                polled[i].revents = 0;
        }
    }

    // Tmds.LibC's ppoll does not set errno, and EINTR must be told from a failure: a signal ends a wait with it.
    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int ppoll(pollfd* fds, nuint count, timespec* timeout, void* signals);

    private unsafe void Drain()
    {
        ulong count;
        _ = LibC.read(_wake.Number, &count, sizeof(ulong));
        while (_posted.TryDequeue(out var action))
            action();
    }
}
