using System.Net.Sockets;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A QMP socket with the commands that add a display client (getfd and add_client), and those for input.</summary>
public sealed class FakeQmp
{
    private readonly FakeQemu _qemu;
    private readonly List<QmpConnection> _connections = [];
    private readonly List<string> _commands = [], _events = [];
    private int _refusals;

    /// <summary>Exists as long as the fake QEMU does.</summary>
    public FakeQmp(FakeQemu qemu, string path)
    {
        _qemu = qemu;
        SocketPath = path;
        qemu.Act(() => qemu.Watch(new QemuAcceptor(path, socket =>
        {
            _connections.Add(new QmpConnection(this, socket, qemu.Fds));
            qemu.Watch(_connections[^1]);
        })));
    }

    public string SocketPath { get; }

    /// <summary>QEMU was started with another -display, or with dbus but without p2p=yes.</summary>
    public bool RefusesClients { get; set; }

    /// <summary>Sends an event before each answer, as a busy QEMU does.</summary>
    public bool SendsEvents { get; set; }

    /// <summary>The names of the commands, in the order of arrival.</summary>
    public IReadOnlyList<string> Commands => _qemu.Locked(() => _commands.ToList());

    /// <summary>Whether the pointer in use is absolute (query-mice).</summary>
    public bool IsAbsolute { get; set; } = true;

    /// <summary>QEMU before 8.1: input-send-event knows no fingers.</summary>
    public bool IsBefore81 { get; set; }

    /// <summary>The VM is stopped (QMP's stop): input-send-event is refused.</summary>
    public bool IsStopped { get; set; }

    /// <summary>How many commands a stopped VM has refused.</summary>
    public int Refusals => _qemu.Locked(() => _refusals);

    /// <summary>The first console's "head", as JSON.</summary>
    public string HeadOfConsole { get; set; } = "0";

    /// <summary>Answers nothing from now on, as a VM that is stopped by a signal.</summary>
    public bool IsMute { get; set; }

    /// <summary>The events of input-send-event, as JSON without spaces, each with its device before it, if it has one.</summary>
    public IReadOnlyList<string> Events => _qemu.Locked(() => _events.ToList());

    /// <summary>Ends the connections; new ones are accepted.</summary>
    public void Hangup() => _qemu.Act(() => _connections.ForEach(connection => connection.Dispose()));

    internal void Record(IEnumerable<string> events) => _events.AddRange(events);

    internal void Refuse() => _refusals++;

    internal void Record(string command) => _commands.Add(command);

    internal void AddClient(Socket socket) => _qemu.MainLoop.Post(() => _qemu.Adopt(socket));
}
