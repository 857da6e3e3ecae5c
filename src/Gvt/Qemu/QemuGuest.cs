using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>A VM by QEMU's D-Bus display: it pushes what it draws, and is slowed down to what is shown.</summary>
public sealed class QemuGuest : IGuest
{
    private const long PatienceNs = 10_000_000_000;
    private const long FirstRetryNs = 250_000_000, LongestRetryNs = 2_000_000_000;

    private readonly Loop _loop;
    private readonly QemuSource _source;
    private readonly uint? _console;
    private readonly LoopTimer _retry;
    private readonly List<QemuConsole> _consoles = [];
    private readonly QemuClipboard _clipboard = new();
    private QemuConnection? _connection;
    private long _retryIn = FirstRetryNs;
    private bool _isStarted, _isReaching, _isDisposed;
    private SourceException? _problem;

    private QemuGuest(Loop loop, QemuSource source, uint? console)
    {
        (_loop, _source, _console) = (loop, source, console);
        loop.Add(_retry = new LoopTimer(_ => Reach()));
    }

    public string Source => _source.Words;

    public string Title { get; private set; } = "";

    public IReadOnlyList<Head> Heads { get; private set; } = [];

    public bool IsAsked => false;

    public IGuestClipboard? Clipboard => _clipboard;

    public int DmaBufs => _consoles.Sum(console => console.DmaBufs);

    public bool CanReturn => _source.CanReturn;

    public event Action<string>? Lost;

    public event Action? Returned;

    /// <summary>The words that name a VM, a line each.</summary>
    public const string Help = QemuSource.Help;

    /// <summary>Whether the words name a guest of this kind.</summary>
    public static bool Is(string source) => QemuSource.Is(source);

    /// <summary>Reaches the VM and learns what consoles it has: none if the loop is stopped meanwhile.</summary>
    /// <param name="source">The user's words.</param>
    /// <param name="loop">Turned meanwhile.</param>
    /// <param name="console">The one to show; null: all graphic ones.</param>
    /// <param name="waiting">A VM that is not there yet is waited for, and this told once, in a sentence; null: it is not.</param>
    /// <exception cref="SourceException">With the sentence to show.</exception>
    public static QemuGuest Open(string source, Loop loop, uint? console = null, Action<string>? waiting = null)
    {
        var guest = new QemuGuest(loop, QemuSource.Parse(source), console);
        try
        {
            guest.Await(guest.CanReturn ? waiting : null);
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    public void Start(Loop loop)
    {
        _isStarted = true;
        if (_connection is null)
            Lost?.Invoke($"{Source} is gone: {_problem?.Message ?? "it ended"}.");
        else
            ConnectConsoles();
    }

    public long Ask(long now) => LoopSource.Never;

    public void Return()
    {
        _retryIn = FirstRetryNs;
        _retry.Set(Clock.Now + _retryIn);
    }

    public void Dispose()
    {
        _isDisposed = true;
        _loop.Remove(_retry);
        foreach (var console in _consoles)
            console.Dispose();
        _connection?.Dispose();
        _connection = null;
    }

    private void Await(Action<string>? waiting)
    {
        var patience = new LoopTimer(_ => _problem ??= Absent("it does not answer: it hangs or is stopped"));
        _loop.Add(patience);
        if (waiting is null)
            patience.Set(Clock.Now + PatienceNs);
        Reach();
        while (_consoles.Count == 0 && !_loop.Stopped && (waiting is not null || _problem is null))
        {
            if (_problem is not null && !_retry.IsSet && !_isReaching)
            {
                if (_retryIn == FirstRetryNs)
                    waiting!($"{Source} cannot be shown yet: {_problem.Message}. Waiting for it.");
                Retry();
            }
            _loop.Turn();
        }
        _loop.Remove(patience);
        if (_consoles.Count == 0 && !_loop.Stopped)
            throw new SourceException(_problem!.Fault, $"{Source} cannot be shown: {_problem.Message}.");
    }

    private void Reach()
    {
        (_isReaching, _problem) = (true, null);
        _source.Reach(_loop, OnReached);
    }

    private void OnReached(QemuConnection? connection, SourceException? problem)
    {
        if (connection is null || _isDisposed)
        {
            connection?.Dispose();
            Fail(problem ?? Absent("it was not waited for"));
            return;
        }
        _connection = connection;
        connection.Ready += OnReady;
        connection.Failed += OnFailed;
        connection.Start();
    }

    private void OnReady()
    {
        var wanted = _connection!.Consoles.Where(IsWanted).ToList();
        if (wanted.Count == 0)
        {
            OnFailed(_consoles.Count > 0 ? "it has none of the consoles that were shown" : _console is null ? "it has no graphic console"
                : $"it has no console {_console} (it has {string.Join(", ", _connection.Consoles.Select(console => $"{console.Id}: {console.Label}"))})");
            return;
        }
        if (_consoles.Count == 0)
            MakeConsoles(wanted);
        if (_isStarted && !ConnectConsoles())
            return;
        _isReaching = false;
        if (_isStarted)
            Returned?.Invoke();
    }

    /// <summary>At first those that the user named; of a VM that has returned those that there are windows for.</summary>
    private bool IsWanted(ConsoleInfo info) =>
        _consoles.Count > 0 ? _consoles.Exists(console => console.Info.Id == info.Id) : _console is { } id ? info.Id == id : info.IsGraphic;

    private void MakeConsoles(List<ConsoleInfo> wanted)
    {
        Title = _connection!.VmName.Length > 0 ? _connection.VmName : Source;
        foreach (var info in wanted)
        {
            var isUnique = wanted.Count(other => other.Label == info.Label) == 1 && info.Label.Length > 0;
            var console = new QemuConsole(_loop, isUnique ? info.Label : $"{info.Label}.{info.Id}", info);
            console.Lost += OnFailed;
            _consoles.Add(console);
        }
        Heads = [.. _consoles.Select(console => console.Head)];
    }

    /// <summary>A VM that has come back may have other consoles: each takes its own of the same number, if that is there.</summary>
    /// <returns>False when it has failed.</returns>
    private bool ConnectConsoles()
    {
        try
        {
            _clipboard.Connect(_connection);
            foreach (var console in _consoles)
                if (_connection?.Consoles.FirstOrDefault(info => info.Id == console.Info.Id) is { } info)
                    console.Connect(_connection, info);
            return true;
        }
        catch (BusException e)
        {
            // It has ended by now, or takes no descriptors.
            OnFailed(e.Message);
            return false;
        }
    }

    private static SourceException Absent(string clause) => new(SourceFault.NotThere, clause);

    private void OnFailed(string why) => Fail(Absent(why));

    private void Fail(SourceException why)
    {
        var wasUp = _isStarted && !_isReaching && _connection is not null;
        _isReaching = false;
        foreach (var console in _consoles)
            console.Disconnect();
        _clipboard.Connect(null);
        _connection?.Dispose();
        _connection = null;
        _problem = why;
        if (wasUp)
            Lost?.Invoke($"{Source} is gone: {why.Message}.");
        else if (_isStarted)
            Retry();
    }

    private void Retry()
    {
        if (_isDisposed)
            return;
        _retry.Set(Clock.Now + _retryIn);
        _retryIn = Math.Min(_retryIn * 2, LongestRetryNs);
    }
}
