using System.Runtime.InteropServices;
using System.Text;
using static Guestplane.Linux.DBus.Sdbus;

namespace Guestplane.Linux.DBus;

/// <summary>
/// A received message, valid while its handler runs and read in order. Reading a malformed one (an index of a descriptor that
/// did not arrive, an array that ends early) throws a <see cref="BusException"/>.
/// Types are written as in D-Bus: 'u' uint32, 's' string, 'h' descriptor, 'a' array, 'v' variant.
/// </summary>
public readonly unsafe ref struct BusMessage
{
    /// <summary>More than any name, label or message that a person reads; what is longer is cut.</summary>
    private const int LongestText = 4096;

    /// <summary>More elements than an array of names or of properties has.</summary>
    private const int MostElements = 1024;

    /// <summary>0 stands for an answer that did not come in time.</summary>
    private readonly nint _message;

    internal BusMessage(nint message) => _message = message;

    public ReadOnlySpan<byte> Interface =>
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated(sd_bus_message_get_interface(_message));

    public ReadOnlySpan<byte> Member => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(sd_bus_message_get_member(_message));

    /// <summary>The sender's unique name on a bus; empty from a peer.</summary>
    public ReadOnlySpan<byte> Sender => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(sd_bus_message_get_sender(_message));

    /// <summary>"org.freedesktop.DBus.Error.…: the peer's message" for an error reply, else null.</summary>
    public string? Error
    {
        get
        {
            if (_message == 0)
                return "org.freedesktop.DBus.Error.NoReply: no answer came in time";
            if (!IsError)
                return null;
            var error = sd_bus_message_get_error(_message);
            return $"{Text(error->Name)}: {Text(error->Message)}";
        }
    }

    /// <summary>
    /// True if no answer came in time, and for the error that sd-bus puts in its place because the connection ended.
    /// </summary>
    public bool IsNoAnswer
    {
        get
        {
            fixed (byte* noReply = "org.freedesktop.DBus.Error.NoReply"u8, timeout = "org.freedesktop.DBus.Error.Timeout"u8)
                return _message == 0 || sd_bus_message_is_method_error(_message, noReply) > 0
                    || sd_bus_message_is_method_error(_message, timeout) > 0;
        }
    }

    /// <summary>True for the error in an answer's place because the connection, or on a bus the other one's, ended.</summary>
    public bool IsEnd => !IsLate && IsNoAnswer;

    /// <summary>True if no answer came in time.</summary>
    public bool IsLate => _message == 0;

    /// <summary>True for an error reply.</summary>
    public bool IsError => _message == 0 || sd_bus_message_is_method_error(_message, null) > 0;

    /// <summary>True if the whole body has exactly these types.</summary>
    /// <param name="types">A u8 literal, which the compiler terminates with NUL.</param>
    public bool HasSignature(ReadOnlySpan<byte> types)
    {
        fixed (byte* p = types)
            return sd_bus_message_has_signature(_message, p) > 0;
    }

    public int ReadInt32() => (int)ReadUInt32((byte)'i');

    public uint ReadUInt32() => ReadUInt32((byte)'u');

    public ushort ReadUInt16()
    {
        ushort value;
        Read((byte)'q', &value);
        return value;
    }

    public ulong ReadUInt64()
    {
        ulong value;
        Read((byte)'t', &value);
        return value;
    }

    public double ReadDouble()
    {
        double value;
        Read((byte)'d', &value);
        return value;
    }

    public bool ReadBool() => ReadUInt32((byte)'b') != 0;

    /// <summary>A descriptor that the message owns: duplicate it to keep it.</summary>
    public BorrowedFd ReadFd() => new((int)ReadUInt32((byte)'h'));

    public string ReadString(char type = 's')
    {
        byte* value;
        Read((byte)type, &value);
        return Text(value);
    }

    /// <summary>The next string of the current array; null at its end.</summary>
    /// <param name="strings">How many the array has had so far.</param>
    /// <exception cref="BusException">It has more than anybody needs: a message may have millions.</exception>
    public string? TryReadString(ref int strings) => strings++ < MostElements ? TryReadString() : throw TooLong();

    /// <summary>The same for a caller that stops by itself.</summary>
    public string? TryReadString()
    {
        byte* value;
        return BusException.Check(sd_bus_message_read_basic(_message, (byte)'s', &value), "reading a message") > 0
            ? Text(value) : null;
    }

    /// <summary>The bytes, inside the message: valid as long as it is.</summary>
    public ReadOnlySpan<byte> ReadBytes() => ReadArray<byte>('y');

    public ReadOnlySpan<uint> ReadUInt32Array() => ReadArray<uint>('u');

    /// <summary>
    /// Enters an array, a struct, a dictionary entry or a variant; false at the end of the enclosing container.
    /// </summary>
    /// <param name="kind">'a', 'r', 'e' or 'v'.</param>
    /// <param name="contents">The types inside, a u8 literal.</param>
    public bool Enter(char kind, ReadOnlySpan<byte> contents)
    {
        fixed (byte* p = contents)
            return BusException.Check(sd_bus_message_enter_container(_message, (byte)kind, p), "reading a message") > 0;
    }

    public void Exit() => BusException.Check(sd_bus_message_exit_container(_message), "reading a message");

    /// <summary>Enters the next entry of a dictionary; false at its end.</summary>
    /// <param name="contents">The types of key and value, a u8 literal.</param>
    /// <param name="entries">How many entries the message has had so far.</param>
    /// <exception cref="BusException">It has more than anybody needs: a message may have millions.</exception>
    public bool EnterEntry(ReadOnlySpan<byte> contents, ref int entries) =>
        entries++ < MostElements ? Enter('e', contents) : throw TooLong();

    /// <summary>Skips a variant of any type.</summary>
    /// <exception cref="BusException">
    /// It has more elements than anybody needs: sd-bus skips all arrays value by value, but reads one of numbers at once.
    /// </exception>
    public void SkipVariant()
    {
        var elements = 0;
        SkipNext(ref elements);
    }

    /// <summary>Skips a value with all that is in it; false at the end of the container. D-Bus bounds the depth.</summary>
    private bool SkipNext(ref int elements)
    {
        byte type;
        byte* inner;
        if (BusException.Check(sd_bus_message_peek_type(_message, &type, &inner), "reading a message") == 0)
            return false;
        if (elements++ == MostElements)
            throw TooLong();
        var types = inner is null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(inner);
        if (type == (byte)'a' && types is [var number] && "ynqiuxtd"u8.Contains(number))
        {
            void* values;
            nuint bytes;
            BusException.Check(sd_bus_message_read_array(_message, number, &values, &bytes), "reading a message");
        }
        else if ("arev"u8.Contains(type))
        {
            Enter((char)type, types);
            while (SkipNext(ref elements))
            {
            }
            Exit();
        }
        else
            Skip([type, 0]);
        return true;
    }

    /// <summary>Skips values of these basic types, NUL-terminated.</summary>
    public void Skip(ReadOnlySpan<byte> types)
    {
        fixed (byte* p = types)
            BusException.Check(sd_bus_message_skip(_message, p), "reading a message");
    }

    private static BusException TooLong() => new("reading a message", Errno.Protocol);

    private static string Text(byte* text)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        return Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, LongestText)]);
    }

    /// <summary>The first letter of the next variant's type; 0 at the end.</summary>
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

    public ushort ReadUInt16Variant()
    {
        Enter('v', "q"u8);
        var value = ReadUInt16();
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

    /// <summary>
    /// Reads an array of descriptors into <paramref name="fds"/>. Returns how many the array has; null if there are more than
    /// fit, and then nothing more can be read from the message.
    /// </summary>
    public int? ReadFds(Span<BorrowedFd> fds)
    {
        Enter('a', "h"u8);
        int number;
        for (var count = 0; ; count++)
        {
            if (BusException.Check(sd_bus_message_read_basic(_message, (byte)'h', &number), "reading a message") == 0)
            {
                Exit();
                return count;
            }
            if (count == fds.Length)
                return null;
            fds[count] = new(number);
        }
    }

    /// <summary>Answers later: exactly one method of the result must be called.</summary>
    public BusReply Defer() => new(sd_bus_message_ref(_message));

    /// <summary>Sends an answer without values.</summary>
    public void Reply() => Defer().Send();

    /// <summary>Answers with an error.</summary>
    /// <param name="name">"org.freedesktop.DBus.Error.…", a u8 literal.</param>
    /// <param name="sentence">What is wrong.</param>
    public void Fail(ReadOnlySpan<byte> name, string sentence)
    {
        fixed (byte* n = name, s = Bus.ZeroEnded(sentence))
        {
            var error = new NativeError { Name = n, Message = s };
            _ = sd_bus_reply_method_error(_message, &error);
        }
    }

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

/// <summary>A received call that still has to be answered. The default value stands for no call.</summary>
/// <remarks>Exactly one of its methods must be called; that ends it.</remarks>
public readonly unsafe struct BusReply
{
    private readonly nint _call;

    internal BusReply(nint call) => _call = call;

    /// <summary>Sends an answer without values. A caller that has gone meanwhile needs none.</summary>
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

    /// <summary>Begins an answer with values.</summary>
    public BusCall Begin()
    {
        var reply = Begin(_call);
        sd_bus_message_unref(_call);
        return reply;
    }

    /// <summary>Answers with the error ENOENT.</summary>
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

    /// <summary>Drops the call without an answer, because the connection has ended.</summary>
    public void Drop() => sd_bus_message_unref(_call);
}
