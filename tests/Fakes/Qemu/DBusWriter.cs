using System.Buffers.Binary;
using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>
/// Marshals little endian. Values are .NET types of the same width; <c>ay</c> is a byte[], other arrays are any sequence,
/// structs an object[], dictionaries sequences of <see cref="DBusEntry"/>; <c>h</c> is a handle (sent as a duplicate) or,
/// for a wrong index, a number.
/// </summary>
internal sealed class DBusWriter(FdLedger ledger)
{
    private readonly List<byte> _bytes = [];

    public List<HostFd> Fds { get; } = [];

    public byte[] ToArray() => _bytes.ToArray();

    public void Write(string signature, IReadOnlyList<object> values)
    {
        var types = DBusSignature.Split(signature);
        if (types.Count != values.Count)
            throw new ArgumentException($"{values.Count} values for '{signature}'");
        for (var i = 0; i < types.Count; i++)
            Put(types[i], values[i]);
    }

    public void Align(int alignment)
    {
        while (_bytes.Count % alignment != 0)
            _bytes.Add(0);
    }

    private void Put(string type, object value)
    {
        Align(DBusSignature.Alignment(type[0]));
        switch (type[0])
        {
            case 'y': _bytes.Add((byte)value); break;
            case 'b': Word((bool)value ? 1u : 0); break;
            case 'n': Number(BitConverter.GetBytes((short)value)); break;
            case 'q': Number(BitConverter.GetBytes((ushort)value)); break;
            case 'i': Word((uint)(int)value); break;
            case 'u': Word((uint)value); break;
            case 'x': Number(BitConverter.GetBytes((long)value)); break;
            case 't': Number(BitConverter.GetBytes((ulong)value)); break;
            case 'd': Number(BitConverter.GetBytes((double)value)); break;
            case 's' or 'o': Text((string)value); break;
            case 'g': Signature((string)value); break;
            case 'h': Word(Handle(value)); break;
            case 'v': Variant((DBusVariant)value); break;
            case 'a': Array(type[1..], value); break;
            case '{': Entry(type, (DBusEntry)value); break;
            default: Write(type[1..^1], (object[])value); break;
        }
    }

    private uint Handle(object value)
    {
        if (value is not SafeHandle handle)
            return (uint)value;
        Fds.Add(new HostFd(Libc.Fcntl(handle, Libc.F_DUPFD_CLOEXEC, 0), ledger));
        return (uint)Fds.Count - 1;
    }

    private void Entry(string type, DBusEntry entry) => Write(type[1..^1], [entry.Key, entry.Value]);

    private void Variant(DBusVariant variant)
    {
        Signature(variant.Signature);
        Put(variant.Signature, variant.Value);
    }

    private void Array(string type, object value)
    {
        var lengthAt = _bytes.Count;
        Word(0);
        Align(DBusSignature.Alignment(type[0]));
        var start = _bytes.Count;
        if (value is byte[] bytes)
            _bytes.AddRange(bytes);
        else
            foreach (var element in (IEnumerable)value)
                Put(type, element);
        BinaryPrimitives.WriteUInt32LittleEndian(CollectionsMarshal.AsSpan(_bytes)[lengthAt..], (uint)(_bytes.Count - start));
    }

    private void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Word((uint)bytes.Length);
        _bytes.AddRange(bytes);
        _bytes.Add(0);
    }

    private void Signature(string text)
    {
        _bytes.Add((byte)text.Length);
        _bytes.AddRange(Encoding.ASCII.GetBytes(text));
        _bytes.Add(0);
    }

    private void Word(uint value) => Number(BitConverter.GetBytes(value));

    // BitConverter uses the machine's byte order, and our machines (x64, arm64) are little endian.
    private void Number(byte[] bytes) => _bytes.AddRange(bytes);
}
