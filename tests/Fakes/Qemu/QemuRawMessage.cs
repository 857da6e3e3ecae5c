using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A message that may be malformed: a body that does not match its signature, wrong sizes and counts.</summary>
public sealed class QemuRawMessage
{
    public byte Type { get; init; } = 1;

    public byte Flags { get; init; } = 1;

    public string Path { get; init; } = FakeQemu.Root + "/Listener";

    public string Interface { get; init; } = "org.qemu.Display1.Listener";

    public string Member { get; init; } = "";

    /// <summary>The call that it answers.</summary>
    public uint? ReplySerial { get; init; }

    /// <summary>A name on a bus, if the message is not for everybody.</summary>
    public string? Destination { get; init; }

    public string Signature { get; init; } = "";

    public byte[] Body { get; init; } = [];

    public IReadOnlyList<SafeHandle> Fds { get; init; } = [];

    /// <summary>The value in the header, if it is not to be the correct one.</summary>
    public uint? BodySize { get; init; }

    /// <summary>The value in the header, if it is not to be the correct one.</summary>
    public uint? FdCount { get; init; }

    /// <summary>The body for these values, to be modified by the test.</summary>
    public static byte[] Marshal(string signature, params IReadOnlyList<object> values)
    {
        var writer = new DBusWriter(new FdLedger());
        writer.Write(signature, values);
        return writer.ToArray();
    }

    internal static List<HostFd> Duplicates(IReadOnlyList<SafeHandle> fds, FdLedger ledger) =>
        fds.Select(fd => new HostFd(Libc.Fcntl(fd, Libc.F_DUPFD_CLOEXEC, 0), ledger)).ToList();

    internal void Send(DBusConnection connection, FdLedger ledger) =>
        connection.SendBytes(Encode(connection.NextSerial(), ledger), Duplicates(Fds, ledger));

    internal byte[] Encode(uint serial, FdLedger ledger)
    {
        List<object> fields = [Field(1, "o", Path), Field(2, "s", Interface), Field(8, "g", Signature), Field(3, "s", Member)];
        if (ReplySerial is { } answered)
            fields.Add(Field(5, "u", answered));
        if (Destination is not null)
            fields.Add(Field(6, "s", Destination));
        if ((FdCount ?? (uint)Fds.Count) is > 0 and var count)
            fields.Add(Field(9, "u", count));
        object[] header = [(byte)'l', Type, Flags, (byte)1, BodySize ?? (uint)Body.Length, serial, fields];
        return DBusMessage.Encode(ledger, header, Body);
    }

    private static object[] Field(byte code, string signature, object value) => [code, new DBusVariant(signature, value)];
}
