using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// One console of a VM as a head: its listener while the VM is there, and its images and input devices also while it is not.
/// </summary>
internal sealed class QemuConsole : IDisposable
{
    private readonly Loop _loop;
    private readonly QemuImages _images = new();
    private readonly Throttle _throttle;
    private readonly QemuInput _input;
    private QemuConnection? _connection;
    private QemuListener? _listener;
    private ConsoleInfo _info;

    public QemuConsole(Loop loop, string name, ConsoleInfo info)
    {
        (_loop, _info) = (loop, info);
        _throttle = new Throttle(loop);
        _input = new QemuInput(loop);
        Head = new Head(name) { Input = _input, Resize = Resize };
        Head.Released += _throttle.Release;
        Head.Flipped += OnFlip;
    }

    public Head Head { get; }

    public ConsoleInfo Info => _info;

    public int DmaBufs => _images.DmaBufs.Taken;

    /// <summary>It gives no more images: a clause that says why.</summary>
    public event Action<string>? Lost;

    /// <summary>Takes what this VM shows on the console, from now on.</summary>
    public void Connect(QemuConnection connection, ConsoleInfo info)
    {
        (_connection, _info) = (connection, info);
        _input.Connect(connection, info);
        connection.Changed += OnChanged;
        var (ours, theirs) = UnixSocket.Pair();
        _listener = new QemuListener(_loop, ours, Head, _images, _throttle);
        _listener.Size = (info.Width, info.Height);
        _listener.Closed += why => Lose($"the VM has ended, or its console is gone ({why})");
        using (theirs)
            connection.Call(Bus.ZeroEnded(info.Path), "org.qemu.Display1.Console"u8, "RegisterListener"u8)
                .Add(theirs).Send(OnRegistered, QemuConnection.AnswerWithinNs);
    }

    /// <summary>The VM is not there; the last image stays.</summary>
    public void Disconnect()
    {
        if (_connection is not null)
            _connection.Changed -= OnChanged;
        _connection = null;
        _input.Connect(null, null);
        _listener?.Dispose();
        _listener = null;
    }

    public void Dispose()
    {
        Disconnect();
        Head.Released -= _throttle.Release;
        _throttle.Dispose();
        _input.Dispose();
        _images.Dispose();
    }

    private bool OnRegistered(BusMessage answer)
    {
        if (answer.Error is { } error)
            Lose($"QEMU takes no listener ({error})");
        return true;
    }

    private void Lose(string why)
    {
        if (_connection is not null)
            Lost?.Invoke(why);
    }

    private void OnChanged(ConsoleInfo info)
    {
        if (info != _info)
            return;
        _input.Set(info.IsAbsolute, info.Locks);
        if (_listener is not null)
            _listener.Size = (info.Width, info.Height);
    }

    private void OnFlip(Flip flip)
    {
        if (flip.Plane == PlaneKind.Primary && flip.Scanout is not null)
            _input.SetSize(flip.Source.Width, flip.Source.Height);
    }

    /// <summary>QEMU tells its device at once, and that the guest's driver; a guest without one goes on as it is.</summary>
    private void Resize(HeadSize size) => _connection?.Call(Bus.ZeroEnded(_info.Path), "org.qemu.Display1.Console"u8, "SetUIInfo"u8)
        .Add((ushort)Math.Min(size.WidthMm, ushort.MaxValue)).Add((ushort)Math.Min(size.HeightMm, ushort.MaxValue))
        .Add(0).Add(0).Add((uint)size.Width).Add((uint)size.Height).Send();
}
