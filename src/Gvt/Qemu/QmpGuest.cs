using System.Text;
using System.Text.Json;
using Guestplane.Linux;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// A VM's input devices by its QMP socket alone, for a VM without a D-Bus display: "qmp:PATH", "qmp:user=NAME,PATH". It has no
/// images and no clipboard. QEMU serves one client of a QMP socket at a time, and that is us as long as this life lasts.
/// </summary>
public sealed class QmpGuest : IGuest
{
    /// <summary>The words that name one, a line each.</summary>
    public const string Help = "qmp:PATH             a VM by its QMP socket, for --input only";

    private const string UserPrefix = "user=";

    private readonly Loop _loop;
    private readonly uint? _console;
    private readonly string _path;
    private readonly string? _user;
    private QmpGuest? _before;
    private readonly List<JsonElement> _answers = [];
    private QmpInput? _input;
    private QmpChannel? _channel;
    private Action<SourceException?>? _opened;
    private bool _isOpen;

    /// <param name="source">See the class.</param>
    /// <param name="console">The console whose devices are used, if some are bound to it; null: those of no console.</param>
    /// <param name="before">The life before, which was lost. Its head is taken over.</param>
    /// <exception cref="SourceException">The words name no socket.</exception>
    public QmpGuest(string source, Loop loop, uint? console = null, IGuest? before = null)
    {
        (Source, _loop, _console, _path) = (source, loop, console, source[InputWords.Qmp.Length..]);
        if (_path.StartsWith(UserPrefix, StringComparison.Ordinal) && _path.IndexOf(',') is > 5 and var comma)
            (_user, _path) = (_path[UserPrefix.Length..comma], _path[(comma + 1)..]);
        if (_path.Length == 0)
            throw new SourceException(SourceFault.Usage, $"\"{source}\" names no socket; use qmp:PATH or qmp:user=NAME,PATH.");
        _before = before as QmpGuest;
    }

    public string Source { get; }

    public IReadOnlyList<Head> Heads { get; private set; } = [];

    public bool IsPolled => false;

    public int DmaBufs => 0;

    public event Action<string>? Lost;

    /// <summary>Whether the words name a QMP socket.</summary>
    public static bool Is(string words) => words.StartsWith(InputWords.Qmp, StringComparison.Ordinal);

    public void Open(Action<SourceException?> done)
    {
        _opened = done;
        Fd socket;
        try
        {
            socket = QemuSource.Connect(_path, "QEMU's -qmp socket", $"start QEMU with -qmp unix:{_path},server=on,wait=off");
            QemuSource.CheckUser(socket, _path, _user, user => $"qmp:user={user},{_path}");
        }
        catch (SourceException e)
        {
            done(InputWords.Refused(Source, e));
            return;
        }
        _channel = new(_loop, socket) { Ready = Ask, Answered = OnAnswer, Ended = End };
    }

    public void Start(Loop loop)
    {
    }

    public long Poll(long now) => LoopSource.Never;

    public void Dispose()
    {
        _input?.Dispose();
        _channel?.Dispose();
    }

    /// <summary>First of the console, then of the pointer.</summary>
    private void Ask()
    {
        if (_console is not null && _answers.Count < 2)
            _channel!.Send(Encoding.ASCII.GetBytes(
                $"{{\"execute\":\"qom-get\",\"arguments\":{{\"path\":\"/backend/console[{_console}]\","
                + $"\"property\":\"{(_answers.Count == 0 ? "device" : "head")}\"}}}}"));
        else
            _channel!.Send(QmpInput.QueryMice);
    }

    private void OnAnswer(JsonElement value, string? error)
    {
        if (_input is not null)
        {
            _input.OnAnswer(value, error);
            return;
        }
        if (error is not null)
        {
            _channel!.Dispose();
            End(_console is not null && _answers.Count < 2 ? $"it has no console {_console} that has input ({error})"
                : $"QEMU refused: {error}");
            return;
        }
        _answers.Add(value.Clone());
        if (_answers.Count < (_console is null ? 1 : 3))
            Ask();
        else
            Begin();
    }

    private void Begin()
    {
        var input = _before?._input ?? new QmpInput(_loop);
        input.ReadMice(_answers[^1]);
        if (_console is null)
            input.Connect(_channel);
        else
            input.Connect(_channel, IdOf(_answers[0]), HeadOf(_answers[1]));
        // Releasing what is held found QEMU gone, which End has reported: the input stays that of the life before.
        if (_channel!.IsOver)
        {
            input.Connect(null);
            return;
        }
        (_input, Heads, _isOpen) = (input, _before?.Heads ?? [new Head("0") { Input = input }], true);
        if (_before is not null)
            _before._input = null;
        // Each life would else keep all lives before it.
        _before = null;
        _opened!(null);
    }

    private void End(string why)
    {
        if (!_isOpen)
        {
            _opened!(InputWords.Refused(Source, new(SourceFault.NotThere, why)));
            return;
        }
        _input!.Connect(null);
        Lost?.Invoke(InputWords.Lost(Source, why));
    }

    private static int HeadOf(JsonElement head) =>
        head.ValueKind == JsonValueKind.Number && head.TryGetInt32(out var number) ? number : 0;

    /// <summary>
    /// A device's id, which is the end of its path if the user gave it one ("/machine/peripheral/ID"). Input devices can be
    /// bound only to such a device (-device usb-tablet,display=ID).
    /// </summary>
    private static string? IdOf(JsonElement path)
    {
        const string Named = "/machine/peripheral/";
        return path.ValueKind == JsonValueKind.String && path.GetString()!.StartsWith(Named, StringComparison.Ordinal)
            ? path.GetString()![Named.Length..] : null;
    }
}
