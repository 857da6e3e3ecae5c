using System.Runtime.InteropServices;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A message that need not be one: a body that does not fit its signature, sizes and counts that are lies.</summary>
public sealed class QemuRawMessage
{
    public byte Type { get; init; } = 1;

    public byte Flags { get; init; } = 1;

    public string Path { get; init; } = FakeQemu.Root + "/Listener";

    public string Interface { get; init; } = "org.qemu.Display1.Listener";

    public string Member { get; init; } = "";

    public string Signature { get; init; } = "";

    public byte[] Body { get; init; } = [];

    public IReadOnlyList<SafeHandle> Fds { get; init; } = [];

    /// <summary>What the header says, instead of the truth.</summary>
    public uint? BodySize { get; init; }

    /// <summary>What the header says, instead of the truth.</summary>
    public uint? FdCount { get; init; }

    /// <summary>The body that these values make, to change it then.</summary>
    public static byte[] Marshal(string signature, params IReadOnlyList<object> values)
    {
        var writer = new DBusWriter(new FdLedger());
        writer.Write(signature, values);
        return writer.ToArray();
    }

    internal static List<HostFd> Duplicates(IReadOnlyList<SafeHandle> fds, FdLedger ledger) =>
        fds.Select(fd => new HostFd(Libc.Fcntl(fd, Libc.F_DUPFD_CLOEXEC, 0), ledger)).ToList();

    internal void Send(DBusConnection connection, FdLedger ledger)
    {
        List<object> fields = [Field(1, "o", Path), Field(2, "s", Interface), Field(8, "g", Signature), Field(3, "s", Member)];
        if ((FdCount ?? (uint)Fds.Count) is > 0 and var count)
            fields.Add(Field(9, "u", count));
        object[] header = [(byte)'l', Type, Flags, (byte)1, BodySize ?? (uint)Body.Length, connection.NextSerial(), fields];
        connection.SendBytes(DBusMessage.Encode(ledger, header, Body), Duplicates(Fds, ledger));
    }

    private static object[] Field(byte code, string signature, object value) => [code, new DBusVariant(signature, value)];
}
