using Guestplane.Linux;
using Guestplane.Wayland;

namespace Guestplane.Compositor;

/// <summary>A connection to a compositor: a source of our loop, and what the compositor offers.</summary>
// Fields: most of them are what the compositor offers, for everybody to read.
internal sealed class Host : LoopSource, IDisposable
{
    /// <summary>The libraries that compositors are built on; their file names contain the version.</summary>
    private static readonly string[] s_libraries = ["libwlroots", "libmutter", "libkwin", "libweston"];

    /// <summary>Requests of some 30 bytes; a new image takes as many again.</summary>
    private const int MostUnflushed = 32;

    /// <summary>How often libdecor handles events of its own, at most.</summary>
    private const long LibdecorEveryNs = 1_000_000_000;

    /// <summary>A restarted compositor is back within about a second; a retry costs one connect(2).</summary>
    private const long FirstRetryNs = 100_000_000, LongestRetryNs = 1_000_000_000;

    /// <summary>How long a compositor has for an answer if it is idle, and if it is busy.</summary>
    private const long AnswerNs = 10_000_000_000, LongestAnswerNs = 60_000_000_000;

    private const long BusyNs = AnswerNs / 10;

    private static long s_lastConnected = long.MinValue / 2;

    private readonly WlDisplay _display;
    private readonly Loop _loop;
    private WpPresentation? _presentation;
    private bool _polled, _isDisposed;
    private long _libdecorAt, _unreadUntil;

    private Host(WlDisplay display, Loop loop)
    {
        (_display, _loop) = (display, loop);
        Globals = new Globals(display.GetRegistry());
        ProcessId = display.HostProcessId;
        Name = ProcessId is { } pid ? $"{ProcessFds.Name(pid)}{Library(pid)}" : "unknown";
    }

    public Globals Globals { get; }

    /// <summary>The dma-buf feedback for surfaces in general.</summary>
    public Feedback Feedback { get; private set; } = null!;

    /// <summary>What the compositor can be told about the colours of YUV images.</summary>
    public HostColors Colors { get; private set; } = null!;

    /// <summary>What the compositor is told about HDR images.</summary>
    public HostHdr Hdr { get; private set; } = null!;

    /// <summary>Null if compositor or kernel have no explicit synchronisation.</summary>
    public ExplicitSync? Sync { get; private set; }

    /// <summary>Draws decorations; null if the compositor draws them, none are wanted, or it is not installed.</summary>
    public Libdecor? Libdecor { get; private set; }

    public HashSet<WlShmFormat> ShmFormats { get; } = [];

    /// <summary>The compositor's process name, and its library if we may read that: "sway (wlroots 0.20)".</summary>
    public string Name { get; }

    public HostFamily Family => HostFamilies.Of(Name);

    /// <inheritdoc cref="HostFamilies.VersionOf"/>
    public Version? Version => HostFamilies.VersionOf(Name);

    /// <inheritdoc cref="HostFamilies.CountsSurfaces"/>
    public bool CountsSurfaces => Family.CountsSurfaces(Version);

    /// <summary>The process that listens on the socket; null if unknown.</summary>
    public int? ProcessId { get; }

    /// <summary>The clock of presentation times (wp_presentation.clock_id).</summary>
    public int PresentationClock { get; private set; } = Clock.Monotonic;

    /// <summary>Counts what is not part of a flip: filled pools of wrappers, and timelines made.</summary>
    public long Events => _display.PoolFills + (Sync?.TimelinesMade ?? 0);

    /// <summary>
    /// True if the compositor does not read its full socket. Hold requests: libwayland buffers without limit, and before 1.23
    /// gives the connection up after 4096 bytes. So many can come together in one turn: it is looked at again meanwhile.
    /// </summary>
    public bool IsStalled
    {
        get
        {
            if (!field && _display.Unflushed > MostUnflushed && !_display.HasFailed)
                field = _display.Flush() == FlushResult.Blocked;
            return field;
        }
        private set;
    }

    /// <summary>
    /// Called before each wait: until then (CLOCK_MONOTONIC, ns) nothing needs what the compositor sends, and it is read when the
    /// loop wakes up for something else. 0 if it is to be read at once. The end of the connection is noticed at once, too.
    /// </summary>
    public Func<long>? MayStayUnread { private get; set; }

    /// <summary>The compositor reads again.</summary>
    public event Action? Resumed;

