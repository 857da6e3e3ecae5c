using System.Net.Sockets;
using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A minimal client of the monitor.</summary>
internal sealed class RawQmpClient : IDisposable
{
    private readonly Socket _plain = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly FdSocket _socket;
    private readonly StreamReader _reader;

    public RawQmpClient(string path)
    {
        _plain.Connect(new UnixDomainSocketEndPoint(path));
        _socket = new FdSocket(_plain, new FdLedger());
        _reader = new StreamReader(new NetworkStream(_plain), Encoding.UTF8);
        Greeting = _reader.ReadLine()!;
    }

    public string Greeting { get; }

    /// <summary>The lines up to the answer, which is the last.</summary>
    public IReadOnlyList<string> Do(string json, params IReadOnlyList<HostFd> fds)
    {
        Assert.Equal(json.Length, _socket.Send(Encoding.UTF8.GetBytes(json), fds));
        var lines = new List<string>();
        do
            lines.Add(_reader.ReadLine()!);
        while (lines[^1].Contains("\"event\"", StringComparison.Ordinal));
        return lines;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
