using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>
/// QEMU's side of org.qemu.Display1, peer to peer: a client gets one end of a control connection and registers listeners.
/// It serves on its own thread; all members may be called from any other.
/// </summary>
public sealed partial class FakeQemu : IDisposable
{
    public const string Root = "/org/qemu/Display1";

    internal const string ObjectManager = "org.freedesktop.DBus.ObjectManager";
    internal const string Properties = "org.freedesktop.DBus.Properties";

    private readonly List<string> _violations = [];
    private readonly List<QemuInput> _input = [];
    private readonly List<QemuConsole> _consoles = [];
    private readonly List<QemuControl> _controls = [];
    private readonly Dictionary<string, int> _calls = [];
    private QemuControl? _control;

    public FakeQemu(QemuSetup? setup = null)
    {
        Setup = setup ?? new QemuSetup();
        Clipboard = new QemuClipboard(this);
        foreach (var console in Setup.Consoles)
            _consoles.Add(new QemuConsole(this, (uint)_consoles.Count, console));
        Start();
    }

    public QemuSetup Setup { get; }

    public QemuFaults Faults { get; } = new();

    public QemuClipboard Clipboard { get; }

    /// <summary>Each connection to this socket is a new control connection, as by QMP's add_client.</summary>
    public string SocketPath => Path.Combine(_folder, "control");

    public IReadOnlyList<QemuConsole> Consoles => Locked(() => _consoles.ToList());

    /// <summary>The first console.</summary>
    public QemuConsole Console => Locked(() => _consoles[0]);

    /// <summary>Mistakes of clients: QEMU closes the connection, ignores them, or answers with a D-Bus error.</summary>
    public IReadOnlyList<string> Violations => Locked(() => _violations.ToList());

    public IReadOnlyList<QemuInput> Input => Locked(() => _input.ToList());

    /// <summary>Every period in which a client blocked QEMU's main loop, including the current one.</summary>
    public IReadOnlyList<QemuBlock> Blocks => Locked(() => MainLoop.Blocks);

    public bool IsBlocked => Locked(() => MainLoop.IsBlocked);

    public TimeSpan LongestBlock => Locked(() => MainLoop.Blocks.Select(block => block.Duration).DefaultIfEmpty().Max());

    /// <summary>True if an authenticated client is connected.</summary>
    public bool HasClient => Locked(() => _control is not null);

    /// <summary>Bytes that the client has not read on the control connection.</summary>
    public long Unsent => Locked(() => _control?.Connection.Unsent ?? 0);

    /// <summary>The number of file descriptors that the fake has open.</summary>
    public int OpenFds => Fds.Open;

    internal FdLedger Fds { get; } = new();

    internal QemuMainLoop MainLoop { get; } = new();

    internal QemuTimers Timers { get; } = new();

    /// <summary>Creates a control connection; the client's end belongs to the caller.</summary>
    public int Connect()
    {
        var (ours, theirs) = QemuLibc.SocketPair();
        Act(() => Adopt(QemuLibc.SocketOf(ours)));
        return theirs;
    }

    /// <summary>
    /// QEMU dies, even while a client blocks it: every connection closes. New ones are accepted, as by the next QEMU at the
    /// same path.
    /// </summary>
    public void Die()
    {
        lock (_gate)
        {
            ThrowIfCrashed();
            DieNow();
            Finish();
        }
        // Descriptors that poll() watches are closed after it returns.
        Wake();
    }

    /// <summary>Stops reading and writing on the control connection, as a stopped QEMU does.</summary>
    public void Pause(bool on) => Act(() =>
    {
        if (_control is { } control)
            control.Connection.IsMute = on;
    });

    /// <summary>Adds a console while the VM runs: ConsoleIDs changes.</summary>
    public QemuConsole AddConsole(QemuConsoleSetup setup)
    {
        QemuConsole added = null!;
        Act(() =>
        {
            added = new QemuConsole(this, _consoles.Count == 0 ? 0 : _consoles.Max(console => console.Id) + 1, setup);
            _consoles.Add(added);
            Signal(Root, ObjectManager, "InterfacesAdded", "oa{sa{sv}}", added.Path, Described(added.Object));
            ConsolesChanged();
        });
        return added;
    }