    /// <summary>Connects, and binds what the compositor offers.</summary>
    /// <param name="loop">The loop that reads the connection.</param>
    /// <param name="name">A socket's name or path; null: from the environment.</param>
    /// <param name="isFramed">True if windows should have decorations, by libdecor if necessary.</param>
    /// <exception cref="ExitException">There is no compositor, or it lacks a required global.</exception>
    public static Host Connect(Loop loop, string? name = null, bool isFramed = false)
    {
        var host = new Host(HostSocket.Connect(name), loop);
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

    /// <summary>Connects as soon as there is a compositor; null if the loop is stopped first.</summary>
    /// <param name="loop">Turned while waiting.</param>
    /// <param name="isFramed">See <see cref="Connect"/>.</param>
    /// <param name="missing">Called once with the reason if there is no compositor yet.</param>
    public static Host? Await(Loop loop, bool isFramed, Action<string>? missing = null)
    {
        // A compositor that drops us right after we connect accepts us again at once: pause, or we would spin.
        if (Clock.Now - s_lastConnected < LongestRetryNs)
            loop.Pause(LongestRetryNs);
        for (var pause = FirstRetryNs; !loop.Stopped; pause = Math.Min(pause * 2, LongestRetryNs))
        {
            try
            {
                return Connect(loop, isFramed: isFramed);
            }
            catch (ExitException e)
                when (e.Code == ExitCode.NoHost && Environment.GetEnvironmentVariable("WAYLAND_SOCKET") is null)
            {
                missing?.Invoke(e.Message);
                missing = null;
                loop.Pause(pause);
            }
            catch (WaylandException e) when (e.IsHostGone)
            {
                loop.Pause(pause);
            }
            // The loop was stopped while the compositor did not answer.
            catch (ExitException e) when (e.Code == ExitCode.Ok)
            {
                return null;
            }
        }
        return null;
    }

    /// <summary>Turns the loop until all requests so far are processed. Only for the start: no frame waits for it.</summary>
    public void RoundTrip(Loop loop)
    {
        var done = false;
        _display.Sync().Done += (_, _) => done = true;
        Await(loop, () => done);
    }

    /// <summary>Turns the loop until <paramref name="done"/> or the loop is stopped.</summary>
    /// <exception cref="ExitException">The compositor does not answer (<see cref="HostPatience"/>).</exception>
    public void Await(Loop loop, Func<bool> done)
    {
        var patience = NewPatience(AnswerNs, BusyNs, LongestAnswerNs);
        LoopPatience look = null!;
        look = new LoopPatience(() =>
        {
            if (!patience.Renew(Clock.Now))
                throw new ExitException(ExitCode.NoHost, $"The compositor ({Name}) does not answer: it hangs or is stopped.");
            look.Start(patience.Due - Clock.Now);
        });
        look.Start(patience.Due - Clock.Now);
        loop.Add(look);
        try
        {
            while (!done() && !loop.Stopped)
                loop.Turn();
        }
        finally
        {
            // Also if the compositor goes away meanwhile; otherwise this timer would fire on the next one.
            loop.Remove(look);
        }
    }

    /// <summary>For a wait that begins now, for what the compositor does late if it is busy.</summary>
    /// <inheritdoc cref="HostPatience"/>
    public HostPatience NewPatience(long look, long busy, long longest) =>
        new(Clock.Now, () => ProcessId is { } pid ? Clock.CpuOf(pid) : null, look, busy, longest);

    protected override int PollFd => _display.SocketNumber;

    /// <summary>So that a flip finds the answers to those before it read, whichever was added first.</summary>
    protected override bool IsCheckedFirst => true;

    protected override long Deadline => _unreadUntil > 0 ? _unreadUntil : Never;

    protected override PollEvents Prepare()
    {
        _display.PrepareRead();
        _polled = true;
        var events = Flush();
        // libdecor does not say whether a pointer is in its decorations.
        _unreadUntil = IsStalled || Libdecor is not null ? 0 : MayStayUnread?.Invoke() ?? 0;
        return _unreadUntil > 0 ? PollEvents.None : events;
    }

    protected override void Check(PollEvents ready, long now)
    {
        if (!_polled)
            return;
        _polled = false;
        if ((ready & ~PollEvents.Out) != PollEvents.None || _unreadUntil > 0)
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

    /// <summary>Sends what is still queued, as far as the socket has room.</summary>
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
            // Already reported, as the reason for this end.
        }
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
        Globals.Bind();
        Globals.Shm.Format += (_, e) => ShmFormats.Add(e.Format);
        Colors = new HostColors(Globals.ColorRepresentation, Family);
        Hdr = new HostHdr(Globals);
        Globals.Changed += LearnClock;
        LearnClock();
        Feedback = Feedback.Default(Globals.Dmabuf);
        if (isFramed && Globals is { Decoration: null, Subcompositor: not null, Viewporter: not null })
            Libdecor = Libdecor.Open(_display);
        RoundTrip(_loop);
        // libdecor sends requests of its own when it receives the globals.
        if (Libdecor is not null)
            RoundTrip(_loop);
        Sync = ExplicitSync.Open(Globals.Syncobj, Feedback.SamplingDevices);
    }

    /// <summary>wp_presentation may come later, and again.</summary>
    private void LearnClock()
    {
        if (Globals.Presentation is not { } presentation || presentation == _presentation)
            return;
        _presentation = presentation;
        // Times of a clock that does not exist are taken for CLOCK_MONOTONIC's.
        presentation.ClockId += (_, e) => PresentationClock = Clock.Exists((int)e.ClkId) ? (int)e.ClkId : Clock.Monotonic;
    }

    private PollEvents Flush()
    {
        // If the result is Closed, the last events, perhaps an error, must still be read.
        var stalled = _display.Flush() == FlushResult.Blocked;
        while (IsStalled && !stalled)
        {
            IsStalled = false;
            Resumed?.Invoke();
            // What was held may have filled the socket, so that some of it is still held.
            stalled = _display.Flush() == FlushResult.Blocked;
        }
        IsStalled = stalled;
        return stalled ? PollEvents.In | PollEvents.Out : PollEvents.In;
    }

    private static string Library(int pid)
    {
        var library = ProcessFds.MappedFile(pid, file => Array.Exists(s_libraries, name => IsVersion(file, name)));
        return library is null ? "" : $" ({Readable(library)})";
    }

    /// <summary>Whether the file is that library, not a related one ("libweston-desktop").</summary>
    private static bool IsVersion(string file, string library) =>
        file.StartsWith(library, StringComparison.Ordinal)
        && (file[library.Length..] is ['-', >= '0' and <= '9', ..] or ['.', 's', 'o', '.', ..]);

    /// <summary>"libwlroots-0.20.so" → "wlroots 0.20", "libkwin.so.6.7.4" → "kwin 6.7.4": a release before the ABI.</summary>
    private static string Readable(string file)
    {
        var parts = file["lib".Length..].Split(".so");
        return parts[0].Any(char.IsAsciiDigit) ? parts[0].Replace('-', ' ') : $"{parts[0]} {parts[^1].Trim('.')}".Trim();
    }
}
