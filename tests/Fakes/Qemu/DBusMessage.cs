using System.Buffers.Binary;

namespace Guestplane.Tests.Fakes.Qemu;

internal enum DBusType : byte
{
    Call = 1,
    Return = 2,
    Error = 3,
    Signal = 4,
}

/// <summary>A received or outgoing message. It owns its descriptors.</summary>
internal sealed class DBusMessage : IDisposable
{
    public const byte NoReplyExpected = 1;

    private const int FixedHeader = 12;
    private const byte ProtocolVersion = 1;

    /// <summary>The specification's limit for one message.</summary>
    private const long MaxSize = 128 * 1024 * 1024;

    public DBusType Type { get; init; } = DBusType.Call;

    public byte Flags { get; init; }

    public uint Serial { get; set; }

    public string? Path { get; init; }

    public string? Interface { get; init; }

    public string? Member { get; init; }

    public string? ErrorName { get; init; }

    public uint? ReplySerial { get; init; }

    public string? Destination { get; init; }

    public string? Sender { get; init; }

    /// <summary>Null if the header field is absent. GDBus sends an empty one for a method without arguments.</summary>
    public string? Signature { get; init; }

    public byte[] Body { get; private init; } = [];

    public List<HostFd> Fds { get; private init; } = [];

    public bool WantsReply => Type == DBusType.Call && (Flags & NoReplyExpected) == 0;

    /// <summary>The body, unmarshalled.</summary>
    public object[] Values => new DBusReader(Body).ReadAll(Signature ?? "");

    public static DBusMessage With(FdLedger ledger, DBusMessage head, params IReadOnlyList<object> values)
    {
        var writer = new DBusWriter(ledger);
        writer.Write(head.Signature ?? "", values);
        return new DBusMessage
        {
            Type = head.Type,
            Flags = head.Flags,
            Path = head.Path,
            Interface = head.Interface,
            Member = head.Member,
            ErrorName = head.ErrorName,
            ReplySerial = head.ReplySerial,
            Destination = head.Destination,
            Signature = head.Signature,
            Body = writer.ToArray(),
            Fds = writer.Fds,
        };
    }

    /// <summary>Null if the message is not complete yet. <paramref name="fds"/> lets the caller add the descriptors.</summary>
    public static DBusMessage? Parse(ReadOnlySpan<byte> bytes, out int consumed, out uint fds)
    {
        consumed = 0;
        fds = 0;
        if (bytes.Length < FixedHeader + sizeof(uint))
            return null;
        if (bytes[0] != 'l' || bytes[3] != ProtocolVersion || bytes[1] is < 1 or > 4)
            throw new FormatException($"no message: {Convert.ToHexString(bytes[..4])}");
        var bodySize = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        var bodyAt = (FixedHeader + sizeof(uint) + (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[FixedHeader..]) + 7) & ~7;
        if (bodyAt + bodySize > MaxSize)
            throw new FormatException($"message of {bodyAt + bodySize} bytes");
        if (bytes.Length < bodyAt + bodySize)
            return null;
        consumed = (int)(bodyAt + bodySize);
        var reader = new DBusReader(bytes[..(int)bodyAt]);
        var head = reader.Read("yyyyuua(yv)");
        var fields = ((List<object>)head[6]).Cast<object[]>()
            .ToDictionary(field => (byte)field[0], field => ((DBusVariant)field[1]).Value);
        fds = fields.TryGetValue(9, out var count) ? (uint)count : 0;
        return new DBusMessage
        {
            Type = (DBusType)bytes[1],
            Flags = bytes[2],
            Serial = (uint)head[5],
            Path = fields.GetValueOrDefault((byte)1) as string,
            Interface = fields.GetValueOrDefault((byte)2) as string,
            Member = fields.GetValueOrDefault((byte)3) as string,
            ErrorName = fields.GetValueOrDefault((byte)4) as string,
            ReplySerial = fields.GetValueOrDefault((byte)5) as uint?,
            Destination = fields.GetValueOrDefault((byte)6) as string,
            Sender = fields.GetValueOrDefault((byte)7) as string,
            Signature = fields.GetValueOrDefault((byte)8) as string,
            Body = bytes[(int)bodyAt..consumed].ToArray(),
        };
    }

    public byte[] Encode(FdLedger ledger)
    {
        // Written in GDBus's order.
        (byte Code, string Signature, object? Value)[] all =
        [
            (4, "s", ErrorName), (1, "o", Path), (2, "s", Interface), (8, "g", Signature), (3, "s", Member),
            (5, "u", ReplySerial), (6, "s", Destination), (9, "u", Fds.Count == 0 ? null : (uint)Fds.Count),
        ];
        var fields = all.Where(field => field.Value is not null)
            .Select(field => new object[] { field.Code, new DBusVariant(field.Signature, field.Value!) }).ToList();
        return Encode(ledger, [(byte)'l', (byte)Type, Flags, ProtocolVersion, (uint)Body.Length, Serial, fields], Body);
    }

    /// <summary>Encodes a given header and any body, so that a test can make both wrong.</summary>
    public static byte[] Encode(FdLedger ledger, IReadOnlyList<object> header, byte[] body)
    {
        var writer = new DBusWriter(ledger);
        writer.Write("yyyyuua(yv)", header);
        writer.Align(8);
        return [.. writer.ToArray(), .. body];
    }

    public void Dispose()
    {
        foreach (var fd in Fds)
            fd.Dispose();
        Fds.Clear();
    }
}
