using System.Text;

namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A call of a client to the clipboard, or its answer.</summary>
public sealed record QemuClipboardEvent(string Member, uint Selection = 0, uint Serial = 0, string Mime = "", string Text = "");

/// <summary>
/// The clipboard between guest and client, as in ui/dbus-clipboard.c: text only, one pending Request per selection, and the
/// main loop is blocked while QEMU reads the properties of a client that registers.
/// </summary>
public sealed class QemuClipboard
{
    public const string Text = "text/plain;charset=utf-8";

    private const string ClipboardInterface = "org.qemu.Display1.Clipboard";
    private const string Peer = "org.freedesktop.DBus.Peer";
    private const string Path = FakeQemu.Root + "/Clipboard";

    private readonly FakeQemu _qemu;
    private readonly QemuSelection[] _selections = [new(), new(), new()];
    private readonly List<QemuClipboardEvent> _events = [];
    private QemuControl? _client;

    /// <summary>The client that answered the Ping after its Register call.</summary>
    private QemuControl? _informed;
    private string? _sender;

    internal QemuClipboard(FakeQemu qemu) => _qemu = qemu;

    /// <summary>
    /// True if a client is registered and has received the Register call that follows, after which it sends its Grab again.
    /// </summary>
    public bool IsRegistered => _qemu.Locked(() => _client is not null && _informed == _client);

    /// <summary>Register, Unregister, Grab, Release and Request in the order of arrival, and Answer for our Request.</summary>
    public IReadOnlyList<QemuClipboardEvent> Events => _qemu.Locked(() => _events.ToList());

    /// <summary>The guest has the selection, as far as QEMU knows.</summary>
    public bool IsGuests(uint selection) => _qemu.Locked(() => _selections[selection].IsGuests);

    /// <summary>The guest copies text. With null the guest is asked for the text later, see <see cref="GuestAnswer"/>.</summary>
    public void GuestGrab(uint selection, uint serial, string? text) => _qemu.Act(() =>
    {
        _selections[selection].GuestGrab(serial, text);
        Tell("Grab", "uuas", selection, serial, new[] { Text });
    });

    /// <summary>The guest copies an image: QEMU tells its clients only of texts.</summary>
    public void GuestCopiesImage(uint selection) => _qemu.Act(() => _selections[selection].GuestCopiesImage());

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

    /// <summary>The guest's agent is started again: serials begin anew, which QEMU announces with a Register call.</summary>
    public void RestartAgent() => _qemu.Act(ResetSerials);

    /// <summary>
    /// The guest pastes the client's text: QEMU is blocked until the client answers. Without a text of the client's the guest has
    /// nothing to paste, which counts as an empty Answer.
    /// </summary>
    public void GuestRequest(uint selection) => _qemu.Act(() =>
    {
        if (_client is null || _client.Connection.IsClosed || !_selections[selection].IsClients || !_selections[selection].IsClientsInGuest)
        {
            Got(selection, null);
            return;
        }
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

    /// <summary>QEMU learns by the client's name that it has gone. One without a bus has none, and stays.</summary>
    internal void Left(QemuControl control)
    {
        if (_client == control && _sender is not null)
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
            ResetSerials();
            call.Return();
            control.Calls.Call(Message(Peer, "Ping", 0, ""), _qemu.Setup.SyncTimeout,
                answer => _informed = answer is not null && _client == control ? control : _informed);
        }));
    }

    private void FromClient(QemuInvocation call, uint selection, Action<QemuInvocation, uint> run)
    {
        if (_client is null || _sender != call.Call.Sender)
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
        // A late answer is dropped without an error.
        if (serial >= _selections[selection].Serial && !_selections[selection].ClientGrab(serial))
            _events.Add(new QemuClipboardEvent("Dropped by the agent", selection, serial));
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
        else if (!mimes.Contains(Text) || !asked.HasTextType)
            call.Fail("Failed", "Unhandled MIME types requested");
        else if (asked.Text is { } text)
            Answer(call, text);
        else
            asked.Request(call, _qemu.Timers.After(_qemu.Setup.ClipboardTimeout, () => Cancel(asked)));
    }

    private void ResetSerials()
    {
        foreach (var selection in _selections)
            selection.Reset();
        Tell("Register", "");
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

    /// <summary>No client is registered any more.</summary>
    internal void Forget()
    {
        foreach (var selection in _selections)
            Cancel(selection);
        (_client, _informed) = (null, null);
    }

    private void Tell(string member, string signature, params IReadOnlyList<object> values)
    {
        if (_client is { Connection.IsClosed: false })
            _client.Connection.Send(Message(ClipboardInterface, member, DBusMessage.NoReplyExpected, signature, values));
    }

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
