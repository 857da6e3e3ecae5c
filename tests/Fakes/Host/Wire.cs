using System.Buffers.Binary;
using System.Text;

namespace Guestplane.Tests.Fakes;

/// <summary>A received new_id. Version is 0 if the protocol fixes the interface.</summary>
internal sealed record NewId(uint Id, string Interface, uint Version);

/// <summary>Arguments of one message. libwayland-server's "invalid arguments" is a <see cref="FormatException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> body)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = body;

    public readonly bool AtEnd => _rest.IsEmpty;

    public int Int() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public double Fixed() => Int() / 256.0;

    public string? Text()
    {
        var length = UInt();
        if (length == 0)
            return null;
        var bytes = TakePadded(length);
        if (bytes[^1] != 0 || bytes[..^1].Contains((byte)0))
            throw new FormatException("string not nul-terminated or with an embedded nul");
        try
        {
            return StrictUtf8.GetString(bytes[..^1]);
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("string is not UTF-8");
        }
    }

    public byte[] Array() => TakePadded(UInt()).ToArray();

    private ReadOnlySpan<byte> TakePadded(uint length)
    {
        if (length > _rest.Length)
            throw new FormatException("message too short");
        return Take((int)((length + 3) & ~3u))[..(int)length];
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new FormatException("message too short");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}

/// <summary>One outgoing event.</summary>
internal sealed class WireWriter
{
    private readonly List<byte> _bytes = [];

    public List<HostFd> Fds { get; } = [];

    public static (byte[] Bytes, List<HostFd> Fds) Encode(uint target, MessageModel message, IReadOnlyList<object?> values)
    {
        var writer = new WireWriter();
        writer.Word(target);
        writer.Word(0);
        for (var i = 0; i < message.Args.Count; i++)
            writer.Put(message.Args[i], values[i]);
        var bytes = writer._bytes.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), ((uint)bytes.Length << 16) | (uint)message.Opcode);
        return (bytes, writer.Fds);
    }

    private void Put(ArgModel arg, object? value)
    {
        switch (arg.Type)
        {
            case ArgType.Int: Word((uint)(int)value!); break;
            case ArgType.UInt: Word((uint)value!); break;
            case ArgType.Fixed: Word((uint)(int)Math.Round((double)value! * 256)); break;
            case ArgType.Object or ArgType.NewId: Word(((HostObject?)value)?.Id ?? 0); break;
            case ArgType.String: Padded(value is null ? null : Encoding.UTF8.GetBytes((string)value + '\0')); break;
            case ArgType.Array: Padded((byte[])value!); break;
            case ArgType.Fd: Fds.Add(((HostFd)value!).Duplicate()); break;
        }
    }

    private void Padded(byte[]? bytes)
    {
        Word((uint)(bytes?.Length ?? 0));
        if (bytes is null)
            return;
        _bytes.AddRange(bytes);
        _bytes.AddRange(new byte[-bytes.Length & 3]);
    }

    private void Word(uint value)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(word, value);
        _bytes.AddRange(word);
    }
}
