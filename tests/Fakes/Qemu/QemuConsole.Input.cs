using System.Net.Sockets;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The calls of a client on a console, with the errors of ui/dbus-console.c.</summary>
public sealed partial class QemuConsole
{
    private readonly HashSet<uint> _held = [];
    private readonly List<QemuInvocation> _unanswered = [];

    /// <summary>Keys that are down. QEMU releases them all when a listener disconnects.</summary>
    public IReadOnlyCollection<uint> HeldKeys => _qemu.Locked(() => _held.ToList());

    private QemuInterface Keyboard() => new QemuInterface(KeyboardInterface)
        .Property("Modifiers", "u", () => _modifiers)
        .Method("Press", "u", call => Key(call, true))
        .Method("Release", "u", call => Key(call, false));

    private QemuInterface Mouse() => new QemuInterface(MouseInterface)
        .Property("IsAbsolute", "b", () => _isAbsolute)
        .Method("Press", "u", call => Take(call, new QemuButton(Id, (uint)call.Args[0], true)))
        .Method("Release", "u", call => Take(call, new QemuButton(Id, (uint)call.Args[0], false)))
        .Method("SetAbsPosition", "uu", Position)
        .Method("RelMotion", "ii", Motion);

    private QemuInterface Touch() => new QemuInterface(TouchInterface)
        .Property("MaxSlots", "i", () => _setup.MaxSlots)
        .Method("SendEvent", "utdd", TouchEvent);

    private void Take(QemuInvocation call, QemuInput input)
    {
        _qemu.Record(input);
        call.Return();
    }

    private void Key(QemuInvocation call, bool isPressed)
    {
        var qnum = (uint)call.Args[0];
        _ = isPressed ? _held.Add(qnum) : _held.Remove(qnum);
        Take(call, new QemuKey(Id, qnum, isPressed));
    }

    private void LiftKeys() => _held.Clear();

    private void Position(QemuInvocation call)
    {
        var (x, y) = ((uint)call.Args[0], (uint)call.Args[1]);
        if (!_isAbsolute)
            call.Fail("Invalid", "Mouse is not absolute");
        else if (x >= _width || y >= _height)
            call.Fail("Invalid", "Invalid mouse position");
        else
            Take(call, new QemuPosition(Id, x, y));
    }

    private void Motion(QemuInvocation call)
    {
        if (_isAbsolute)
            call.Fail("Invalid", "Mouse is not relative");
        else
            Take(call, new QemuMotion(Id, (int)call.Args[0], (int)call.Args[1]));
    }

    private void TouchEvent(QemuInvocation call)
    {
        var touch = new QemuTouch(Id, (uint)call.Args[0], (ulong)call.Args[1], (double)call.Args[2], (double)call.Args[3]);
        if (touch.Kind > 3)
            call.Fail("Invalid", "Invalid touch event kind");
        else if (touch.Slot >= (ulong)_setup.MaxSlots)
            call.Fail("Invalid", $"Unexpected touch slot number:  {touch.Slot} >= {_setup.MaxSlots}");
        else
            Take(call, touch);
    }

    private void SetUiInfo(QemuInvocation call)
    {
        var a = call.Args;
        if (!_setup.TakesUiInfo)
            call.Fail("Unsupported", "SetUIInfo is not supported");
        else
            Take(call, new QemuUiInfo(Id, (ushort)a[0], (ushort)a[1], (int)a[2], (int)a[3], (uint)a[4], (uint)a[5]));
    }

    private QemuInterface UiInfo(string name) => new QemuInterface(name).Method("Apply", "a{sv}", ApplyUiInfo);

    private void ApplyUiInfo(QemuInvocation call)
    {
        var keys = ((IEnumerable<object>)call.Args[0]).Cast<DBusEntry>().ToDictionary(e => (string)e.Key, e => ((DBusVariant)e.Value).Value);
        if (_setup.UiInfo is UiInfoAnswer.Refused or UiInfoAnswer.RefusedLate)
        {
            _unanswered.Add(call);
            if (_setup.UiInfo == UiInfoAnswer.RefusedLate && _unanswered.Count < 2)
                return;
            _unanswered.ForEach(late => late.Fail("Invalid", $"no such key: {keys.Keys.First()}"));
            _unanswered.Clear();
        }
        else
            Take(call, new QemuUiInfo(Id, (ushort)keys["width_mm"], (ushort)keys["height_mm"], 0, 0, (uint)keys["width"],
                (uint)keys["height"], (uint)keys["refresh_rate"]));
    }

    private void RegisterListener(QemuInvocation call)
    {
        var answer = _qemu.Reached(call.Connection, QemuStage.RegisterListener);
        if (answer == false)
            call.Fail("Failed", "refused");
        if (answer != true)
            return;
        var index = (uint)call.Args[0];
        if (index >= call.Call.Fds.Count)
        {
            _qemu.Violate("control", $"RegisterListener without descriptor {index}");
            call.Fail("Failed", $"Couldn't get peer fd: {index} of {call.Call.Fds.Count}");
            return;
        }
        try
        {
            var fd = Libc.Fcntl(call.Call.Fds[(int)index].Handle, Libc.F_DUPFD_CLOEXEC, 0);
            var listener = new QemuListener(_qemu, this, QemuLibc.SocketOf(fd));
            call.Return();
            listener.Start();
        }
        catch (SocketException e)
        {
            _qemu.Violate("control", "RegisterListener without a socket");
            call.Fail("Failed", $"Couldn't make a socket: {e.Message}");
        }
    }
}
