using System.Buffers.Binary;
using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>
/// Unmarshals little endian, as strictly as libdbus: padding is zero, a boolean is 0 or 1, strings are UTF-8 and end with
/// a nul. A mistake is a <see cref="FormatException"/>.
/// </summary>
internal ref struct DBusReader(ReadOnlySpan<byte> bytes)
{
    /// <summary>The specification's limit for one array.</summary>
    private const uint MaxArray = 64 * 1024 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    /// <summary>All values of a body; it must have nothing more.</summary>
    public object[] ReadAll(string signature)
    {
        var values = Read(signature);
        return Position == _bytes.Length ? values : throw new FormatException($"{_bytes.Length - Position} bytes too many");
    }

    public object[] Read(string signature)
    {
        var types = DBusSignature.Split(signature);
        var values = new object[types.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = Take(types[i]);
        return values;
    }

    public void Align(int alignment)
    {
        while (Position % alignment != 0)
            if (Bytes(1)[0] != 0)
                throw new FormatException("padding is not zero");
    }

    private object Take(string type)
    {
        Align(DBusSignature.Alignment(type[0]));
        return type[0] switch
        {
            'y' => Bytes(1)[0],
            'b' => Word() is var value and <= 1 ? value == 1 : throw new FormatException("boolean is neither 0 nor 1"),
            'n' => BinaryPrimitives.ReadInt16LittleEndian(Bytes(2)),
            'q' => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2)),
            'i' => (int)Word(),
            'u' or 'h' => Word(),
            'x' => BinaryPrimitives.ReadInt64LittleEndian(Bytes(8)),
            't' => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8)),
            'd' => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(8)),
            's' or 'o' => Text(Word()),
            'g' => Text(Bytes(1)[0]),
            'v' => Variant(),
            'a' => Array(type[1..]),
            '{' => Read(type[1..^1]) is [var key, var value] ? new DBusEntry(key, value) : throw new FormatException("no pair"),
            _ => Read(type[1..^1]),
        };
    }

    private DBusVariant Variant()
    {
        var signature = Text(Bytes(1)[0]);
        return Read(signature) is [var value] ? new DBusVariant(signature, value) : throw new FormatException("no single type");
    }

    private object Array(string type)
    {
        var length = Word();
        if (length > MaxArray)
            throw new FormatException($"array of {length} bytes");
        Align(DBusSignature.Alignment(type[0]));
        if (type == "y")
            return Bytes(length).ToArray();
        var end = Position + (int)length;
        var elements = new List<object>();
        while (Position < end)
            elements.Add(Take(type));
        return Position == end ? elements : throw new FormatException("an element crosses the end of its array");
    }

    private string Text(uint length)
    {
        var text = Bytes(length);
        if (Bytes(1)[0] != 0 || text.Contains((byte)0))
            throw new FormatException("string not nul-terminated or with an embedded nul");
        try
        {
            return StrictUtf8.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("string is not UTF-8");
        }
    }

    private uint Word() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    private ReadOnlySpan<byte> Bytes(uint count)
    {
        if (count > _bytes.Length - Position)
            throw new FormatException("message too short");
        Position += (int)count;
        return _bytes.Slice(Position - (int)count, (int)count);
    }
}
