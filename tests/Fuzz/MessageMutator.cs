using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Fuzz;

/// <summary>Messages of a listener: valid ones, and the same with something changed that a decoder could trip over.</summary>
internal sealed class MessageMutator(Random random, IReadOnlyList<Fd> fds)
{
    private const string Base = "org.qemu.Display1.Listener", Map = Base + ".Unix.Map", Dmabuf2 = Base + ".Unix.ScanoutDMABUF2";
    private const string Planes = "org.guestplane.Display1.Listener.Planes";

    // One message in so many ends its connection, and one asks for an answer that the fake QEMU does not await.
    private const int RarelyEnds = 20_000, RarelyAsks = 1000;

    // pixman's codes and DRM's, and one that is neither.
    private static readonly uint[] s_pixman = [0x2002_0888, 0x2002_8888, 0x2003_0888, 0x1802_0888, 0x1002_0565, 0x2002_0aaa, 0x7fff_ffff];
    private static readonly uint[] s_fourcc = [0x34325258, 0x34325241, 0x3231564e, 0x32315559, 0x36314752, 0x5a5a5a5a];
    private static readonly ulong[] s_modifiers = [0, 0, 0, 0x00ff_ffff_ffff_ffff, 0x0100_0000_0000_0001, ulong.MaxValue];
    private static readonly uint[] s_edges = [0, 1, 2, 63, 64, 65, 255, 256, 511, 512, 513, 16385, 65535, 65536, 0x7fffffff, 0x80000000, uint.MaxValue];
    private static readonly char[] s_types = [.. "ybnqiuxtdsogvh"];

    public QemuRawMessage Next()
    {
        var (ofInterface, member, signature, values, count) = Valid();
        var body = QemuRawMessage.Marshal(signature, values);
        var isLie = false;
        switch (random.Next(8))
        {
            case 0:
                Flip(body);
                break;
            case 1:
                body = body[..random.Next(body.Length + 1)];
                break;
            case 2:
                body = [.. body, .. Bytes(random.Next(1, 64))];
                break;
            case 3:
                signature = OtherSignature(signature);
                break;
            case 4:
                count = random.Next(7);
                break;
            case 5 when random.Next(4) == 0:
                isLie = true;
                break;
        }
        // libsystemd drops what lies about its descriptors, and forgets to close them.
        var brought = isLie ? 0 : count;
        return new QemuRawMessage
        {
            Interface = random.Next(50) == 0 ? Base : ofInterface,
            Member = member,
            Signature = signature,
            Body = body,
            BodySize = random.Next(RarelyEnds) == 0 ? Edge() : null,
            Flags = random.Next(RarelyAsks) == 0 ? (byte)0 : (byte)1,
            Fds = [.. Enumerable.Range(0, brought).Select(_ => fds[random.Next(fds.Count)])],
            FdCount = isLie ? (uint)random.Next(1, 5) : null,
        };
    }

    private (string Interface, string Member, string Signature, object[] Values, int Fds) Valid()
    {
        switch (random.Next(16))
        {
            case 0:
                var (width, height) = (Size(), Size());
                return (Base, "Scanout", "uuuuay", [width, height, Stride(width), Of(s_pixman), Pixels(width, height)], 0);
            case 1 or 2:
                var (partWidth, partHeight) = (Size(), Size());
                return (Base, "Update", "iiiiuuay",
                    [Place(), Place(), (int)partWidth, (int)partHeight, Stride(partWidth), Of(s_pixman), Pixels(partWidth, partHeight)], 0);
            case 3:
                return (Base, "ScanoutDMABUF", "huuuutb", [0u, Size(), Size(), Stride(64), Of(s_fourcc), Of(s_modifiers), random.Next(2) == 0], 1);
            case 4 or 5:
                return Dmabuf2Of(random.Next(6));
            case 6:
                return (Map, "ScanoutMap", "huuuuu", [0u, Maybe(0u), Size(), Size(), Stride(64), Of(s_pixman)], 1);
            case 7:
                return (Map, "UpdateMap", "iiii", [Place(), Place(), Place(), Place()], 0);
            case 8:
                return (Base, "UpdateDMABUF", "iiii", [Place(), Place(), Place(), Place()], 0);
            case 9:
                return (Base, "MouseSet", "iii", [Place(), Place(), random.Next(-1, 2)], 0);
            case 10:
                var (cursorWidth, cursorHeight) = (Size(), Size());
                return (Base, "CursorDefine", "iiiiay", [(int)cursorWidth, (int)cursorHeight, Place(), Place(), Pixels(cursorWidth, cursorHeight)], 0);
            case 11:
                return Register(random.Next(6));
            case 12 or 13:
                return (Planes, "Flip", "utiiiiuuuuua(iiii)tt",
                    [
                        Maybe((uint)random.Next(3)), Id(), Place(), Place(), Place(), Place(),
                        Maybe(0u), Maybe(0u), Maybe(0u), Maybe(0u), (uint)random.Next(4), Damage(), (ulong)Edge(), (ulong)Edge(),
                    ], 0);
            case 14:
                return (Planes, "Forget", "t", [Id()], 0);
            default:
                return random.Next(3) == 0 ? ("org.freedesktop.DBus.Properties", "Get", "ss", [Base, "Interfaces"], 0) : (Base, "Disable", "", [], 0);
        }
    }

