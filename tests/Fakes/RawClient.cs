using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Guestplane.Tests.Fakes;

/// <summary>
/// A client that writes its messages byte by byte, so that it can make every mistake. Opcodes are those of the XMLs.
/// </summary>
internal sealed class RawClient : IDisposable
{
    public const uint Display = 1;

    private readonly FdSocket _socket;
    private readonly byte[] _in = new byte[1 << 16];
    private int _have;
    private uint _next = 2;

    public RawClient(FakeHost host)
        : this(host.SocketPath)
    {
    }

    public RawClient(string socketPath)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(socketPath));
        _socket = new FdSocket(socket, Ledger);
    }

    public FdLedger Ledger { get; } = new();

    public Queue<HostFd> Fds { get; } = new();

    public List<(uint Id, int Opcode, byte[] Body)> Events { get; } = [];

    public bool IsClosed { get; private set; }

    public uint Registry { get; set; }

    public uint Compositor { get; set; }

    public uint Subcompositor { get; private set; }

    public uint Shm { get; private set; }

    public uint Output { get; private set; }

    public uint Seat { get; private set; }

    public uint WmBase { get; private set; }

    public uint Dmabuf { get; set; }

    public uint Presentation { get; private set; }

    public uint Viewporter { get; private set; }

    public uint SinglePixel { get; private set; }

    /// <summary>wl_display.error, if it was received.</summary>
    public (uint Id, uint Code)? Error => Events.Find(e => e is { Id: Display, Opcode: 0 }) is { Body: { } body }
        ? (BitConverter.ToUInt32(body, 0), BitConverter.ToUInt32(body, 4)) : null;

    public static uint Fixed(double value) => (uint)(int)(value * 256);

    public static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text + '\0');
        return [.. BitConverter.GetBytes(bytes.Length), .. bytes, .. new byte[-bytes.Length & 3]];
    }

    public uint NewId() => _next++;

    public void Send(uint id, int opcode, params object[] words) => SendFds(id, opcode, [], words);

    public void SendFds(uint id, int opcode, HostFd[] fds, params object[] words)
    {
        var body = words.SelectMany(word => word switch
        {
            byte[] bytes => bytes,
            uint number => BitConverter.GetBytes(number),
            int number => BitConverter.GetBytes(number),
            _ => throw new ArgumentException($"{word} is no word"),
        }).ToArray();
        SendBytes([.. BitConverter.GetBytes(id), .. BitConverter.GetBytes((uint)(8 + body.Length << 16 | opcode)), .. body], fds);
    }

    public void SendBytes(byte[] message, params HostFd[] fds)
    {
        for (var at = 0; at < message.Length;)
        {
            var sent = _socket.Send(message.AsSpan(at), fds);
            if (sent == -2)
                return;
            at += Math.Max(0, sent);
            fds = sent > 0 ? [] : fds;
        }
    }

    /// <summary>Waits until the compositor has answered everything that was sent, or has closed the connection.</summary>
    public void Sync()
    {
        var callback = NewId();
        Send(Display, 0, callback);
        var isDone = SpinWait.SpinUntil(() =>
        {
            Read();
            return IsClosed || Has(callback, 0);
        }, TimeSpan.FromSeconds(10));
        Assert.True(isDone, "the host does not answer");
    }

    public bool Has(uint id, int opcode) => Count(id, opcode) > 0;

    public int Count(uint id, int opcode) => Events.Count(e => e.Id == id && e.Opcode == opcode);

    /// <summary>A word of the newest event with this opcode.</summary>
    public uint Word(uint id, int opcode, int index) =>
        BitConverter.ToUInt32(Events.FindLast(e => e.Id == id && e.Opcode == opcode).Body, index * sizeof(uint));

    public HostFd Memory(int size)
    {
        var fd = new HostFd(Libc.MemfdCreate("guestplane-test", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING), Ledger);
        RandomAccess.SetLength(fd.Handle, size);
        return fd;
    }

    public RawClient GetRegistry()
    {
        Registry = NewId();
        Send(Display, 1, Registry);
        return this;
    }

    public uint Bind(int name, string @interface, int version)
    {
        var id = NewId();
        Send(Registry, 0, name, Text(@interface), version, id);
        return id;
    }

    /// <summary>For a compositor whose global names are not known in advance.</summary>
    public uint BindGlobal(string @interface, int version)
    {
        var text = Text(@interface);
        var global = Events.Find(e => e.Id == Registry && e.Opcode == 0 && e.Body.AsSpan(sizeof(uint)).StartsWith(text));
        Assert.True(global.Body is not null, $"the host has no {@interface}");
        return Bind(BitConverter.ToInt32(global.Body), @interface, version);
    }

    /// <summary>Binds everything that <see cref="HostSetup"/> offers by default.</summary>
    public RawClient BindAll()
    {
        GetRegistry();
        Compositor = Bind(1, "wl_compositor", 6);
        Subcompositor = Bind(2, "wl_subcompositor", 1);
        Shm = Bind(3, "wl_shm", 1);
        Output = Bind(4, "wl_output", 4);
        Seat = Bind(5, "wl_seat", 8);
        WmBase = Bind(6, "xdg_wm_base", 6);
        Dmabuf = Bind(7, "zwp_linux_dmabuf_v1", 5);
        Presentation = Bind(8, "wp_presentation", 1);
        Viewporter = Bind(9, "wp_viewporter", 1);
        SinglePixel = Bind(10, "wp_single_pixel_buffer_manager_v1", 1);
        return this;
    }

    public uint Surface() => New(Compositor, 0);

    public uint Pixel() => New(SinglePixel, 1, 0u, 0u, 0u, uint.MaxValue);

    public uint Subsurface(uint surface, uint parent) => New(Subcompositor, 1, surface, parent);

    public uint Viewport(uint surface) => New(Viewporter, 1, surface);

    public uint Pool(int size, int fileSize)
    {
        var pool = NewId();
        using var fd = Memory(fileSize);
        SendFds(Shm, 0, [fd], pool, size);
        return pool;
    }

    public uint ShmBuffer(int width, int height)
    {
        var size = width * height * 4;
        return New(Pool(size, size), 0, 0, width, height, width * 4, 1u);
    }

    public uint Params() => New(Dmabuf, 1);

    /// <summary>Of version 6.</summary>
    public uint Params6() => New(Bind(7, "zwp_linux_dmabuf_v1", 6), 1);

    public void AddPlane(uint id, int index, uint offset, uint stride, int size, ulong modifier = 0)
    {
        using var fd = Memory(size);
        SendFds(id, 1, [fd], index, offset, stride, (uint)(modifier >> 32), (uint)modifier);
    }

    public void Attach(uint surface, uint buffer) => Send(surface, 1, buffer, 0, 0);

    public void Commit(uint surface) => Send(surface, 6);

    public void Show(uint surface)
    {
        Attach(surface, Pixel());
        Commit(surface);
    }

    public uint XdgSurface(uint surface) => New(WmBase, 2, surface);

    public uint Toplevel(uint xdgSurface) => New(xdgSurface, 1);

    /// <summary>Creates a mapped window.</summary>
    public (uint Surface, uint Xdg, uint Toplevel) Window()
    {
        var surface = Surface();
        var xdg = XdgSurface(surface);
        var toplevel = Toplevel(xdg);
        Commit(surface);
        Sync();
        Send(xdg, 4, Word(xdg, 0, 0));
        Show(surface);
        return (surface, xdg, toplevel);
    }

    public uint New(uint maker, int opcode, params object[] rest)
    {
        var id = NewId();
        Send(maker, opcode, [id, .. rest]);
        return id;
    }

    public void Dispose()
    {
        IsClosed = true;
        _socket.Dispose();
        while (Fds.TryDequeue(out var fd))
            fd.Dispose();
    }

    private void Read()
    {
        while (!IsClosed)
        {
            var count = _socket.Receive(_in, _have, Fds);
            if (count < 0)
                return;
            IsClosed = count == 0;
            _have += count;
            Split();
        }
    }

    private void Split()
    {
        const int Header = 8;
        var at = 0;
        while (_have - at >= Header)
        {
            var header = BinaryPrimitives.ReadUInt32LittleEndian(_in.AsSpan(at + 4));
            var size = (int)(header >> 16);
            if (_have - at < size)
                break;
            var id = BinaryPrimitives.ReadUInt32LittleEndian(_in.AsSpan(at));
            Events.Add((id, (int)(header & 0xffff), _in.AsSpan(at + Header, size - Header).ToArray()));
            at += size;
        }
        Buffer.BlockCopy(_in, at, _in, 0, _have - at);
        _have -= at;
    }
}
