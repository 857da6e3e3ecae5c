using System.Globalization;
using System.Net.Sockets;

namespace Guestplane.Tests.Hosts;

/// <summary>The hand on a QEMU's machine: ports and memory by its qtest protocol (QEMU, softmmu/qtest.c).</summary>
internal sealed class Qtest : IDisposable
{
    private const uint PciAddress = 0xcf8, PciData = 0xcfc, PciEnabled = 0x8000_0000;
    private const int FirstBar = 0x10;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;

    public Qtest(string socketPath)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(socketPath));
        _reader = new StreamReader(new NetworkStream(_socket, ownsSocket: false));
    }

    public void Out(uint port, uint value) => Do($"outl 0x{port:x} 0x{value:x}");

    public uint In(uint port) => uint.Parse(Do($"inl 0x{port:x}").AsSpan("OK 0x".Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public void Write(uint address, uint value) => Do($"writel 0x{address:x} 0x{value:x}");

    public uint Read(uint address) => (uint)ulong.Parse(Do($"readl 0x{address:x}").AsSpan("OK 0x".Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public void Fill(uint address, int size, byte value) => Do($"memset 0x{address:x} 0x{size:x} 0x{value:x}");

    /// <summary>Where the firmware has put a device's BAR of up to 32 bits.</summary>
    public uint Bar(int slot, int index)
    {
        Out(PciAddress, PciEnabled | (uint)(slot << 11 | FirstBar + index * sizeof(uint)));
        var bar = In(PciData);
        return (bar & 1) != 0 ? bar & ~3u : bar & ~0xfu;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }

    private string Do(string command)
    {
        _socket.Send(System.Text.Encoding.ASCII.GetBytes(command + '\n'));
        var answer = _reader.ReadLine() ?? throw new IOException("QEMU is gone");
        Assert.StartsWith("OK", answer);
        return answer;
    }
}
