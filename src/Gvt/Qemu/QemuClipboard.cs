using Guestplane.Linux;
using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// The VM's clipboard (org.qemu.Display1.Clipboard, served by both sides of the control connection). It belongs to the guest's
/// agent.
/// </summary>
internal sealed class QemuClipboard : IGuestClipboard
{
    private const string Path = "/org/qemu/Display1/Clipboard";

    private static readonly BusObject s_object =
        new(Path, new BusInterface("org.qemu.Display1.Clipboard", [], BusProperty.Of("Interfaces")));

    /// <summary>QEMU sends one type.</summary>
    private const int MostTypes = 64;

    /// <summary>The order is that of QemuClipboardSelection. The third one of QEMU's has no counterpart on Wayland.</summary>
    private readonly QemuSelection[] _selections = [new(0), new(1)];

    public IGuestSelection Clipboard => _selections[0];

    public IGuestSelection Primary => _selections[1];

    /// <summary>Switches to the connection of a VM, or to none (null).</summary>
    public void Connect(QemuConnection? connection)
    {
        foreach (var selection in _selections)
            selection.Connect(connection);
        if (connection is null)
            return;
        connection.Bus.Serve(Path, message => connection.IsFromVm(message) && Handle(message));
        Call(connection, "Register"u8, answer => OnRegistered(connection, answer));
    }

    /// <summary>
    /// QEMU learns by its name on the bus that a client has gone (ui/dbus-clipboard.c). Without a bus it keeps the client before
    /// us, which has ended: QEMU serves one at a time. The call that ends its registration is ours to make, since neither has a
    /// name. On a bus the other is alive, QEMU rejects our call, and the clipboard stays the other's.
    /// </summary>
    private bool OnRegistered(QemuConnection connection, BusMessage answer)
    {
        if (answer.Error?.EndsWith(": Clipboard peer already registered!", StringComparison.Ordinal) != true)
            return OnRegistered(answer);
        TryCall(connection, "Unregister"u8, _ =>
        {
            TryCall(connection, "Register"u8, OnRegistered);
            return true;
        });
        return true;
    }

    private static void TryCall(QemuConnection connection, ReadOnlySpan<byte> member, BusHandler answered)
    {
        try
        {
            Call(connection, member, answered);
        }
        catch (BusException)
        {
            // QemuConnection.Failed follows.
        }
    }

    private static void Call(QemuConnection connection, ReadOnlySpan<byte> member, BusHandler answered) =>
        connection.Call(QemuSelection.Path, "org.qemu.Display1.Clipboard"u8, member)
            .Send(answered, QemuConnection.AnswerWithinNs);

    /// <summary>QEMU has called our Register before it answers; this is for one that has not.</summary>
    private bool OnRegistered(BusMessage answer)
    {
        foreach (var selection in _selections)
            if (!selection.IsAnnounced)
                selection.Restart();
        return true;
    }

    private bool Handle(BusMessage message)
    {
        try
        {
            return message.Interface.SequenceEqual("org.freedesktop.DBus.Properties"u8)
                ? s_object.Handle(message) : HandleCall(message);
        }
        catch (BusException)
        {
            // Malformed: sd-bus answers with an error, and nothing changes.
            return false;
        }
    }

    private bool HandleCall(BusMessage message)
    {
        var member = message.Member;
        if (member.SequenceEqual("Register"u8) || member.SequenceEqual("Unregister"u8))
            Array.ForEach(_selections, selection => selection.Restart());
        else if (member.SequenceEqual("Grab"u8) && message.HasSignature("uuas"u8))
            Grab(message);
        else if (member.SequenceEqual("Release"u8) && message.HasSignature("u"u8))
            Find(message.ReadUInt32())?.OnRelease();
        else if (member.SequenceEqual("Request"u8) && message.HasSignature("uas"u8))
        {
            Request(message);
            return true;
        }
        else
            return false;
        message.Reply();
        return true;
    }

    private void Grab(BusMessage message)
    {
        var (selection, serial, hasText) = (Find(message.ReadUInt32()), message.ReadUInt32(), false);
        message.Enter('a', "s"u8);
        // Read no further than to the text: there may be millions of types.
        for (var count = 0; !hasText && count < MostTypes && message.TryReadString() is { } type; count++)
            hasText = type == QemuSelection.Text;
        selection?.OnGrab(serial, hasText);
    }

    private void Request(BusMessage message)
    {
        var selection = Find(message.ReadUInt32());
        if (selection is null)
            message.Defer().Fail();
        else
            selection.OnRequest(message.Defer());
    }

    private QemuSelection? Find(uint number) => number < _selections.Length ? _selections[number] : null;
}