    public void RemoveConsole(QemuConsole console) => Act(() =>
    {
        _consoles.Remove(console);
        var names = console.Object.Interfaces.Select(i => i.Name).ToList();
        Signal(Root, ObjectManager, "InterfacesRemoved", "oas", console.Path, names);
        console.Dispose();
        ConsolesChanged();
    });

    /// <summary>How many calls of that name have come.</summary>
    public int Calls(string member) => Locked(() => _calls.GetValueOrDefault(member));

    /// <summary>Sends any message on the control connection.</summary>
    public void SendRaw(QemuRawMessage message) => Act(() =>
    {
        if (_control is { } control)
            message.Send(control.Connection, Fds);
    });

    /// <summary>Sends any bytes on the control connection.</summary>
    public void SendBytes(byte[] bytes, params IReadOnlyList<SafeHandle> fds) => Act(() =>
        _control?.Connection.SendBytes(bytes, QemuRawMessage.Duplicates(fds, Fds)));

    /// <summary>Waits until the condition holds; it is evaluated after each change. False if the time is up.</summary>
    public bool WaitUntil(Func<FakeQemu, bool> condition, TimeSpan timeout)
    {
        var end = Stopwatch.GetTimestamp() + (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        lock (_gate)
        {
            while (!condition(this))
            {
                ThrowIfCrashed();
                var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), end);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                    return condition(this);
            }
            return true;
        }
    }

    internal void Adopt(Socket socket)
    {
        var control = new QemuControl(this);
        _controls.Add(control);
        Watch(control.On(new DBusConnection(socket, Fds, control)).Connection);
    }

    /// <summary>The objects are served to the newest client; the one before is dropped (dbus_display_add_client_ready).</summary>
    internal void Took(QemuControl control)
    {
        var before = _control;
        _control = control;
        before?.Connection.Close();
    }

    internal QemuControl? ControlOf(DBusConnection connection) => _controls.Find(control => control.Connection == connection);

    internal void Left(QemuControl control)
    {
        _controls.Remove(control);
        if (_control == control)
            _control = null;
        Clipboard.Left(control);
    }

    /// <summary>Applies a fault: true continues, false rejects, null does not answer.</summary>
    internal bool? Reached(DBusConnection connection, QemuStage stage)
    {
        switch (Faults.Strikes(stage))
        {
            case QemuFault.None:
                return true;
            case QemuFault.Refuse:
                return false;
            case QemuFault.Hang:
                connection.IsMute = true;
                return null;
            case QemuFault.Disconnect:
                connection.Close();
                return null;
            default:
                DieNow();
                return null;
        }
    }

    internal void Violate(string where, string? violation)
    {
        if (violation is not null)
            _violations.Add($"{where}: {violation}");
    }

    internal void Record(string call) => _calls[call] = _calls.GetValueOrDefault(call) + 1;

    internal void Record(QemuInput input) => _input.Add(input);

    internal void Signal(string path, string ofInterface, string member, string signature, params IReadOnlyList<object> values) =>
        _control?.Connection.Send(DBusMessage.With(Fds, new DBusMessage
        {
            Type = DBusType.Signal,
            Flags = DBusMessage.NoReplyExpected,
            Path = path,
            Interface = ofInterface,
            Member = member,
            Signature = signature,
        }, values));

    internal void Changed(string path, string ofInterface, params IReadOnlyList<DBusEntry> changed) =>
        Signal(path, Properties, "PropertiesChanged", "sa{sv}as", ofInterface, changed, Array.Empty<object>());

    private void ConsolesChanged() =>
        Changed(VmPath, VmInterface, new DBusEntry("ConsoleIDs", new DBusVariant("au", ConsoleIds())));

    private void DieNow()
    {
        foreach (var source in _sources.ToList())
            if (source is DBusConnection)
                source.Dispose();
        Clipboard.Forget();
    }
}
