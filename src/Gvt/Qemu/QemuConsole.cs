using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>One console of a VM as a head. Images, input and tickets outlive the connection; the listener does not.</summary>
internal sealed class QemuConsole : IDisposable
{
    private readonly Loop _loop;
    private readonly QemuImages _images = new();
    private readonly QemuInput _input;
    private readonly QemuUse _use;
    private QemuConnection? _connection;
    private QemuListener? _listener;
    private IGuest? _planes;
    private int _planesTaken;
    private byte[] _path = [];
    private HeadSize _size;
    private bool _takesRefresh;

    /// <param name="use">Whether its images are wanted.</param>
    public QemuConsole(Loop loop, string name, uint id, bool hasInput, QemuUse use)
    {
        (_loop, Id, _use) = (loop, id, use);
        Throttle = new Throttle(loop);
        _input = new QemuInput(loop);
        Head = new Head(name) { Input = hasInput ? _input : null, Resize = Resize };
        Head.Released += Throttle.Release;
        Head.Flipped += OnFlip;
    }

    /// <summary>A console's label, with its number where that is not enough.</summary>
    /// <param name="labels">Of all consoles that are shown.</param>
    public static string HeadName(uint id, string label, IEnumerable<string> labels) =>
        label.Length > 0 && labels.Count(other => other == label) == 1 ? label : $"{label}.{id}";

    public Head Head { get; }

    /// <summary>The delayed answers to its frames.</summary>
    public Throttle Throttle { get; }

    /// <summary>QEMU's number of the console.</summary>
    public uint Id { get; }

    public int DmaBufs => _images.DmaBufs.Taken + _images.Planes.Taken + _planesTaken + (_planes?.DmaBufs ?? 0);

    /// <inheritdoc cref="IGuest.PollDelay"/>
    public long PollDelay => _listener?.PollDelay ?? 0;

    /// <summary>QEMU sends no more images: a clause with the reason.</summary>
    public event Action<string>? Lost;

    /// <summary>
    /// Takes the planes from there in this life: no listener is registered, so that QEMU does not ask its vGPU, too. To QEMU the
    /// console keeps another size than the image's then.
    /// </summary>
    public void Join(IGuest planes)
    {
        _planes = planes;
        if (Head.Input != _input)
            return;
        var input = new JoinedInput(Head);
        input.Attach(_input);
        Head.Input = input;
    }

    /// <summary>Shows this console from now on.</summary>
    public void Connect(QemuConnection connection, ConsoleInfo info)
    {
        (_connection, _path, _takesRefresh) = (connection, Bus.ZeroEnded(info.Path), info.HasUiInfo);
        _input.Connect(connection, info);
        Head.NeedsSize = info.Head > 0;
        connection.Changed += OnChanged;
        if (_use == QemuUse.Display && _planes is null)
            Listen(connection, info);
    }

    /// <inheritdoc cref="IGuest.Poll"/>
    public long Poll(long now) => _planes?.Poll(now) ?? _listener?.Poll(now) ?? now;

    /// <summary>The VM is gone; the last image stays, unless it is in the VM's own pages.</summary>
    public void Disconnect()
    {
        if (_planes is { } planes && Head.TakeOffGuestPages(Clock.Now))
        {
            // Posted, so that the compositor is told first.
            _loop.Post(planes.Dispose);
            DropPlanes();
        }
        Close();
    }

    public void Dispose()
    {
        Close();
        Head.Released -= Throttle.Release;
        Throttle.Dispose();
        _input.Dispose();
        _images.Dispose();
    }

    private void Close()
    {
        if (_connection is not null)
            _connection.Changed -= OnChanged;
        _connection = null;
        _input.Connect(null, null);
        _listener?.Dispose();
        _listener = null;
        _planes?.Dispose();
        DropPlanes();
    }

    private void DropPlanes()
    {
        _planesTaken += _planes?.DmaBufs ?? 0;
        _planes = null;
    }

    private void Listen(QemuConnection connection, ConsoleInfo info)
    {
        var (ours, theirs) = UnixSocket.Pair();
        using (theirs)
        {
            _listener = new QemuListener(_loop, ours, Head, _images, Throttle, info);
            _listener.Closed += why => Lose($"the VM has ended, or its console is gone ({why})");
            connection.Call(_path, "org.qemu.Display1.Console"u8, "RegisterListener"u8)
                .Add(theirs).Send(OnRegistered, QemuConnection.AnswerWithinNs);
        }
    }

    private bool OnRegistered(BusMessage answer)
    {
        if (answer.Error is { } error)
            Lose($"the VM's display takes no listener ({error})");
        return true;
    }

    private void Lose(string why)
    {
        if (_connection is not null)
            Lost?.Invoke(why);
    }

    private void OnChanged(ConsoleInfo info)
    {
        if (info.Id != Id)
            return;
        _input.Set(info.IsAbsolute, info.Locks);
        if (_listener is not null)
            _listener.Size = (info.Width, info.Height);
        else
            _input.Size = (info.Width, info.Height);
    }

    private void OnFlip(Flip flip)
    {
        if (flip.Plane == PlaneKind.Primary && flip.Scanout is not null && _planes is null)
            _input.Size = (flip.Source.Width, flip.Source.Height);
    }

    /// <summary>QEMU passes the size to the guest's driver; a guest without one keeps its size.</summary>
    private void Resize(HeadSize size)
    {
        _size = size;
        if (_connection is { } connection)
            connection.Sizes.Request(Id, () =>
            {
                if (_takesRefresh)
                    ApplySize(connection, size);
                else
                    SetSize(connection, size);
            });
    }

    private void SetSize(QemuConnection connection, HeadSize size) =>
        connection.Call(_path, "org.qemu.Display1.Console"u8, "SetUIInfo"u8)
            .Add(Millimetres(size.WidthMm)).Add(Millimetres(size.HeightMm))
            .Add(0).Add(0).Add((uint)size.Width).Add((uint)size.Height).Send();

    private void ApplySize(QemuConnection connection, HeadSize size) =>
        connection.Call(_path, "org.qemu.Display1.UIInfo"u8, "Apply"u8).Open('a', "{sv}"u8)
            .AddEntry("width", (uint)size.Width).AddEntry("height", (uint)size.Height)
            .AddEntry("width_mm", Millimetres(size.WidthMm)).AddEntry("height_mm", Millimetres(size.HeightMm))
            .AddEntry("refresh_rate", (uint)size.RefreshMilliHz).Close()
            .Send(answer => !answer.IsError || answer.IsNoAnswer || SetInstead(connection), QemuConnection.AnswerWithinNs);

    /// <summary>A QEMU that refuses the dictionary, whose keys no release has settled, still takes the newest size.</summary>
    private bool SetInstead(QemuConnection connection)
    {
        if (_connection == connection && _takesRefresh)
        {
            _takesRefresh = false;
            Resize(_size);
        }
        return true;
    }

    private static ushort Millimetres(int millimetres) => (ushort)Math.Min(millimetres, ushort.MaxValue);
}
