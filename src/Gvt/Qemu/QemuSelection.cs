using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// One selection of a VM. QEMU takes one Request at a time, and has one text type. Grabs are numbered by both sides together, so
/// that both choose the same one if they grab at the same time.
/// </summary>
/// <param name="number">QEMU's QemuClipboardSelection.</param>
internal sealed class QemuSelection(uint number) : IGuestSelection
{
    /// <summary>QEMU's only type, in ui/dbus-clipboard.c as in ui/vdagent.c.</summary>
    public const string Text = "text/plain;charset=utf-8";

    /// <summary>QEMU ui/vdagent.c, VDAGENT_BUFFER_LIMIT: the agent's channel takes no more.</summary>
    private const int AgentBytes = 1 << 20;

    /// <summary>QEMU gives a guest that does not answer 5 s (ui/dbus-clipboard.c), and then reports an error.</summary>
    private const long TextWithinNs = 6_000_000_000;

    /// <summary>Calls that wait for one text. A desktop has a few programs, and a VM one.</summary>
    private const int MaxWaiting = 64;

    public static readonly byte[] Path = Bus.ZeroEnded("/org/qemu/Display1/Clipboard");

    /// <summary>A call to QEMU whose answer has not come.</summary>
    private enum Call
    {
        None,
        Pending,

        /// <summary>Pending, but somebody has copied since it was sent.</summary>
        Outdated,
    }

    private readonly List<Action<GuestText>> _readers = [], _lateReaders = [];
    private readonly List<BusReply> _pastes = [];
    private QemuConnection? _connection;
    private DesktopText? _desktop;
    private Call _announcement, _request;

    // spice-vdagentd drops a grab that has not exactly this number, or the one before.
    private uint _nextSerial;

    public SelectionOwner Owner { get; private set; }

    public int MaxBytes => AgentBytes;

    /// <summary>True if QEMU was told about the desktop's text on this connection.</summary>
    public bool IsAnnounced { get; private set; }

    public event Action? Changed;

    /// <summary>Switches to the connection of a VM, or to none (null). The calls on the old one get no answer any more.</summary>
    public void Connect(QemuConnection? connection)
    {
        _connection = connection;
        (_announcement, _request, _nextSerial, IsAnnounced) = (Call.None, Call.None, 0, false);
        _pastes.ForEach(paste => paste.Drop());
        _pastes.Clear();
        if (Owner == SelectionOwner.Guest)
            SetOwner(SelectionOwner.Nobody, null);
    }

    public void Offer(DesktopText text)
    {
        SetOwner(SelectionOwner.Desktop, text);
        Announce();
    }

    public void Withdraw(DesktopText text)
    {
        if (_desktop != text)
            return;
        SetOwner(SelectionOwner.Nobody, null);
        Announce();
    }

    public void Fetch(Action<GuestText> done)
    {
        var readers = _request == Call.Outdated ? _lateReaders : _readers;
        if (Owner != SelectionOwner.Guest || readers.Count == MaxWaiting)
        {
            done(default);
            return;
        }
        readers.Add(done);
        if (_request == Call.None)
            Request();
    }

    /// <summary>The serials begin again, because another agent is connected: it knows nothing of the desktop's text.</summary>
    public void Restart()
    {
        _nextSerial = 0;
        if (Owner == SelectionOwner.Desktop)
            Announce();
    }

    public void OnGrab(uint serial, bool hasText)
    {
        // The guest copied before it learned of our grab. Ours counts by the protocol of the agent (vd_agent.h), but QEMU has
        // taken the guest's if it arrived last.
        if (serial < _nextSerial && Owner == SelectionOwner.Desktop)
            Announce();
        else if (unchecked(serial + 1) >= _nextSerial)
        {
            _nextSerial = unchecked(serial + 1);
            SetOwner(hasText ? SelectionOwner.Guest : SelectionOwner.Nobody, null);
        }
    }

    /// <summary>QEMU also repeats our own Release, which may have been followed by a newer text of ours.</summary>
    public void OnRelease()
    {
        if (Owner == SelectionOwner.Guest)
            SetOwner(SelectionOwner.Nobody, null);
    }

    /// <summary>The guest pastes. QEMU's main loop stands still until we answer.</summary>
    public void OnRequest(BusReply paste)
    {
        if (_desktop is not { } read || _pastes.Count == MaxWaiting)
        {
            paste.Fail();
            return;
        }
        _pastes.Add(paste);
        if (_pastes.Count == 1)
            read(OnDesktopText);
    }

