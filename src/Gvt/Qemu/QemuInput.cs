using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// A console's keyboard, mouse and touch screen (org.qemu.Display1.Keyboard, .Mouse, .MultiTouch). Calls are sent without
/// asking for an answer. Motion is sent only as fast as QEMU reads: of places the last counts, of moves the sum.
/// </summary>
internal sealed class QemuInput : IHeadInput, IDisposable
{
    private const long RetryNs = 20_000_000;
    private const int WheelNotch = 120;

    // QEMU's qapi/ui.json, InputButton.
    private const uint Left = 0, Middle = 1, Right = 2, WheelUp = 3, WheelDown = 4, Side = 5, Extra = 6, WheelLeft = 7, WheelRight = 8;

    // linux/input-event-codes.h.
    private const uint BtnLeft = 0x110, BtnRight = 0x111, BtnMiddle = 0x112, BtnSide = 0x113, BtnExtra = 0x114, BtnForward = 0x115, BtnBack = 0x116;

    private readonly Loop _loop;
    private readonly LoopTimer _retry;
    private QemuConnection? _connection;
    private byte[] _path = [];
    private (double X, double Y)? _place;
    private double _moveX, _moveY;
    private (int Width, int Height) _size;
    private int _wheelRight, _wheelDown;
    private bool _hasTouch;

    public QemuInput(Loop loop)
    {
        _loop = loop;
        loop.Add(_retry = new LoopTimer(_ => SendMotion()));
    }

    public bool IsAbsolute { get; private set; }

    public LockKeys Locks { get; private set; }

    public event Action? Changed;

    /// <summary>Speaks with this VM from now on; null: with none.</summary>
    public void Connect(QemuConnection? connection, ConsoleInfo? console)
    {
        (_connection, _place, _moveX, _moveY) = (connection, null, 0, 0);
        if (console is null)
            return;
        _path = Bus.ZeroEnded(console.Path);
        _size = (console.Width, console.Height);
        _hasTouch = console.HasTouch;
        Set(console.IsAbsolute, console.Locks);
    }

    /// <summary>What the console has told anew.</summary>
    public void Set(bool isAbsolute, LockKeys locks)
    {
        if (isAbsolute == IsAbsolute && locks == Locks)
            return;
        (IsAbsolute, Locks) = (isAbsolute, locks);
        Changed?.Invoke();
    }

    /// <summary>The image has another size: places outside of it are errors to QEMU.</summary>
    public void SetSize(int width, int height) => _size = (width, height);

    public void Key(uint code, bool pressed)
    {
        if (Qnum.Of(code) is { } qnum)
            Send("org.qemu.Display1.Keyboard"u8, pressed, qnum);
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
        if (button is not { } known)
            return;
        // Where it happens comes before what happens there, whatever the queue.
        SendMotion(always: true);
        Send("org.qemu.Display1.Mouse"u8, pressed, known);
    }

    public void MoveTo(double x, double y)
    {
        _place = (x, y);
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
        if (!_hasTouch)
        {
            TouchAsPointer(kind, slot, x, y);
            return;
        }
        if (_connection is { } connection)
            connection.Call(_path, "org.qemu.Display1.MultiTouch"u8, "SendEvent"u8)
                .Add((uint)kind).Add((ulong)slot).Add(Math.Clamp(x, 0, _size.Width)).Add(Math.Clamp(y, 0, _size.Height)).Send();
    }

    public void Dispose() => _loop.Remove(_retry);

    /// <summary>A guest without a touch screen: the first finger is the pointer with its left button.</summary>
    private void TouchAsPointer(TouchKind kind, int slot, double x, double y)
    {
        if (slot != 0 || !IsAbsolute)
            return;
        if (kind is TouchKind.Begin or TouchKind.Update)
            MoveTo(x, y);
        if (kind != TouchKind.Update)
            Button(BtnLeft, kind == TouchKind.Begin);
    }

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
        // Of a console without an image the size is 0x0, and no place is inside.
        if (_place is { } place && IsAbsolute && _size is { Width: > 0, Height: > 0 })
            connection.Call(_path, "org.qemu.Display1.Mouse"u8, "SetAbsPosition"u8)
                .Add((uint)Math.Clamp(place.X, 0, _size.Width - 1)).Add((uint)Math.Clamp(place.Y, 0, _size.Height - 1)).Send();
        _place = null;
        // Whole pixels go; what is left of a slow hand's motion adds up.
        var (dx, dy) = ((int)_moveX, (int)_moveY);
        if ((dx, dy) != (0, 0) && !IsAbsolute)
            connection.Call(_path, "org.qemu.Display1.Mouse"u8, "RelMotion"u8).Add(dx).Add(dy).Send();
        (_moveX, _moveY) = (_moveX - dx, _moveY - dy);
    }

    /// <summary>Sends the whole notches; returns what is left.</summary>
    private int Notches(int sum, uint negative, uint positive)
    {
        for (; Math.Abs(sum) >= WheelNotch; sum -= Math.Sign(sum) * WheelNotch)
        {
            var button = sum < 0 ? negative : positive;
            Send("org.qemu.Display1.Mouse"u8, true, button);
            Send("org.qemu.Display1.Mouse"u8, false, button);
        }
        return sum;
    }

    private void Send(ReadOnlySpan<byte> device, bool pressed, uint what) =>
        _connection?.Call(_path, device, pressed ? "Press"u8 : "Release"u8).Add(what).Send();
}
