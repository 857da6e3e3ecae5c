using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>What a VM is connected to for.</summary>
public enum QemuUse
{
    Display,

    /// <summary>For keyboard, pointer, touch and clipboard. No listener is registered, so QEMU draws and sends nothing.</summary>
    InputOnly,
}

/// <summary>A VM by QEMU's D-Bus display: a pushed guest, slowed down to the rate at which its frames are shown.</summary>
// Fields: what it is made of, and the parts of one life, which end together.
public sealed class QemuGuest : IGuest
{
    /// <summary>For all steps until the guest is open: a VM that hangs or is stopped does not answer.</summary>
    private const long PatienceNs = 10_000_000_000;

    /// <summary>Each console is a window. A graphics card has up to 16 outputs (VIRTIO_GPU_MAX_SCANOUTS).</summary>
    private const int MostConsoles = 16;

    private enum State
    {
        Reaching,
        Open,
        Ended,
    }

    private readonly Loop _loop;
    private readonly QemuSource _source;
    private readonly uint? _console;
    private readonly QemuUse _use;
    private readonly LoopPatience _patience;
    private readonly QemuClipboard _clipboard;
    private QemuGuest? _before;
    private List<QemuConsole> _consoles = [];
    private IDisposable? _attempt;
    private QemuConnection? _connection;
    private Action<SourceException?>? _opened;
    private State _state;
    private int _left;

    /// <param name="console">The console to show. Null: all graphic ones; for input the first of them.</param>
    /// <param name="before">The life before, which was lost. Its heads and its clipboard are taken over.</param>
    public QemuGuest(QemuSource source, Loop loop, uint? console = null, QemuGuest? before = null, QemuUse use = QemuUse.Display)
    {
        (_loop, _source, _console, _before, _use) = (loop, source, console, before, use);
        _clipboard = before?._clipboard ?? new();
        loop.Add(_patience = new LoopPatience(() => End(QemuConnection.Hangs)));
    }

    public string Source => _source.Words;

    public string Title { get; private set; } = "";

    public IReadOnlyList<Head> Heads { get; private set; } = [];

    /// <summary>
    /// True for planes that we ask a vGPU for, and for a share whose VM has a polled display: it polls when we say so.
    /// </summary>
    public bool IsPolled { get; private set; }

    /// <summary>How the planes of a vGPU shall come: if this is not set, by QEMU.</summary>
    public PlanesWay PlanesWay
    {
        init => Direct = new(_source.Words, _loop, value);
    }

    /// <summary>Finds the vGPU whose planes are asked directly. Null: they come by QEMU.</summary>
    internal DirectPlanes? Direct { get; init; }

    public PlanesChoice? Planes { get; private set; }

    public long PollDelay
    {
        get
        {
            // Asked at each poll: no lambda.
            var delay = 0L;
            foreach (var console in _consoles)
                delay = Math.Max(delay, console.PollDelay);
            return delay;
        }
    }

    public IGuestClipboard? Clipboard => _clipboard;

    public int DmaBufs => _consoles.Sum(console => console.DmaBufs);

    public event Action<string>? Lost;

    public void Open(Action<SourceException?> done)
    {
        _opened = done;
        _patience.Start(PatienceNs);
        _attempt = _source.Reach(_loop, OnReached);
    }

    public void Start(Loop loop)
    {
        if (_state == State.Ended)
            return;
        try
        {
            _clipboard.Connect(_connection);
            foreach (var console in _consoles)
                if (_connection is not null && Find(console.Id) is { } info)
                    console.Connect(_connection, info);
            if (_left > 0)
                Heads[0].Refuse($"{Source} has {_left} more graphic consoles: show one of them by --console.");
        }
        catch (Exception e) when (e is BusException or LinuxException)
        {
            // QEMU ended meanwhile, or takes no descriptors, or we have none left.
            End(e.Message);
        }
    }

    public long Poll(long now)
    {
        if (_state != State.Open || !IsPolled)
            return LoopSource.Never;
        var next = now;
        foreach (var console in _consoles)
            next = Math.Max(next, console.Poll(now));
        return next;
    }

    public void Dispose()
    {
        Disconnect();
        foreach (var console in _consoles)
            console.Dispose();
    }

    private void OnReached(QemuConnection? connection, SourceException? problem)
    {
        if (_state == State.Ended)
        {
            connection?.Dispose();
            return;
        }
        if (connection is null)
        {
            End(problem!);
            return;
        }
        _connection = connection;
        connection.Ready += OnReady;
        connection.Failed += End;
        connection.Start();
    }

