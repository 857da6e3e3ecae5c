using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>The compositor that we are a client of: its connection in our loop, and what it offers.</summary>
internal sealed class Host : LoopSource, IDisposable
{
    /// <summary>What compositors are built on; the versions are in the files' names.</summary>
    private static readonly string[] s_libraries = ["libwlroots", "libmutter", "libkwin", "libweston"];

    private const long AnswerWithinNs = 10_000_000_000;

    /// <summary>How often libdecor may look after things of its own, while the host has something to say.</summary>
    private const long LibdecorEveryNs = 1_000_000_000;

    /// <summary>A host that is started again is there within a second or so; asking for it costs a connect(2).</summary>
    private const long FirstRetryNs = 100_000_000, LongestRetryNs = 1_000_000_000;
    private static long s_lastConnected = long.MinValue / 2;

    private readonly WlDisplay _display;
    private readonly Loop _loop;
    private bool _polled, _isDisposed;
    private long _libdecorAt;

    private Host(WlDisplay display, Loop loop)
    {
        (_display, _loop) = (display, loop);
        Globals = new Globals(display.GetRegistry());
        ProcessId = display.HostProcessId;
        Name = ProcessId is { } pid ? $"{ProcessFds.Name(pid)}{Library(pid)}" : "unknown";
    }

    public Globals Globals { get; }

    /// <summary>What it likes, before any surface is known.</summary>
    public Feedback Feedback { get; private set; } = null!;

    /// <summary>Explicit synchronisation; null where host or kernel have none.</summary>
    public ExplicitSync? Sync { get; private set; }

    /// <summary>Draws frames; null where the host does, or none are wanted, or it is not installed.</summary>
    public Libdecor? Libdecor { get; private set; }

    /// <summary>Formats of wl_shm (wl_shm.format).</summary>
    public HashSet<WlShmFormat> ShmFormats { get; } = [];

    /// <summary>
    /// Its process's name, and the library that it is made of with its version, where we may see that: "sway (wlroots-0.20)".
    /// Wayland has no request for either.
    /// </summary>
    public string Name { get; }

    /// <summary>Of who listens at the socket; null when that is not to be had.</summary>
    public int? ProcessId { get; }

    /// <summary>The clock of presentation times (wp_presentation.clock_id).</summary>
    public int PresentationClock { get; private set; } = Clock.Monotonic;

    /// <summary>The socket is full: the host does not read. What would be sent now waits, or nothing bounds our memory.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>The host reads again.</summary>
    public event Action? Resumed;

