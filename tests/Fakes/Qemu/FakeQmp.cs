using System.Net.Sockets;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A QMP socket that can do what it takes to hand a display client over: getfd and add_client.</summary>
public sealed class FakeQmp
{
    private readonly FakeQemu _qemu;
    private readonly List<string> _commands = [];

    /// <summary>It lives as long as the fake QEMU does.</summary>
    public FakeQmp(FakeQemu qemu, string path)
    {
        _qemu = qemu;
        SocketPath = path;
        qemu.Act(() => qemu.Watch(new QemuAcceptor(path, socket => qemu.Watch(new QmpConnection(this, socket, qemu.Fds)))));
    }

    public string SocketPath { get; }

    /// <summary>-display something else, or dbus without p2p=yes.</summary>
    public bool RefusesClients { get; set; }

    /// <summary>An event before each answer, as a busy QEMU has them.</summary>
    public bool SendsEvents { get; set; }

    /// <summary>The names of the commands, in the order of arrival.</summary>
    public IReadOnlyList<string> Commands => _qemu.Locked(() => _commands.ToList());

    internal void Record(string command) => _commands.Add(command);

    internal void AddClient(Socket socket) => _qemu.MainLoop.Post(() => _qemu.Adopt(socket));
}
