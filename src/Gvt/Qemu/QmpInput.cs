using System.Buffers;
using System.Text.Json;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// A VM's keyboard, pointer and touch screen by QMP's input-send-event. One command is on its way at a time; what is typed and
/// pointed meanwhile goes with the next one, and motion adds up. It outlives a connection.
/// </summary>
internal sealed class QmpInput : IHeadInput, IDisposable
{
    /// <summary>INPUT_EVENT_ABS_MAX + 1 (QEMU's include/ui/input.h).</summary>
    private const int AbsRange = 0x8000;

    /// <summary>A command of that many events has some 6 kB.</summary>
    private const int MostInCommand = 64;

    /// <summary>More than a user types in the five seconds that QEMU has for an answer. As many releases may follow.</summary>
    private const int MostQueued = 4096;

    /// <summary>At the end QEMU gets this time for the releases: it drops what it has not begun when its client leaves.</summary>
    private const long LastWordsNs = 200_000_000;

    /// <summary>QMP has no event for a pointer that becomes absolute or relative, as one does when a driver starts.</summary>
    private const long MiceEveryNs = 1_000_000_000;

    private const int WheelNotch = 120;

    /// <summary>What QEMU says of events while the VM is stopped (ui/input.c, qmp_input_send_event).</summary>
    private const string Stopped = "VM not running";

    // In the order of QEMU's InputButton (qapi/ui.json), by linux/input-event-codes.h; 0: the wheel.
    private static readonly uint[] s_buttons = [0x110, 0x112, 0x111, 0, 0, 0x113, 0x114];

    private const uint BtnForward = 0x115, BtnBack = 0x116, Side = 5, Extra = 6;
    private const uint WheelUp = 3, WheelDown = 4, WheelLeft = 7, WheelRight = 8;

    private readonly Loop _loop;
    private readonly LoopTimer _mice;
    private readonly List<QmpEvent> _queue = [];
    private readonly List<QmpEvent> _sent = [];

    /// <summary>Presses that the VM has got or may have got, and whose release it has not answered.</summary>
    private readonly HashSet<QmpEvent> _held = [];

    /// <summary>Releases that the VM has refused because it is stopped: it holds their keys until it gets them.</summary>
    private readonly List<QmpEvent> _refused = [];
    private QmpChannel? _channel;
    private string? _device;
    private int _head;
    private bool _isSent;
    private double _moveX, _moveY;
    private (int Right, int Down) _wheel;

    public QmpInput(Loop loop)
    {
        _loop = loop;
        loop.Add(_mice = new LoopTimer(_ => Renew()));
    }

    /// <summary>The command that asks which pointer is in use.</summary>
    public static ReadOnlySpan<byte> QueryMice => """{"execute":"query-mice"}"""u8;

    public bool IsAbsolute { get; private set; } = true;

    /// <summary>Until QEMU refuses a finger: before 8.1 it knows none.</summary>
    public bool HasTouch { get; private set; } = true;

    public LockKeys? Locks => null;

    public (int Width, int Height) Size => (AbsRange, AbsRange);

    public event Action? Changed;

    /// <summary>Switches to a connection that takes commands, or to none (null).</summary>
    /// <param name="device">The display device whose input devices are meant; null: those of no display.</param>
    /// <param name="head">The output of that device.</param>
    public void Connect(QmpChannel? channel, string? device = null, int head = 0)
    {
        (_channel, _device, _head, _isSent) = (channel, device, head, false);
        _queue.Clear();
        _sent.Clear();
        _refused.Clear();
        _mice.Cancel();
        if (channel is null)
            return;
        HasTouch = true;
        _mice.Set(Clock.Now + MiceEveryNs);
        // A VM that was only stopped still holds what was released meanwhile.
        ReleaseAll();
    }

    /// <summary>Takes the answer to query-mice.</summary>
    public void ReadMice(JsonElement mice)
    {
        var isAbsolute = mice.ValueKind == JsonValueKind.Array && mice.EnumerateArray().Any(mouse => Is(mouse, "current")
            && Is(mouse, "absolute"));
        if (isAbsolute == IsAbsolute)
            return;
        IsAbsolute = isAbsolute;
        Changed?.Invoke();

        static bool Is(JsonElement mouse, string name) => mouse.ValueKind == JsonValueKind.Object
            && mouse.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
    }

    /// <summary>Takes the answer to the command that was sent last.</summary>
    public void OnAnswer(JsonElement value, string? error)
    {
        _isSent = false;
        if (value.ValueKind == JsonValueKind.Array)
            ReadMice(value);
        else if (error is not null)
            OnRefused(error);
        else
            _sent.ForEach(sent => sent.Update(_held));
        _sent.Clear();
        Flush();
    }

    public bool HasKey(uint code) => Qnum.FromLinux(code) is not null;

    public void Key(uint code, bool pressed)
    {
        if (!HasKey(code))
            return;
        Send(new(QmpEventKind.Key, code, pressed));
    }

    public void Button(uint code, bool pressed)
    {
        var button = code switch
        {
            BtnBack => Side,
            BtnForward => Extra,
            _ => (uint)Array.IndexOf(s_buttons, code),
        };
        if (button < s_buttons.Length)
            Send(new(QmpEventKind.Button, button, pressed));
    }

