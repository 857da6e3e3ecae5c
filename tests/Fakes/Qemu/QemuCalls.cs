namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The calls of one connection that wait for their replies.</summary>
internal sealed class QemuCalls(FakeQemu qemu, DBusConnection connection)
{
    private readonly Dictionary<uint, QemuCall> _calls = [];

    /// <summary>The continuation gets the reply, or null for an error and for no answer in time.</summary>
    public QemuCall Call(DBusMessage message, TimeSpan timeout, Action<DBusMessage?> then)
    {
        var call = new QemuCall(message.Member!) { Then = then };
        call.Timer = qemu.Timers.After(timeout, call.TimeOut);
        _calls.Add(connection.Send(message), call);
        return call;
    }

    /// <summary>False for an answer to nothing.</summary>
    public bool Answer(DBusMessage reply)
    {
        if (reply.ReplySerial is not { } serial || !_calls.Remove(serial, out var call))
            return false;
        call.Answer(reply.Type == DBusType.Return ? reply : null, reply.ErrorName);
        return true;
    }

    /// <summary>GDBus fails what is pending on a closed connection.</summary>
    public void Fail()
    {
        foreach (var call in _calls.Values.ToList())
            call.Answer(null, "org.freedesktop.DBus.Error.Disconnected");
        _calls.Clear();
    }
}