    private void OnReady()
    {
        var wanted = _connection!.Consoles.Where(IsWanted).Take(_use == QemuUse.InputOnly ? 1 : int.MaxValue).ToList();
        if (_use == QemuUse.InputOnly && wanted is [{ HasInput: false }])
            End("it takes no input");
        else if (wanted.Count == 0)
        {
            var all = string.Join(", ", _connection.Consoles.Select(console => $"{console.Id}: {console.Label}"));
            End(_before is not null ? "it has none of the consoles that were shown"
                : _console is null ? "it has no graphic console" : $"it has no console {_console} (it has {all})");
        }
        else
            Begin(wanted);
    }

    private void Begin(List<ConsoleInfo> wanted)
    {
        if (_before is null)
        {
            _left = Math.Max(0, wanted.Count - MostConsoles);
            MakeConsoles(wanted.GetRange(0, Math.Min(wanted.Count, MostConsoles)));
        }
        IsPolled = wanted.TrueForAll(info => info is { HasPlanes: true, IsPolled: true });
        try
        {
            // If this fails, the consoles must still be those of the life before.
            Join(_before?._consoles ?? _consoles);
        }
        catch (SourceException e)
        {
            End(e);
            return;
        }
        _patience.Cancel();
        _state = State.Open;
        Title = _connection!.VmName.Length > 0 ? _connection.VmName : Source;
        if (_before is not null)
            (_consoles, _before._consoles) = (_before._consoles, []);
        // Each life would else keep all lives before it.
        _before = null;
        foreach (var console in _consoles)
            console.Lost += End;
        Heads = [.. _consoles.Where(console => Find(console.Id) is not null).Select(console => console.Head)];
        _opened!(null);
    }

    /// <summary>
    /// Takes the planes from a vGPU, if it is to be asked directly. A window whose planes came by QEMU in the life before polls
    /// nothing.
    /// </summary>
    /// <exception cref="SourceException">They must not come by QEMU.</exception>
    private void Join(List<QemuConsole> consoles)
    {
        Planes = _before?.Planes;
        if (IsPolled || _before is { IsPolled: false } || Direct is null)
            return;
        var shown = consoles.Where(console => Find(console.Id) is not null).ToList();
        var planes = Direct.Choose(_connection!.Pid, [.. shown.Select(console => (Find(console.Id)!, console.Head))]);
        Planes = Direct.Choice;
        if (planes is null)
            return;
        planes.Lost += OnPlanesLost;
        shown[0].Join(planes);
        IsPolled = true;
    }

    private void OnPlanesLost(string sentence)
    {
        if (_state == State.Ended)
            return;
        Disconnect();
        Lost?.Invoke(sentence);
    }

    /// <summary>
    /// The next life shows the consoles that have windows, matched by number: the VM may have another graphics card now. The
    /// first life shows those that the user requested.
    /// </summary>
    private bool IsWanted(ConsoleInfo info) => _before is not null ? _before._consoles.Exists(console => console.Id == info.Id)
        : _console is { } id ? info.Id == id : info.IsGraphic;

    private ConsoleInfo? Find(uint id) => _connection?.Consoles.FirstOrDefault(info => info.Id == id);

    private void MakeConsoles(List<ConsoleInfo> wanted)
    {
        foreach (var info in wanted)
        {
            var name = QemuConsole.HeadName(info.Id, info.Label, wanted.Select(other => other.Label));
            _consoles.Add(new QemuConsole(_loop, name, info.Id, info.HasInput, _use));
        }
        // The list, and not this life of the guest: the next one takes it over.
        var all = _consoles;
        foreach (var console in all)
            console.Throttle.IsAnotherSeen = now => IsAnotherSeen(all, console, now);
    }

    /// <summary>Called for each frame of a hidden window: no lambda.</summary>
    private static bool IsAnotherSeen(List<QemuConsole> consoles, QemuConsole than, long now)
    {
        foreach (var console in consoles)
            if (console != than && console.Throttle.IsSeen(now))
                return true;
        return false;
    }

    private void End(string why) => End(new SourceException(SourceFault.NotThere, why));

    private void End(SourceException why)
    {
        if (_state == State.Ended)
            return;
        var (wasOpen, isShown) = (_state == State.Open, _use == QemuUse.Display);
        Disconnect();
        if (wasOpen)
            Lost?.Invoke(isShown ? $"{Source} is gone: {why.Message}." : InputWords.Lost(Source, why.Message));
        else
            _opened!(isShown ? new SourceException(why.Fault, $"{Source} cannot be shown: {why.Message}.")
                : InputWords.Refused(Source, why));
    }

    /// <summary>Ends the connection; the consoles keep their last images.</summary>
    private void Disconnect()
    {
        if (_state == State.Open)
        {
            foreach (var console in _consoles)
            {
                console.Lost -= End;
                console.Disconnect();
            }
            _clipboard.Connect(null);
        }
        _state = State.Ended;
        _loop.Remove(_patience);
        _attempt?.Dispose();
        _connection?.Dispose();
        _connection = null;
    }
}
