using System.Buffers.Binary;
using System.Text;
using BenchmarkDotNet.Attributes;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;

namespace Guestplane.Micro;

/// <summary>QEMU's UpdateDMABUF: from the socket through sd-bus and the listener to a flip, and the answer back. QEMU is bytes that were made before.</summary>
[MemoryDiagnoser]
public class BusUpdate : IDisposable
{
    private const int SerialAt = 8;
    private readonly Loop _loop = new();
    private readonly Head _head = new("0");
    private readonly byte[] _in = new byte[1 << 16];
    private readonly byte[] _update = Call("UpdateDMABUF", "iiii", 0, 0, 64, 48);
    private Fd? _qemu;
    private QemuListener? _listener;
    private uint _serial;
    private long _flips;

    [GlobalSetup]
    public void Connect()
    {
        var (ours, theirs) = UnixSocket.Pair();
        _qemu = theirs;
        _listener = new QemuListener(_loop, ours, _head, new QemuImages(), new Throttle(_loop), new ConsoleInfo("/org/qemu/Display1/Console_0"));
        _head.Refused += sentence => throw new InvalidOperationException(sentence);
        _head.Flipped += flip =>
        {
            _flips++;
            _head.Release(flip.Ticket);
        };
        // sd-bus sends all of its part of the authentication at once (D-Bus specification, "Authentication Protocol").
        Turn();
        UnixSocket.Send(_qemu, "DATA\r\nOK 00000000000000000000000000000000\r\nAGREE_UNIX_FD\r\n"u8);
        Turn();
        using var memory = Memfd.Create("micro", 256 * 48);
        Send(Call("ScanoutDMABUF", "huuuutb", 0, 64, 48, 256, Fourcc.Xrgb8888.Code, 0, 0, 0, 0), memory);
        Turn();
        if (Update() == 0)
            throw new InvalidOperationException("the listener makes no flips");
    }

    [Benchmark(Description = "UpdateDMABUF: message, flip, answer")]
    public long Update()
    {
        Send(_update);
        Turn();
        return _flips;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _listener?.Dispose();
        _qemu?.Dispose();
        _loop.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Turn()
    {
        for (var i = 0; i < 2; i++)
            _loop.Turn(0);
        while (UnixSocket.Receive(_qemu!, _in) > 0)
            ;
    }

    private void Send(byte[] message, Fd? passed = null)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(SerialAt), ++_serial);
        UnixSocket.Send(_qemu!, message, passed);
    }

    /// <summary>A method call (D-Bus specification, "Message Format"); the body is of 32-bit words.</summary>
    private static byte[] Call(string member, string signature, params uint[] body)
    {
        var fields = new MemoryStream();
        Field(fields, 1, 'o', QemuListener.Path);
        Field(fields, 2, 's', "org.qemu.Display1.Listener");
        Field(fields, 3, 's', member);
        if (signature.Length > 0)
            Field(fields, 8, 'g', signature);
        if (signature.StartsWith('h'))
        {
            Pad(fields, 8);
            fields.Write([9, 1, (byte)'u', 0, 1, 0, 0, 0]);
        }
        var message = new MemoryStream();
        message.Write([(byte)'l', 1, 0, 1]);
        Word(message, (uint)body.Length * 4);
        Word(message, 0);
        Word(message, (uint)fields.Length);
        fields.WriteTo(message);
        Pad(message, 8);
        foreach (var word in body)
            Word(message, word);
        return message.ToArray();
    }

    private static void Field(MemoryStream to, byte code, char type, string value)
    {
        Pad(to, 8);
        to.Write([code, 1, (byte)type, 0]);
        if (type == 'g')
            to.WriteByte((byte)value.Length);
        else
            Word(to, (uint)value.Length);
        to.Write(Encoding.UTF8.GetBytes(value + '\0'));
    }

    private static void Word(MemoryStream to, uint word) => to.Write(BitConverter.GetBytes(word));

    private static void Pad(MemoryStream to, int alignment)
    {
        while (to.Length % alignment != 0)
            to.WriteByte(0);
    }
}
