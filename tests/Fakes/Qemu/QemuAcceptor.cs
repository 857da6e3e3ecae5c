using System.Net.Sockets;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A listening unix socket.</summary>
internal sealed class QemuAcceptor : IQemuSource
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Action<Socket> _accepted;

    public QemuAcceptor(string path, Action<Socket> accepted)
    {
        _accepted = accepted;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _socket.Listen();
    }

    public bool IsClosed => false;

    public int Descriptor => (int)_socket.Handle;

    public bool WantsToWrite => false;

    public void Read()
    {
        while (_socket.Poll(0, SelectMode.SelectRead))
            _accepted(_socket.Accept());
    }

    public void Flush()
    {
    }

    public void Dispose() => _socket.Dispose();
}
