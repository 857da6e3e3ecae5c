using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Guestplane.Linux;

/// <summary>
/// The program's one loop: one ppoll(2) a turn, over a handful of descriptors and to the nanosecond of the nearest
/// deadline, so that a timer costs no descriptor and no read.
/// </summary>
public sealed partial class Loop : IDisposable
{
    private static readonly Predicate<LoopSource?> s_removed = source => source is null;
    private readonly List<LoopSource?> _sources = [];
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Fd _wake;
    private pollfd[] _polled = new pollfd[8];
    private volatile bool _stopped;

    public unsafe Loop()
    {
        var number = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        _wake = number >= 0 ? Fd.Own(number) : throw LinuxException.Last("eventfd");
        Add(new LoopWatch(_wake, _ => Drain()));
    }

    public bool Stopped => _stopped;

    public void Add(LoopSource source) => _sources.Add(source);

    /// <summary>The source is not asked again, not even in this turn.</summary>
    public void Remove(LoopSource source)
    {
        var index = _sources.IndexOf(source);
        if (index >= 0)
            _sources[index] = null;
    }

    /// <summary>Turns until <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stopped)
            Turn();
    }

    /// <summary>Ends <see cref="Run"/> after the present turn. From any thread.</summary>
    public void Stop()
    {
        _stopped = true;
        Wake();
    }

    /// <summary>Has something done on the loop's thread. From any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        Wake();
    }

    /// <summary>Prepares, waits once, checks.</summary>
    public void Turn() => Turn(LoopSource.Never);

    private unsafe void Wake()
    {
        // A signal may come while the program ends: the number could be another file's by then.
        lock (_wake)
        {
            ulong one = 1;
            // Can only fail when the counter is full, and then the loop is awake anyway.
            if (!_wake.IsClosed)
                _ = LibC.write(_wake.Number, &one, sizeof(ulong));
        }
    }

    /// <summary>A turn that waits <paramref name="waitNs"/> at the longest; with 0 it does what is due and returns.</summary>
    public void Turn(long waitNs)
    {
        var deadline = Prepare();
        var polled = _sources.Count;
        var now = Clock.Now;
        var wait = _stopped ? 0 : Math.Min(waitNs, deadline == LoopSource.Never ? deadline : Math.Max(0, deadline - now));
        Wait(wait);
        now = Clock.Now;
        // A source may add and remove sources while it is checked: what is added now waits for the next turn.
        for (var i = 0; i < polled; i++)
            _sources[i]?.Check((PollEvents)_polled[i].revents, now);
        _sources.RemoveAll(s_removed);
    }

    public void Dispose()
    {
        lock (_wake)
            _wake.Dispose();
    }

    /// <summary>Turns for so long (ns), or until <see cref="Stop"/>.</summary>
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
        for (var i = 0; i < _sources.Count; i++)
        {
            if (_polled.Length < _sources.Count)
                Array.Resize(ref _polled, _sources.Count * 2);
            _polled[i].events = (short)(_sources[i]?.Prepare() ?? PollEvents.None);
            _polled[i].fd = _sources[i]?.PollFd ?? -1;
            _polled[i].revents = 0;
        }
        // Only now: preparing a source may move another one's deadline.
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
            var ready = ppoll(polled, (nuint)_sources.Count, nanoseconds == LoopSource.Never ? null : &timeout, null);
            if (ready < 0 && Marshal.GetLastPInvokeError() != LibC.EINTR)
                throw new LinuxException("ppoll", Marshal.GetLastPInvokeError());
            if (ready >= 0)
                return;
            for (var i = 0; i < _sources.Count; i++)
                polled[i].revents = 0;
        }
    }

    // Tmds.LibC has it without errno, and EINTR is the normal end of a wait in which a signal came.
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
