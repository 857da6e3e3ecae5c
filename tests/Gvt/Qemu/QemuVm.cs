using System.Diagnostics;
using System.Net.Sockets;
using Guestplane.Compositor;
using Guestplane.Gvt;
using Guestplane.Gvt.Qemu;
using Guestplane.Linux;
using Guestplane.Tests.Fakes.Qemu;

namespace Guestplane.Tests.Gvt.Qemu;

/// <summary>A VM of the fake QEMU and the guest that is made of it, in a loop that the test turns.</summary>
internal sealed class QemuVm : IDisposable
{
    public const uint Xr24 = 0x34325258;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly DirectoryInfo? _folder;
    private int _marks;

    /// <param name="setup">The VM; by default one console of 64x48.</param>
    /// <param name="console">As --console.</param>
    /// <param name="byQmp">Reached so that it can be found again, and waited for when it was lost.</param>
    /// <param name="start">Started, and its listeners registered.</param>
    /// <param name="direct">How each life finds the vGPU behind the VM's console.</param>
    public QemuVm(QemuSetup? setup = null, uint? console = null, bool byQmp = false, bool start = true, Func<DirectPlanes>? direct = null)
    {
        Qemu = new FakeQemu(setup ?? Small());
        try
        {
            _folder = byQmp ? Directory.CreateTempSubdirectory("guestplane-qmp-") : null;
            var qmp = _folder is null ? null : new FakeQmp(Qemu, Path.Combine(_folder.FullName, "qmp"));
            ControlFd = qmp is null ? Qemu.Connect() : -1;
            var words = qmp is null ? $"qemu:fd={ControlFd}" : $"qemu:qmp={qmp.SocketPath}";
            Guest = direct is null ? Open(words, Loop, console, waits: byQmp) : OpenDirect(QemuSource.Parse(words, null), direct, waits: byQmp);
        }
        catch
        {
            DisposeFakes();
            throw;
        }
        Guest.Changed += OnChanged;
        foreach (var head in Guest.Heads)
        {
            head.Flipped += flip => (flip.Plane == PlaneKind.Cursor ? Cursor : Flips).Add(flip);
            head.Refused += Refused.Add;
        }
        if (start)
            Start();
    }

    public FakeQemu Qemu { get; }

    /// <summary>The guest's end of the control connection; -1 by QMP.</summary>
    public int ControlFd { get; }

    public Loop Loop { get; } = new();

    public GuestSlot Guest { get; }

    public Head Head => Guest.Heads[0];

    public IHeadInput Input => Head.Input!;

    /// <summary>Of the primary plane.</summary>
    public List<Flip> Flips { get; } = [];

    public Flip Last => Flips[^1];

    public List<Flip> Cursor { get; } = [];

    public List<string> Refused { get; } = [];

    public List<string> Lost { get; } = [];

    public int Returns { get; private set; }

    /// <summary>One console of 64x48 with these wishes.</summary>
    public static QemuSetup Small(Action<QemuConsoleSetup>? change = null)
    {
        var console = new QemuConsoleSetup { Width = 64, Height = 48 };
        change?.Invoke(console);
        return new QemuSetup { Consoles = [console] };
    }

    /// <summary>The guest of these words, open.</summary>
    public static GuestSlot Open(string source, Loop loop, uint? console = null, bool waits = false, Stream? said = null)
    {
        var messages = new Messages(said is null ? StreamWriter.Null : new StreamWriter(said) { AutoFlush = true });
        var guest = Sources.Slot(new ShowOptions { Source = source, Console = console, Wait = waits }, loop, messages);
        try
        {
            guest.Open();
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    private GuestSlot OpenDirect(QemuSource source, Func<DirectPlanes> direct, bool waits)
    {
        var guest = new GuestSlot(Loop, new Messages(StreamWriter.Null),
            before => new QemuGuest(source, Loop, before: before as QemuGuest) { Direct = direct() }, waits ? GuestSlot.QemuPauseNs : null);
        try
        {
            guest.Open();
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    public void Start()
    {
        Guest.Start();
        Turn(() => Qemu.Consoles.Sum(console => console.Listeners) == Guest.Heads.Count);
        Settle();
    }

    /// <summary>Turns the loop until it is so.</summary>
    public void Turn(Func<bool> until, TimeSpan? patience = null)
    {
        var since = Stopwatch.StartNew();
        while (!until())
        {
            Assert.True(since.Elapsed < (patience ?? s_patience), "it did not come in time");
            Loop.Turn(5_000_000);
        }
    }

    /// <summary>Turns the loop for so long, whatever comes.</summary>
    public void TurnFor(int milliseconds)
    {
        var since = Stopwatch.StartNew();
        Turn(() => since.ElapsedMilliseconds >= milliseconds);
    }

    /// <summary>Until everything that QEMU has said to the first console's listener is heard: it hears in order.</summary>
    public void Settle()
    {
        var mark = new PixelPoint(-++_marks, _marks);
        Qemu.Console.MouseSet(mark.X, mark.Y, false);
        Turn(() => Cursor.Exists(flip => flip.Position == mark));
    }

    /// <summary>Until QEMU has got that much input.</summary>
    public List<Guestplane.Tests.Fakes.Qemu.QemuInput> Sent(int count)
    {
        Turn(() => Qemu.Input.Count >= count);
        return [.. Qemu.Input];
    }

    /// <summary>QEMU stops reading, and little of what it is told fits in between.</summary>
    public void Pause()
    {
        const int SendBuffer = 4096;
        // The number stays the guest's.
        using var handle = new SafeSocketHandle(ControlFd, ownsHandle: false);
        using var socket = new Socket(handle);
        socket.SendBufferSize = SendBuffer;
        Qemu.Pause(true);
    }

    /// <summary>A guest's image in memory of 64x48, and its first update.</summary>
    public void Show(Fd memory, Func<QemuDmabuf, QemuDmabuf>? change = null)
    {
        var image = new QemuDmabuf { Fds = [memory], Width = 64, Height = 48, Strides = [256], Fourcc = Xr24, IsTopFirst = false };
        var before = Flips.Count;
        Qemu.Console.ScanoutDmabuf2(change?.Invoke(image) ?? image);
        Qemu.Console.UpdateDmabuf(0, 0, 64, 48);
        Turn(() => Flips.Count > before && Last.Ticket > 0);
    }

    public static Fd Memory() => Memfd.Create("qemu", 64 * 48 * 4);

    public void Dispose()
    {
        Guest.Dispose();
        DisposeFakes();
    }

    private void OnChanged()
    {
        if (Guest.State == GuestState.Here)
            Returns++;
        else
            Lost.Add(Guest.Problem);
    }

    private void DisposeFakes()
    {
        Loop.Dispose();
        Qemu.Dispose();
        _folder?.Delete(recursive: true);
    }
}
