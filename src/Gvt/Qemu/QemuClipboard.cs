using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The VM's clipboard (org.qemu.Display1.Clipboard, on both sides of the control connection), which is its guest agent's.
/// QEMU knows one type of text. Grabs are numbered, so that of two at once both sides keep the same one.
/// </summary>
internal sealed class QemuClipboard : IGuestClipboard
{
    /// <summary>More than the agent's channel takes is not passed on (QEMU ui/vdagent.c, VDAGENT_BUFFER_LIMIT).</summary>
    public const int MaxBytes = 1 << 20;

    private const string Text = "text/plain;charset=utf-8";
    private const string Path = "/org/qemu/Display1/Clipboard";

    // QemuClipboardSelection: what Ctrl+C fills. The others are X11's.
    private const uint Clipboard = 0;

    private static readonly byte[] s_path = Bus.ZeroEnded(Path);

    private readonly List<Action<byte[]?>> _fetching = [];
    private QemuConnection? _connection;
    private uint _serial;
    private bool _isOffered;

    public event Action<bool>? Offered;

    public event Action<Action<byte[]?>>? Wanted;

    /// <summary>Speaks with this VM from now on; null: with none.</summary>
    public void Connect(QemuConnection? connection)
    {
        _connection = connection;
        Guest(false);
        // The answers are forgotten with the connection.
        foreach (var done in _fetching.ToList())
            Fetched(null, done);
        if (connection is null)
            return;
        connection.Bus.Serve(Path, Handle);
        _serial = 0;
        Call("Register"u8).Send(_ => true, QemuConnection.AnswerWithinNs);
    }

    public void Offer()
    {
        if (_connection is not null)
            Call("Grab"u8).Add(Clipboard).Add(++_serial).Add([Text]).Send();
    }

    public void Withdraw()
    {
        if (_connection is not null)
            Call("Release"u8).Add(Clipboard).Send();
    }

    public void Fetch(Action<byte[]?> done)
    {
        if (_connection is null || !_isOffered)
        {
            done(null);
            return;
        }
        _fetching.Add(done);
        Call("Request"u8).Add(Clipboard).Add([Text]).Send(answer => Fetched(Read(answer), done), QemuConnection.AnswerWithinNs);
    }

    private BusCall Call(ReadOnlySpan<byte> member) => _connection!.Call(s_path, "org.qemu.Display1.Clipboard"u8, member);

    private static byte[]? Read(BusMessage answer)
    {
        if (answer.Error is not null || !answer.HasSignature("say"u8))
            return null;
        try
        {
            answer.Skip("s"u8);
            var text = answer.ReadBytes();
            return text.Length <= MaxBytes ? text.ToArray() : null;
        }
        catch (BusException)
        {
            // A stranger's half of a text is none.
            return null;
        }
    }

    private bool Fetched(byte[]? text, Action<byte[]?> done)
    {
        _fetching.Remove(done);
        done(text);
        return true;
    }

    private bool Handle(BusMessage message)
    {
        try
        {
            return message.Interface.SequenceEqual("org.freedesktop.DBus.Properties"u8)
                ? InterfacesProperty.Handle(message, "org.qemu.Display1.Clipboard", []) : HandleCall(message);
        }
        catch (BusException)
        {
            // Answered with an error; what was told before stands.
            return false;
        }
    }

    private bool HandleCall(BusMessage message)
    {
        var member = message.Member;
        if (member.SequenceEqual("Register"u8) || member.SequenceEqual("Unregister"u8))
            _serial = 0;
        else if (member.SequenceEqual("Grab"u8) && message.HasSignature("uuas"u8))
            Grab(message);
        else if (member.SequenceEqual("Release"u8) && message.HasSignature("u"u8))
            Release(message);
        else if (member.SequenceEqual("Request"u8) && message.HasSignature("uas"u8))
            return Request(message);
        else
            return false;
        message.Reply();
        return true;
    }

    private void Grab(BusMessage message)
    {
        var (selection, serial, hasText) = (message.ReadUInt32(), message.ReadUInt32(), false);
        message.Enter('a', "s"u8);
        while (message.TryReadString() is { } type)
            hasText |= type == Text;
        message.Exit();
        if (selection != Clipboard || serial < _serial)
            return;
        _serial = serial;
        Guest(hasText);
    }

    private void Release(BusMessage message)
    {
        if (message.ReadUInt32() == Clipboard)
            Guest(false);
    }

    private bool Request(BusMessage message)
    {
        if (message.ReadUInt32() != Clipboard || Wanted is not { } wanted)
            return false;
        var (answer, connection) = (message.Defer(), _connection);
        wanted(text =>
        {
            if (connection != _connection || text is null || text.Length > MaxBytes)
                answer.Fail();
            else
                answer.Begin().Add(Text).Add((ReadOnlySpan<byte>)text).Send();
        });
        return true;
    }

    private void Guest(bool offers)
    {
        if (offers || _isOffered)
            Offered?.Invoke(offers);
        _isOffered = offers;
    }
}
