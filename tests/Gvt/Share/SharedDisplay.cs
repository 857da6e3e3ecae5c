using System.Collections.Concurrent;
using System.Diagnostics;
using Guestplane.Gvt;
using Guestplane.Gvt.Share;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;
using Guestplane.Tests.Linux;

namespace Guestplane.Tests.Gvt.Share;

/// <summary>A display whose flips a test makes, shared by a server that has a thread of its own.</summary>
internal sealed class SharedDisplay : IDisposable
{
    public const string Console = "/org/qemu/Display1/Console_0", Interface = "org.qemu.Display1.Console";
    public const string DmaBuf2 = "org.qemu.Display1.Listener.Unix.ScanoutDMABUF2", Map = "org.qemu.Display1.Listener.Unix.Map";
    public const string Planes = "org.guestplane.Display1.Listener.Planes";
    public const int Width = 64, Height = 48;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guestplane-share-");
    private readonly Loop _loop = new();
    private readonly Task? _run;
    private readonly List<Scanout> _scanouts = [];

    /// <param name="hasThread">If not, the test turns the loop.</param>
    /// <param name="isPolled">As of a vGPU.</param>
    public SharedDisplay(Head? head = null, bool hasThread = true, bool isPolled = false, ShareAccess? access = null)
    {
        Head = head ?? new("0") { Resize = Sizes.Enqueue };
        Path = System.IO.Path.Combine(_folder.FullName, "share");
        Server = new(_loop, ListeningSocket.Create(Path, 0x180, null), new("test", "a test", Guid.Empty, isPolled), [Head],
            access ?? new());
        Server.Said += Said.Enqueue;
        _run = hasThread ? Task.Run(_loop.Run) : null;
    }

    public Loop Loop => _loop;

    public Head Head { get; }

    public string Path { get; }

    public ShareServer Server { get; }

    public ConcurrentQueue<string> Said { get; } = new();

    public ConcurrentQueue<HeadSize> Sizes { get; } = new();

    /// <summary>An image in a file of tmpfs: anybody who has it may take its memory away.</summary>
    public Scanout ShrinkableImage()
    {
        var path = $"/dev/shm/{System.IO.Path.GetRandomFileName()}";
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, options: FileOptions.DeleteOnClose);
        RandomAccess.SetLength(file, Width * Height * 4);
        return Keep(new BorrowedFd((int)file.DangerousGetHandle()).Duplicate(), Fourcc.Xrgb8888, Width, Height);
    }

    /// <summary>An image of the display's size whose bytes all have this value.</summary>
    public Scanout Image(
        byte fill, Fourcc? format = null, int width = Width, int height = Height, bool isMappable = true, string? gpu = null)
    {
        var memory = Memfd.Create("image", width * height * 4);
        memory.WriteAt(Enumerable.Repeat(fill, width * height * 4).ToArray(), 0);
        if (!isMappable)
        {
            using var whole = memory;
            using var file = File.OpenHandle($"/proc/self/fd/{whole.Number}", FileMode.Open, FileAccess.Write);
            memory = new BorrowedFd((int)file.DangerousGetHandle()).Duplicate();
        }
        return Keep(memory, format ?? Fourcc.Xrgb8888, width, height, gpu);
    }

    /// <summary>A black image, the caller's.</summary>
    public static Scanout Blank() => Make(Memfd.Create("blank", Width * Height * 4), Fourcc.Xrgb8888, Width, Height);

    private Scanout Keep(Fd memory, Fourcc format, int width, int height, string? gpu = null)
    {
        var scanout = Make(memory, format, width, height, gpu);
        lock (_scanouts)
            _scanouts.Add(scanout);
        return scanout;
    }

    private static Scanout Make(Fd memory, Fourcc format, int width, int height, string? gpu = null)
    {
        var layout = new PlaneLayout((uint)width, (uint)height, format, Modifier.Linear, [new(0, (uint)width * 4, 0)]);
        return Scanout.Create([memory], layout, out var problem, gpu: gpu) ?? throw new InvalidOperationException(problem);
    }

    /// <summary>Does it in the server's thread, and waits for that.</summary>
    public void Do(Action action) => Assert.True(_loop.Do(action, s_patience), "the server hangs");

    /// <summary>A value that the server's thread has.</summary>
    public T Ask<T>(Func<T> value)
    {
        T result = default!;
        Do(() => result = value());
        return result;
    }

    public void Show(Scanout? image, Rectangle damage = default, Rectangle crop = default, bool isBottomUp = false) =>
        Do(() => Head.Raise(new Flip(PlaneKind.Primary, image, default, default, Changed: true, Clock.Now)
        {
            Damage = damage,
            Crop = crop,
            IsBottomUp = isBottomUp,
        }));

    public void ShowCursor(Scanout? image, PixelPoint position, PixelPoint hotspot = default, bool changed = true) =>
        Do(() => Head.Raise(new Flip(PlaneKind.Cursor, image, position, hotspot, changed, Clock.Now)));

    public void ShowOverlay(Scanout? image, PixelPoint position) =>
        Do(() => Head.Raise(new Flip(PlaneKind.Overlay, image, position, default, Changed: true, Clock.Now)));

    /// <summary>Waits until the server says a sentence with these words.</summary>
    public void WaitFor(string words) => Until(() => Said.Any(line => line.Contains(words, StringComparison.Ordinal)), () =>
        $"the server did not say \"{words}\": {string.Join('\n', Said)}");

    /// <summary>Waits until the server's thread finds it so.</summary>
    public void Until(Func<bool> isSo, Func<string>? complaint = null)
    {
        var since = Stopwatch.StartNew();
        while (!Ask(isSo))
            Assert.True(since.Elapsed < s_patience, complaint?.Invoke() ?? "it did not come in time");
    }

    /// <summary>A client of the control socket, not authenticated.</summary>
    public RawDBusClient Connect() => ConnectTo(Path);

    public RawDBusClient Client() => ClientOf(Path);

    /// <summary>A client of a share's socket, not authenticated.</summary>
    public static RawDBusClient ConnectTo(string path)
    {
        var socket = UnixSocket.Connect(path);
        var number = socket.Number;
        socket.GiveAway();
        return new RawDBusClient(number);
    }

    public static RawDBusClient ClientOf(string path)
    {
        var client = ConnectTo(path);
        client.Authenticate();
        // sd-bus 252 ends a connection whose first message comes with the end of the authentication and brings a descriptor. No
        // client does that: each looks for consoles first.
        client.Call("/org/qemu/Display1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").Dispose();
        return client;
    }

    /// <summary>A listener that offers these interfaces.</summary>
    public static RawDBusClient Listen(RawDBusClient client, params string[] interfaces)
    {
        var listener = client.SendListener(Console);
        listener.Authenticate();
        using var call = listener.Expect("GetAll");
        listener.Answer(call, "a{sv}", (object)new object[] { new DBusEntry("Interfaces", new DBusVariant("as", interfaces)) });
        return listener;
    }

    public void Dispose()
    {
        _loop.Stop();
        _run?.Wait(s_patience);
        Server.Dispose();
        foreach (var scanout in _scanouts)
            scanout.Dispose();
        _loop.Dispose();
        _folder.Delete(recursive: true);
    }
}
