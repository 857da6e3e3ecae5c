using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>What a client sent to the clipboard, or answered.</summary>
public sealed record QemuClipboardEvent(string Member, uint Selection = 0, uint Serial = 0, string Mime = "", string Text = "");

/// <summary>
/// The clipboard between guest and client, as ui/dbus-clipboard.c: text only, one outstanding Request per selection, and a
/// client that registers is asked for its properties while the main loop stands still.
/// </summary>
public sealed class QemuClipboard
{
    public const string Text = "text/plain;charset=utf-8";

    private const string ClipboardInterface = "org.qemu.Display1.Clipboard";
    private const string Path = FakeQemu.Root + "/Clipboard";

    private readonly FakeQemu _qemu;
    private readonly QemuSelection[] _selections = [new(), new(), new()];
    private readonly List<QemuClipboardEvent> _events = [];
    private QemuControl? _client;
    private string? _sender;

    internal QemuClipboard(FakeQemu qemu) => _qemu = qemu;

    public bool IsRegistered => _qemu.Locked(() => _client is not null);

    /// <summary>Register, Unregister, Grab, Release, Request as they came, and Answer to our Request.</summary>
    public IReadOnlyList<QemuClipboardEvent> Events => _qemu.Locked(() => _events.ToList());

    /// <summary>The guest copies. Null is a guest that will be asked for the text, by <see cref="GuestAnswer"/>.</summary>
    public void GuestGrab(uint selection, uint serial, string? text) => _qemu.Act(() =>
    {
        _selections[selection].Grab(isClient: false, serial, text);
        Tell("Grab", "uuas", selection, serial, new[] { Text });
    });

    public void GuestRelease(uint selection) => _qemu.Act(() =>
    {
        _selections[selection].Release();
        Tell("Release", "u", selection);
    });

    /// <summary>The text that a client's Request waits for.</summary>
    public void GuestAnswer(uint selection, string text) => _qemu.Act(() =>
    {
        _selections[selection].Text = text;
        if (_selections[selection].EndRequest() is { } request)
            Answer(request, text);
    });

    /// <summary>The guest pastes what the client has: QEMU stands still until it answers.</summary>
    public void GuestRequest(uint selection) => _qemu.Act(() =>
    {
        if (_client is null || !_selections[selection].IsClients)
            return;
        _qemu.MainLoop.Block("Clipboard.Request");
        _client.Calls.Call(Message(ClipboardInterface, "Request", 0, "uas", selection, new[] { Text }), _qemu.Setup.SyncTimeout,
            reply => _qemu.MainLoop.Unblock(() => Got(selection, reply)));
    });

    internal QemuInterface Interface() => _qemu.WithInterfaces(new QemuInterface(ClipboardInterface)
        .Method("Register", "", Register)
        .Method("Unregister", "", call => FromClient(call, 0, Unregister))
        .Method("Grab", "uuas", call => FromClient(call, (uint)call.Args[0], Grab))
        .Method("Release", "u", call => FromClient(call, (uint)call.Args[0], Release))
        .Method("Request", "uas", call => FromClient(call, (uint)call.Args[0], Request)));

    internal void Left(QemuControl control)
    {
        if (_client == control)
            Forget();
    }

    private void Register(QemuInvocation call)
    {
        _events.Add(new QemuClipboardEvent("Register"));
        if (_client is not null || _qemu.ControlOf(call.Connection) is not { } control)
        {
            call.Fail("Failed", "Clipboard peer already registered!");
            return;
        }
        _sender = call.Call.Sender;
        _qemu.MainLoop.Block("Clipboard.Register");
        var message = Message(FakeQemu.Properties, "GetAll", 0, "s", ClipboardInterface);
        control.Calls.Call(message, _qemu.Setup.SyncTimeout, _ => _qemu.MainLoop.Unblock(() =>
        {
            _client = control.Connection.IsClosed ? null : control;
            foreach (var selection in _selections)
                selection.Serial = 0;
            // Serials start again, which is told by a Register the other way.
            Tell("Register", "");
            call.Return();
        }));
    }

    private void FromClient(QemuInvocation call, uint selection, Action<QemuInvocation, uint> run)
    {
        if (_client is null || _client.Connection != call.Connection || _sender != call.Call.Sender)
            call.Fail("Failed", "Unregistered caller");
        else if (selection >= _selections.Length)
            call.Fail("Failed", $"Invalid clipboard selection: {selection}");
        else
            run(call, selection);
    }

    private void Unregister(QemuInvocation call, uint selection)
    {
        _events.Add(new QemuClipboardEvent("Unregister"));
        Forget();
        call.Return();
    }

    private void Grab(QemuInvocation call, uint selection)
    {
        var serial = (uint)call.Args[1];
        var mimes = ((List<object>)call.Args[2]).Cast<string>().ToList();
        _events.Add(new QemuClipboardEvent("Grab", selection, serial, string.Join(' ', mimes)));
        // A late one is dropped without an error.
        if (serial >= _selections[selection].Serial)
            _selections[selection].Grab(isClient: true, serial, null);
        call.Return();
    }

    private void Release(QemuInvocation call, uint selection)
    {
        _events.Add(new QemuClipboardEvent("Release", selection));
        if (_selections[selection].IsClients)
        {
            _selections[selection].Release();
            Tell("Release", "u", selection);
        }
        call.Return();
    }

    private void Request(QemuInvocation call, uint selection)
    {
        var mimes = ((List<object>)call.Args[1]).Cast<string>().ToList();
        var asked = _selections[selection];
        _events.Add(new QemuClipboardEvent("Request", selection, Mime: string.Join(' ', mimes)));
        if (asked.HasRequest)
            call.Fail("Failed", "Pending request");
        else if (!asked.IsGuests)
            call.Fail("Failed", "Empty clipboard");
        else if (!mimes.Contains(Text))
            call.Fail("Failed", "Unhandled MIME types requested");
        else if (asked.Text is { } text)
            Answer(call, text);
        else
            asked.Request(call, _qemu.Timers.After(_qemu.Setup.ClipboardTimeout, () => Cancel(asked)));
    }

    private static void Answer(QemuInvocation call, string text) =>
        call.Return("say", Text, Encoding.UTF8.GetBytes(text));

    private static void Cancel(QemuSelection selection) => selection.EndRequest()?.Fail("Failed", "Cancelled clipboard request");

    private void Got(uint selection, DBusMessage? reply)
    {
        if (reply?.Signature == "say" && reply.Values is [string mime, byte[] bytes])
            _events.Add(new QemuClipboardEvent("Answer", selection, Mime: mime, Text: Encoding.UTF8.GetString(bytes)));
        else
            _events.Add(new QemuClipboardEvent("Answer", selection, Mime: "none"));
    }

    private void Forget()
    {
        foreach (var selection in _selections)
            Cancel(selection);
        _client = null;
    }

    private void Tell(string member, string signature, params IReadOnlyList<object> values) =>
        _client?.Connection.Send(Message(ClipboardInterface, member, DBusMessage.NoReplyExpected, signature, values));

    private DBusMessage Message(
        string ofInterface, string member, byte flags, string signature, params IReadOnlyList<object> values) =>
        DBusMessage.With(_qemu.Fds, new DBusMessage
        {
            Flags = flags,
            Path = Path,
            Interface = ofInterface,
            Member = member,
            Signature = signature,
            Destination = _sender,
        }, values);
}
