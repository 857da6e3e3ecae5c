using System.Runtime.InteropServices;
using System.Text;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>
/// A message that came, valid while its handler runs; read in order. What is malformed (an index to a
/// descriptor that did not come, an array that ends early) throws a <see cref="BusException"/>.
/// Types are D-Bus's: 'u' uint32, 's' string, 'h' descriptor, 'a' array, 'v' variant.
/// </summary>
public readonly unsafe ref struct BusMessage
{
    private readonly nint _message;

    internal BusMessage(nint message) => _message = message;

    public ReadOnlySpan<byte> Interface => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(sd_bus_message_get_interface(_message));

    public ReadOnlySpan<byte> Member => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(sd_bus_message_get_member(_message));

    /// <summary>Null for a reply that is none, else "org.freedesktop.DBus.Error.…: what the peer says".</summary>
    public string? Error
    {
        get
        {
            if (sd_bus_message_is_method_error(_message, null) <= 0)
                return null;
            var error = sd_bus_message_get_error(_message);
            return $"{Marshal.PtrToStringUTF8((nint)error->Name)}: {Marshal.PtrToStringUTF8((nint)error->Message)}";
        }
    }

    /// <summary>Whether the whole body is of these types.</summary>
    /// <param name="types">A u8 literal, which the compiler ends with a zero.</param>
    public bool HasSignature(ReadOnlySpan<byte> types)
    {
        fixed (byte* p = types)
            return sd_bus_message_has_signature(_message, p) > 0;
    }

    public int ReadInt32() => (int)ReadUInt32((byte)'i');

    public uint ReadUInt32() => ReadUInt32((byte)'u');

    public ulong ReadUInt64()
    {
        ulong value;
        Read((byte)'t', &value);
        return value;
    }

    public bool ReadBool() => ReadUInt32((byte)'b') != 0;

    /// <summary>A descriptor, which stays the message's: duplicated by whoever keeps it.</summary>
    public BorrowedFd ReadFd() => new((int)ReadUInt32((byte)'h'));

    public string ReadString(char type = 's')
    {
        byte* value;
        Read((byte)type, &value);
        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value));
    }

    /// <summary>The next string of the array that it is in; null at its end.</summary>
    public string? TryReadString()
    {
        byte* value;
        return BusException.Check(sd_bus_message_read_basic(_message, (byte)'s', &value), "reading a message") > 0
            ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value)) : null;
    }

    /// <summary>The bytes in the message itself.</summary>
    public ReadOnlySpan<byte> ReadBytes() => ReadArray<byte>('y');

    public ReadOnlySpan<uint> ReadUInt32Array() => ReadArray<uint>('u');

    /// <summary>Enters an array, a struct, a dictionary entry or a variant; false at the end of what it is in.</summary>
    /// <param name="kind">'a', 'r', 'e' or 'v'.</param>
    /// <param name="contents">Types inside, a u8 literal.</param>
    public bool Enter(char kind, ReadOnlySpan<byte> contents)
    {
        fixed (byte* p = contents)
            return BusException.Check(sd_bus_message_enter_container(_message, (byte)kind, p), "reading a message") > 0;
    }

    public void Exit() => BusException.Check(sd_bus_message_exit_container(_message), "reading a message");

    /// <summary>Passes over what comes next, of these types.</summary>
    public void Skip(ReadOnlySpan<byte> types)
    {
        fixed (byte* p = types)
            BusException.Check(sd_bus_message_skip(_message, p), "reading a message");
    }

    /// <summary>The type inside the variant that comes next: its first letter; 0 at the end.</summary>
    public char PeekVariant()
    {
        byte type;
        byte* contents = null;
        var found = BusException.Check(sd_bus_message_peek_type(_message, &type, &contents), "reading a message");
        return found > 0 && type == (byte)'v' && contents is not null ? (char)*contents : '\0';
    }

    public string ReadStringVariant()
    {
        Enter('v', "s"u8);
        var value = ReadString();
        Exit();
        return value;
    }

    public uint ReadUInt32Variant()
    {
        Enter('v', "u"u8);
        var value = ReadUInt32();
        Exit();
        return value;
    }

    public bool ReadBoolVariant()
    {
        Enter('v', "b"u8);
        var value = ReadBool();
        Exit();
        return value;
    }

    /// <summary>Reads descriptors of an array into <paramref name="fds"/>; returns how many came, which may be more than fit.</summary>
    public int ReadFds(Span<BorrowedFd> fds)
    {
        var count = 0;
        Enter('a', "h"u8);
        int number;
        while (BusException.Check(sd_bus_message_read_basic(_message, (byte)'h', &number), "reading a message") > 0)
        {
            if (count < fds.Length)
                fds[count] = new(number);
            count++;
        }
        Exit();
        return count;
    }

    /// <summary>Answers later: the caller must be answered once, by <see cref="BusReply.Send"/>.</summary>
    public BusReply Defer() => new(sd_bus_message_ref(_message));

    /// <summary>Answers with no values.</summary>
    public void Reply() => Defer().Send();

    /// <summary>Begins an answer with values.</summary>
    public BusCall BeginReply() => BusReply.Begin(_message);

    private ReadOnlySpan<T> ReadArray<T>(char type) where T : unmanaged
    {
        void* values;
        nuint bytes;
        BusException.Check(sd_bus_message_read_array(_message, (byte)type, &values, &bytes), "reading a message");
        return new(values, checked((int)(bytes / (nuint)sizeof(T))));
    }

    private uint ReadUInt32(byte type)
    {
        uint value;
        Read(type, &value);
        return value;
    }

    private void Read(byte type, void* value)
    {
        if (BusException.Check(sd_bus_message_read_basic(_message, type, value), "reading a message") == 0)
            throw new BusException("reading a message", Errno.Protocol);
    }
}

/// <summary>A call that waits for its answer. Default: none.</summary>
/// <remarks>Exactly one of its methods ends it.</remarks>
public readonly unsafe struct BusReply
{
    private readonly nint _call;

    internal BusReply(nint call) => _call = call;

    public bool IsNone => _call == 0;

    /// <summary>Answers. A caller that has gone by now misses nothing.</summary>
    public void Send()
    {
        nint reply;
        if (sd_bus_message_new_method_return(_call, &reply) >= 0)
        {
            _ = sd_bus_send(0, reply, null);
            sd_bus_message_unref(reply);
        }
        sd_bus_message_unref(_call);
    }

    /// <summary>Answers with values.</summary>
    public BusCall Begin()
    {
        var reply = Begin(_call);
        sd_bus_message_unref(_call);
        return reply;
    }

    /// <summary>Answers that it cannot be had.</summary>
    public void Fail()
    {
        _ = sd_bus_reply_method_errno(_call, Errno.NoEntry, null);
        sd_bus_message_unref(_call);
    }

    internal static BusCall Begin(nint call)
    {
        nint reply;
        BusException.Check(sd_bus_message_new_method_return(call, &reply), "a reply");
        return new BusCall(null, reply);
    }

    /// <summary>Forgets it unanswered, because the connection has ended.</summary>
    public void Drop() => sd_bus_message_unref(_call);
}