    /// <summary>Connects, and learns what the host offers.</summary>
    /// <param name="loop">The loop that it joins.</param>
    /// <param name="name">A socket's name or path; null for what the environment names.</param>
    /// <param name="isFramed">Windows shall have a frame, if need be by libdecor.</param>
    /// <exception cref="ExitException">No host, or one that cannot show anything.</exception>
    public static Host Connect(Loop loop, string? name = null, bool isFramed = false)
    {
        var host = new Host(Open(name), loop);
        try
        {
            host.Learn(isFramed);
            s_lastConnected = Clock.Now;
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Connects as soon as there is a host; null when the loop was stopped before.</summary>
    /// <param name="loop">Goes on turning meanwhile.</param>
    /// <param name="isFramed">As <see cref="Connect"/> has it.</param>
    /// <param name="missing">Told why there is none, the first time.</param>
    public static Host? Await(Loop loop, bool isFramed, Action<string>? missing = null)
    {
        // One that ends us as soon as we are there is there again at once.
        if (Clock.Now - s_lastConnected < LongestRetryNs)
            loop.Pause(LongestRetryNs);
        for (var pause = FirstRetryNs; !loop.Stopped; pause = Math.Min(pause * 2, LongestRetryNs))
        {
            try
            {
                return Connect(loop, isFramed: isFramed);
            }
            catch (ExitException e) when (e.Code == ExitCode.NoHost && Environment.GetEnvironmentVariable("WAYLAND_SOCKET") is null)
            {
                missing?.Invoke(e.Message);
                missing = null;
                loop.Pause(pause);
            }
            catch (WaylandException e) when (e.IsHostGone)
            {
                loop.Pause(pause);
            }
        }
        return null;
    }

    /// <summary>Turns the loop until everything sent so far is answered. For the start; no frame ever waits for it.</summary>
    public void RoundTrip(Loop loop)
    {
        var done = false;
        _display.Sync().Done += (_, _) => done = true;
        Await(loop, () => done);
    }

    /// <summary>Turns the loop until something that the host owes us has come.</summary>
    /// <exception cref="ExitException">It does not come.</exception>
    public void Await(Loop loop, Func<bool> done)
    {
        var patience = new LoopTimer(_ => throw new ExitException(ExitCode.NoHost, $"The host ({Name}) does not answer: it hangs or is stopped."));
        patience.Set(Clock.Now + AnswerWithinNs);
        loop.Add(patience);
        try
        {
            while (!done() && !loop.Stopped)
                loop.Turn();
        }
        finally
        {
            // Of a host that goes away meanwhile, too: or the next one would be given up for it.
            loop.Remove(patience);
        }
    }

    protected override int PollFd => _display.SocketNumber;

    protected override PollEvents Prepare()
    {
        _display.PrepareRead();
        _polled = true;
        return Flush();
    }

    protected override void Check(PollEvents ready, long now)
    {
        if (!_polled)
            return;
        _polled = false;
        if ((ready & ~PollEvents.Out) != PollEvents.None)
            _display.ReadEvents();
        else
            _display.CancelRead();
        _display.DispatchPending();
        if (Libdecor is null || now - _libdecorAt < LibdecorEveryNs)
            return;
        _libdecorAt = now;
        Libdecor.Dispatch();
        _display.DispatchPending();
    }

    /// <summary>Sends what is queued at the program's end, as far as the socket takes it.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _loop.Remove(this);
        if (_polled)
            _display.CancelRead();
        try
        {
            _display.Flush();
        }
        catch (WaylandException)
        {
            // Said already, by whoever ended the program.
        }
        Globals.Seat?.Dispose();
        Feedback?.Dispose();
        Sync?.Dispose();
        Libdecor?.Dispose();
        _display.Dispose();
    }

    private void Learn(bool isFramed)
    {
        _loop.Add(this);
        RoundTrip(_loop);
        if (_loop.Stopped)
            throw new ExitException(ExitCode.Ok, "Interrupted.");
        Globals.Bind(_loop);
        Globals.Shm.Format += (_, e) => ShmFormats.Add(e.Format);
        if (Globals.Presentation is { } presentation)
            presentation.ClockId += (_, e) => PresentationClock = (int)e.ClkId;
        Feedback = Feedback.Default(Globals.Dmabuf);
        if (isFramed && Globals is { Decoration: null, Subcompositor: not null, Viewporter: not null })
            Libdecor = Libdecor.Open(_display);
        RoundTrip(_loop);
        // What libdecor asks when it has heard of the globals.
        if (Libdecor is not null)
            RoundTrip(_loop);
        Sync = ExplicitSync.Open(Globals.Syncobj, Feedback.MainDevice);
    }

    private PollEvents Flush()
    {
        // Closed: what the host said last, perhaps why, is still to be read.
        var stalled = _display.Flush() == FlushResult.Blocked;
        if (IsStalled && !stalled)
        {
            IsStalled = false;
            Resumed?.Invoke();
            stalled = _display.Flush() == FlushResult.Blocked;
        }
        IsStalled = stalled;
        return stalled ? PollEvents.In | PollEvents.Out : PollEvents.In;
    }

    private static WlDisplay Open(string? name)
    {
        try
        {
            return WlDisplay.Connect(name) ?? throw new ExitException(ExitCode.NoHost,
                $"There is no Wayland host at {name ?? Address()}: start guestplane from a Wayland session, or set WAYLAND_DISPLAY and XDG_RUNTIME_DIR to one.");
        }
        catch (DllNotFoundException)
        {
            throw new ExitException(ExitCode.NoHost, "libwayland-client.so.0 is not installed (Debian: libwayland-client0).");
        }
    }

    private static string Library(int pid)
    {
        var library = ProcessFds.MappedFile(pid, file => Array.Exists(s_libraries, name => IsVersion(file, name)));
        return library is null ? "" : $" ({Readable(library)})";
    }

    /// <summary>The library itself, and not another of the family ("libweston-desktop").</summary>
    private static bool IsVersion(string file, string library) =>
        file.StartsWith(library, StringComparison.Ordinal) && (file[library.Length..] is ['-', >= '0' and <= '9', ..] or ['.', 's', 'o', '.', ..]);

    /// <summary>"libwlroots-0.20.so" → "wlroots 0.20", "libkwin.so.6.7.4" → "kwin 6.7.4"; a release in the name says more than the ABI's number.</summary>
    private static string Readable(string file)
    {
        var parts = file["lib".Length..].Split(".so");
        return parts[0].Any(char.IsAsciiDigit) ? parts[0].Replace('-', ' ') : $"{parts[0]} {parts[^1].Trim('.')}".Trim();
    }

    private static string Address() =>
        Environment.GetEnvironmentVariable("WAYLAND_SOCKET") is { Length: > 0 } socket ? $"file descriptor {socket} (WAYLAND_SOCKET)"
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "$XDG_RUNTIME_DIR (unset)",
            Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") ?? "wayland-0");
}
