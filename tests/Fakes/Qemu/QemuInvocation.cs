namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>A client's call, until it is answered.</summary>
internal sealed class QemuInvocation(FakeQemu qemu, DBusConnection connection, DBusMessage call)
{
    /// <summary>org.qemu.Display1.Error.*: Failed, Invalid, Unsupported (ui/dbus-error.c).</summary>
    public const string DisplayErrors = "org.qemu.Display1.Error.";

    public DBusMessage Call { get; } = call;

    public DBusConnection Connection { get; } = connection;

    public object[] Args { get; } = call.Values;

    public void Return() => Return("");

    public void Return(string? signature, params object[] values) => Answer(new DBusMessage
    {
        Type = DBusType.Return,
        Signature = signature,
        Flags = DBusMessage.NoReplyExpected,
        ReplySerial = Call.Serial,
        Destination = Call.Sender,
    }, values);

    public void Fail(string kind, string text) => Error(DisplayErrors + kind, text);

    public void Error(string name, string text) => Answer(new DBusMessage
    {
        Type = DBusType.Error,
        ErrorName = name,
        Signature = "s",
        Flags = DBusMessage.NoReplyExpected,
        ReplySerial = Call.Serial,
        Destination = Call.Sender,
    }, text);

    private void Answer(DBusMessage head, params object[] values)
    {
        if (Call.WantsReply)
            Connection.Send(DBusMessage.With(qemu.Fds, head, values));
    }
}