    private void OnDesktopText(byte[]? text)
    {
        foreach (var paste in _pastes)
            if (text is null || text.Length > AgentBytes)
                paste.Fail();
            else
                paste.Begin().Add(Text).Add((ReadOnlySpan<byte>)text).Send();
        _pastes.Clear();
    }

    private void SetOwner(SelectionOwner owner, DesktopText? text)
    {
        var isNew = owner != Owner || owner == SelectionOwner.Guest;
        (Owner, _desktop) = (owner, text);
        // A text that is on its way may be the one before.
        if (_request == Call.Pending)
            _request = Call.Outdated;
        if (owner != SelectionOwner.Guest)
            EndReaders();
        if (isNew)
            Changed?.Invoke();
    }

    /// <summary>
    /// Tells QEMU whether the desktop has text. One call at a time: a desktop that copies without end makes no queue.
    /// </summary>
    private void Announce()
    {
        if (_announcement != Call.None)
            _announcement = Call.Outdated;
        else if (Send(Owner == SelectionOwner.Desktop ? "Grab"u8 : "Release"u8, OnAnnounced, QemuConnection.AnswerWithinNs))
            (_announcement, IsAnnounced) = (Call.Pending, true);
    }

    private bool OnAnnounced(BusMessage answer)
    {
        var isOutdated = _announcement == Call.Outdated;
        _announcement = Call.None;
        if (isOutdated && Owner != SelectionOwner.Guest)
            Announce();
        return true;
    }

    private void Request()
    {
        _request = Call.Pending;
        if (!Send("Request"u8, OnText, TextWithinNs))
            EndRequest(default);
    }

    private bool OnText(BusMessage answer)
    {
        // QEMU's final answers (ui/dbus-clipboard.c, dbus_clipboard_request): another Request would get the same.
        var error = _request == Call.Pending ? answer.Error : null;
        // It does not announce a guest that copies an image. The guest still has the selection, and must keep it.
        var isImage = error?.EndsWith(": Unhandled MIME types requested", StringComparison.Ordinal) == true;
        EndRequest(isImage ? new([]) : Read(answer));
        if (error?.EndsWith(": Empty clipboard", StringComparison.Ordinal) == true && Owner == SelectionOwner.Guest)
            SetOwner(SelectionOwner.Nobody, null);
        return true;
    }

    private void EndRequest(GuestText text)
    {
        _request = Call.None;
        List<Action<GuestText>> served = [.. _readers];
        _readers.Clear();
        _readers.AddRange(_lateReaders);
        _lateReaders.Clear();
        if (_readers.Count > 0)
            Request();
        served.ForEach(done => done(text));
    }

    private void EndReaders()
    {
        List<Action<GuestText>> ended = [.. _readers, .. _lateReaders];
        _readers.Clear();
        _lateReaders.Clear();
        ended.ForEach(done => done(default));
    }

    /// <returns>False if the connection has ended.</returns>
    private bool Send(ReadOnlySpan<byte> member, BusHandler answered, long withinNs)
    {
        if (_connection is null)
            return false;
        try
        {
            var call = _connection.Call(Path, "org.qemu.Display1.Clipboard"u8, member).Add(number);
            if (member.SequenceEqual("Grab"u8))
                call.Add(_nextSerial++);
            if (!member.SequenceEqual("Release"u8))
                call.Add([Text]);
            call.Send(answered, withinNs);
            return true;
        }
        catch (BusException)
        {
            // QemuConnection.Failed follows.
            return false;
        }
    }

    private static GuestText Read(BusMessage answer)
    {
        if (answer.Error is not null || !answer.HasSignature("say"u8))
            return default;
        try
        {
            _ = answer.ReadString();
            var text = answer.ReadBytes();
            return text.Length <= AgentBytes ? new(Normalize(text)) : new(null, IsTooLong: true);
        }
        catch (BusException)
        {
            // A malformed answer counts as no text.
            return default;
        }
    }

    /// <summary>
    /// Windows ends its lines with CR LF and its texts with NUL. QEMU passes on the bytes as they are (ui/vdagent.c), and no
    /// program of the desktop expects either.
    /// </summary>
    private static byte[] Normalize(ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd((byte)0);
        var (lines, length) = (new byte[text.Length], 0);
        for (var i = 0; i < text.Length; i++)
            if (text[i] != '\r' || i + 1 == text.Length || text[i + 1] != '\n')
                lines[length++] = text[i];
        return lines[..length];
    }
}