    private (string Interface, string Member, string Signature, object[] Values, int Fds) Dmabuf2Of(int planes)
    {
        var count = random.Next(3) == 0 ? planes : 1;
        return (Dmabuf2, "ScanoutDMABUF2", "ahuuuuauauuuuutb",
            [
                Enumerable.Range(0, count).Select(i => (uint)i).ToArray(), Maybe(0u), Maybe(0u), Maybe(64u), Maybe(48u),
                Enumerable.Range(0, planes).Select(_ => Maybe(0u)).ToArray(), Enumerable.Range(0, planes).Select(_ => Stride(64)).ToArray(),
                Maybe((uint)planes), Of(s_fourcc), Maybe(64u), Maybe(48u), Of(s_modifiers), random.Next(2) == 0,
            ], count);
    }

    private (string Interface, string Member, string Signature, object[] Values, int Fds) Register(int planes)
    {
        var count = random.Next(3) == 0 ? planes : 1;
        return (Planes, "Register", "tahuuauauuta{sv}",
            [
                Id(), Enumerable.Range(0, count).Select(i => (uint)i).ToArray(), Maybe(64u), Maybe(48u),
                Enumerable.Range(0, count).Select(_ => Maybe(0u)).ToArray(), Enumerable.Range(0, count).Select(_ => Stride(64)).ToArray(),
                Of(s_fourcc), Of(s_modifiers), Options(),
            ], count);
    }

    private DBusEntry[] Options() => random.Next(3) == 0
        ? [new("gpu", random.Next(2) == 0 ? new DBusVariant("s", "/sys/devices/pci0000:00/0000:00:02.0") : new DBusVariant("u", 7u))] : [];

    /// <summary>Few, so that some are registered; and more than may be.</summary>
    private ulong Id() => (ulong)random.Next(random.Next(4) == 0 ? 100 : 4);

    private object[] Damage() => [.. Enumerable.Range(0, random.Next(20) == 0 ? 70 : random.Next(3))
        .Select(_ => new object[] { Place(), Place(), Place(), Place() })];

    private uint Size() => Maybe((uint)random.Next(1, 96));

    private uint Stride(uint width) => Maybe((uint)Math.Min(width, 1 << 20) * 4);

    /// <summary>Of an area. None of those that let an image grow to a gigabyte.</summary>
    private int Place() => random.Next(6) == 0 ? (int)Edge() : random.Next(-1, 70);

    private uint Maybe(uint value) => random.Next(12) == 0 ? Edge() : value;

    private uint Edge() => s_edges[random.Next(s_edges.Length)];

    private T Of<T>(T[] all) => all[random.Next(all.Length)];

    /// <summary>As many as they should be, mostly.</summary>
    private byte[] Pixels(uint width, uint height)
    {
        var count = (int)UInt128.Min(64 << 10, (UInt128)width * height * 4);
        return Bytes(random.Next(8) == 0 ? random.Next(count + 1) : count);
    }

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private void Flip(byte[] body)
    {
        // In the first bytes are the numbers.
        for (var i = random.Next(1, 5); i > 0 && body.Length > 0; i--)
            body[random.Next(random.Next(2) == 0 ? Math.Min(body.Length, 64) : body.Length)] ^= (byte)(1 << random.Next(8));
    }

    private string OtherSignature(string signature)
    {
        var types = signature.ToList();
        // libsystemd drops a message whose signature is none, and forgets to close its descriptors.
        if (types.Count > 0 && types[^1] != '}' && random.Next(2) == 0)
            types[^1] = Of(s_types);
        else
            types.Add(Of(s_types));
        return string.Concat(types);
    }
}