    public void MoveTo(double x, double y)
    {
        if (IsAbsolute)
            Send(new(QmpEventKind.MoveTo, X: InRange(x), Y: InRange(y)));
    }

    public void MoveBy(double dx, double dy)
    {
        if (IsAbsolute)
            return;
        // Whole pixels are sent; fractions of slow motion add up.
        (_moveX, _moveY) = (_moveX + dx, _moveY + dy);
        var (wholeX, wholeY) = ((int)_moveX, (int)_moveY);
        if ((wholeX, wholeY) != (0, 0))
            Send(new(QmpEventKind.MoveBy, X: wholeX, Y: wholeY));
        (_moveX, _moveY) = (_moveX - wholeX, _moveY - wholeY);
    }

    public void Wheel(int right120, int down120) => _wheel =
        (Notches(_wheel.Right + right120, WheelLeft, WheelRight), Notches(_wheel.Down + down120, WheelUp, WheelDown));

    public void Touch(TouchKind kind, int slot, double x, double y)
    {
        if (HasTouch)
            Send(new(QmpEventKind.Touch, (uint)slot, Touch: kind, X: InRange(x), Y: InRange(y)));
    }

    /// <summary>Releases what the VM holds, and waits for its answer.</summary>
    public void Dispose()
    {
        ReleaseAll();
        var end = Clock.Now + LastWordsNs;
        while (_channel is not null && (_isSent || _queue.Count > 0) && Clock.Now < end)
        {
            _mice.Set(end);
            _loop.Turn();
        }
        _channel = null;
        _loop.Remove(_mice);
    }

    private static int InRange(double position) => (int)Math.Clamp(position, 0, AbsRange - 1);

    /// <summary>Sends the whole notches and returns the rest.</summary>
    private int Notches(int sum, uint negative, uint positive)
    {
        for (; Math.Abs(sum) >= WheelNotch; sum -= Math.Sign(sum) * WheelNotch)
            foreach (var pressed in (bool[])[true, false])
                Send(new(QmpEventKind.Button, sum < 0 ? negative : positive, pressed));
        return sum;
    }

    private void ReleaseAll()
    {
        foreach (var press in _held.Concat(_queue.Where(queued => queued.IsPress)).ToList())
            Send(press.Release);
    }

    /// <summary>
    /// QEMU has checked all events of a command before it sends any (ui/input.c, qmp_input_send_event): it knows no fingers, or
    /// has no tablet any more. Keys and buttons are sent again without them.
    /// </summary>
    private void OnRefused(string error)
    {
        if (error.Contains(Stopped, StringComparison.Ordinal))
        {
            // Not if the same is pressed again meanwhile.
            _refused.AddRange(_sent.Where(sent => sent.IsRelease && !_refused.Exists(one => one.Press == sent.Press)
                && !_queue.Exists(queued => queued.IsPress && queued.Press == sent.Press)));
            return;
        }
        if (_sent.Exists(sent => sent.Kind == QmpEventKind.Touch))
            HasTouch = false;
        if (_sent.Exists(sent => !sent.IsKeyOrButton))
            _queue.InsertRange(0, _sent.Where(sent => sent.IsKeyOrButton));
        _held.RemoveWhere(press => press.Kind == QmpEventKind.Touch && !HasTouch);
    }

    private void Send(QmpEvent next)
    {
        if (_channel is null || _queue.Count >= (next.IsRelease ? 2 * MostQueued : MostQueued))
            return;
        // The key is held again: a release that comes late would end that.
        if (next.IsPress && _refused.Count > 0)
            _refused.RemoveAll(one => one.Press == next.Press);
        if (_queue.Count > 0 && _queue[^1].Merge(next) is { } merged)
            _queue[^1] = merged;
        else
            _queue.Add(next);
        Flush();
    }

    /// <summary>The time to ask for the pointers, and whether a VM that was stopped runs again.</summary>
    private void Renew()
    {
        _queue.InsertRange(0, _refused);
        _refused.Clear();
        Flush();
    }

    private void Flush()
    {
        if (_isSent || _channel is not { } channel)
            return;
        if (_queue.Count > 0)
            SendEvents(channel);
        else if (!_mice.IsSet)
        {
            _mice.Set(Clock.Now + MiceEveryNs);
            _isSent = true;
            channel.Send(QueryMice);
        }
    }

    private void SendEvents(QmpChannel channel)
    {
        var count = Math.Min(_queue.Count, MostInCommand);
        _sent.AddRange(_queue.GetRange(0, count));
        _queue.RemoveRange(0, count);
        _held.UnionWith(_sent.Where(sent => sent.IsPress).Select(sent => sent.Press));
        _isSent = true;
        channel.Send(Command());
    }

    private ReadOnlySpan<byte> Command()
    {
        var text = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(text);
        json.WriteStartObject();
        json.WriteString("execute", "input-send-event");
        json.WriteStartObject("arguments");
        if (_device is not null)
        {
            json.WriteString("device", _device);
            json.WriteNumber("head", _head);
        }
        json.WriteStartArray("events");
        _sent.ForEach(sent => sent.Write(json));
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return text.WrittenSpan;
    }
}
