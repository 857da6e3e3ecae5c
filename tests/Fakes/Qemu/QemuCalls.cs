namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The pending calls of one connection.</summary>
internal sealed class QemuCalls(FakeQemu qemu, DBusConnection connection)
{
    private readonly Dictionary<uint, QemuCall> _calls = [];

    /// <summary>The continuation gets the reply, or null for an error or a timeout.</summary>
    public QemuCall Call(DBusMessage message, TimeSpan timeout, Action<DBusMessage?> then)
    {
        var call = new QemuCall(message.Member!) { Then = then };
        call.Timer = qemu.Timers.After(timeout, call.TimeOut);
        _calls.Add(connection.Send(message), call);
        return call;
    }

    /// <summary>False if the answer belongs to no pending call.</summary>
    public bool Answer(DBusMessage reply)
    {
        if (reply.ReplySerial is not { } serial || !_calls.Remove(serial, out var call))
            return false;
        call.Answer(reply.Type == DBusType.Return ? reply : null, reply.ErrorName);
        return true;
    }

    /// <summary>GDBus fails the pending calls of a closed connection.</summary>
    public void Fail()
    {
        foreach (var call in _calls.Values.ToList())
            call.Answer(null, "org.freedesktop.DBus.Error.Disconnected");
        _calls.Clear();
    }
}
