using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// A console's keyboard, mouse and touch screen (org.qemu.Display1.Keyboard, .Mouse, .MultiTouch). Calls are sent without
/// requesting an answer. Motion is sent only as fast as QEMU reads: absolute positions replace each other, relative motion adds
/// up. It outlives a connection.
/// </summary>
internal sealed class QemuInput : IHeadInput, IDisposable
{
    private const long RetryNs = 20_000_000;
    private const int WheelNotch = 120;

    // QEMU's qapi/ui.json, InputButton.
    private const uint Left = 0, Middle = 1, Right = 2, WheelUp = 3, WheelDown = 4, Side = 5, Extra = 6;
    private const uint WheelLeft = 7, WheelRight = 8;

    // linux/input-event-codes.h.
    private const uint BtnLeft = 0x110, BtnRight = 0x111, BtnMiddle = 0x112, BtnSide = 0x113, BtnExtra = 0x114;
    private const uint BtnForward = 0x115, BtnBack = 0x116;

    private readonly Loop _loop;
    private readonly LoopTimer _retry;

    /// <summary>What the VM holds, or may hold because a connection ended before QEMU had read the release.</summary>
    private readonly HashSet<QmpEvent> _held = [];
    private QemuConnection? _connection;
    private byte[] _path = [];
    private (double X, double Y)? _position;
    private double _moveX, _moveY;
    private int _wheelRight, _wheelDown;

    public QemuInput(Loop loop)
    {
        _loop = loop;
        loop.Add(_retry = new LoopTimer(_ => SendMotion()));
    }

    public bool IsAbsolute { get; private set; }

    public bool HasTouch { get; private set; }

    public LockKeys? Locks { get; private set; } = LockKeys.None;

    /// <inheritdoc/>
    /// <remarks>Positions outside are errors to QEMU.</remarks>
    public (int Width, int Height) Size { get; set; }

    public event Action? Changed;

    /// <summary>
    /// Switches to a console of a VM, or to none (null). The VM may outlive the connection: QEMU lifts keys only when a listener
    /// goes (ui/dbus-console.c, listener_vanished_cb), and buttons never.
    /// </summary>
    public void Connect(QemuConnection? connection, ConsoleInfo? console)
    {
        // QEMU may close the old connection without reading this: it is released to the next one, too.
        var held = _held.ToList();
        ReleaseAll();
        _held.UnionWith(held);
        (_connection, _position, _moveX, _moveY) = (connection, null, 0, 0);
        if (console is null)
            return;
        _path = Bus.ZeroEnded(console.Path);
        Size = (console.Width, console.Height);
        HasTouch = console.HasTouch;
        ReleaseAll();
        Set(console.IsAbsolute, console.Locks);
    }

    /// <summary>Updates the properties that the console has reported.</summary>
    public void Set(bool isAbsolute, LockKeys locks)
    {
        if (isAbsolute == IsAbsolute && locks == Locks)
            return;
        (IsAbsolute, Locks) = (isAbsolute, locks);
        Changed?.Invoke();
    }

    public bool HasKey(uint code) => Qnum.FromLinux(code) is not null;

    public void Key(uint code, bool pressed)
    {
        if (HasKey(code))
            Send(new(QmpEventKind.Key, code, pressed));
    }

    public void Button(uint code, bool pressed)
    {
        uint? button = code switch
        {
            BtnLeft => Left,
            BtnMiddle => Middle,
            BtnRight => Right,
            BtnSide or BtnBack => Side,
            BtnExtra or BtnForward => Extra,
            _ => null,
        };
        if (button is { } known)
            Send(new(QmpEventKind.Button, known, pressed));
    }

    public void MoveTo(double x, double y)
    {
        _position = (x, y);
        SendMotion();
    }

    public void MoveBy(double dx, double dy)
    {
        (_moveX, _moveY) = (_moveX + dx, _moveY + dy);
        SendMotion();
    }

    public void Wheel(int right120, int down120)
    {
        _wheelRight = Notches(_wheelRight + right120, WheelLeft, WheelRight);
        _wheelDown = Notches(_wheelDown + down120, WheelUp, WheelDown);
    }

    public void Touch(TouchKind kind, int slot, double x, double y)
    {
        // A VM that hangs gets no moves. The end of a touch has the position, too.
        if (!HasTouch || _connection is not { } connection || (kind == TouchKind.Update && connection.Bus.Queued > 0))
            return;
        connection.Call(_path, "org.qemu.Display1.MultiTouch"u8, "SendEvent"u8)
            .Add((uint)kind).Add((ulong)slot).Add(Math.Clamp(x, 0, Size.Width)).Add(Math.Clamp(y, 0, Size.Height)).Send();
        Hold(new(QmpEventKind.Touch, (uint)slot, Touch: kind), connection.Bus);
    }

    public void Dispose() => _loop.Remove(_retry);

    private void SendMotion(bool always = false)
    {
        if (_connection is not { } connection)
            return;
        if (!always && connection.Bus.Queued > 0)
        {
            _retry.Set(Clock.Now + RetryNs);
            return;
        }
        _retry.Cancel();
        // Before the first image the size is 0x0 and no position is valid.
        if (_position is { } at && IsAbsolute && Size is { Width: > 0, Height: > 0 })
            connection.Call(_path, "org.qemu.Display1.Mouse"u8, "SetAbsPosition"u8)
                .Add((uint)Math.Clamp(at.X, 0, Size.Width - 1)).Add((uint)Math.Clamp(at.Y, 0, Size.Height - 1)).Send();
        _position = null;
        // Whole pixels are sent; fractions of slow motion add up.
        var (dx, dy) = ((int)_moveX, (int)_moveY);
        if ((dx, dy) != (0, 0) && !IsAbsolute)
            connection.Call(_path, "org.qemu.Display1.Mouse"u8, "RelMotion"u8).Add(dx).Add(dy).Send();
        (_moveX, _moveY) = (_moveX - dx, _moveY - dy);
    }

    /// <summary>Sends the whole notches and returns the rest.</summary>
    private int Notches(int sum, uint negative, uint positive)
    {
        for (; Math.Abs(sum) >= WheelNotch; sum -= Math.Sign(sum) * WheelNotch)
        {
            var button = sum < 0 ? negative : positive;
            Send(new(QmpEventKind.Button, button, true));
            Send(new(QmpEventKind.Button, button, false));
        }
        return sum;
    }

    private void ReleaseAll()
    {
        foreach (var press in _held.ToList())
            if (press.Kind == QmpEventKind.Touch)
                Touch(TouchKind.Cancel, (int)press.Code, 0, 0);
            else
                Send(press.Release);
    }

    /// <summary>Sends a key or a button.</summary>
    private void Send(QmpEvent next)
    {
        if (_connection is not { } connection)
            return;
        // What is done at a position must come after it, even if the queue is full.
        SendMotion(always: true);
        var isKey = next.Kind == QmpEventKind.Key;
        connection.Call(_path, isKey ? "org.qemu.Display1.Keyboard"u8 : "org.qemu.Display1.Mouse"u8,
            next.IsPressed ? "Press"u8 : "Release"u8).Add(isKey ? Qnum.FromLinux(next.Code)!.Value : next.Code).Send();
        Hold(next, connection.Bus);
    }

    /// <summary>A release that is still in our queue may be lost with the connection.</summary>
    private void Hold(QmpEvent sent, Bus bus)
    {
        if (sent.IsPress || bus is { IsClosed: false, Queued: 0 })
            sent.Update(_held);
    }
}
