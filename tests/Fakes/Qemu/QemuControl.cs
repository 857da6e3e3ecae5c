namespace Guestplane.Tests.Fakes.Qemu;

/// <summary>The connection on which a client finds the VM's objects. Errors have GDBus's messages.</summary>
internal sealed class QemuControl(FakeQemu qemu) : IDBusOwner
{
    private const string Errors = "org.freedesktop.DBus.Error.";

    private QemuCalls? _calls;

    public DBusConnection Connection { get; private set; } = null!;

    public QemuCalls Calls => _calls ??= new QemuCalls(qemu, Connection);

    public QemuControl On(DBusConnection connection)
    {
        Connection = connection;
        return this;
    }

    public bool? Authenticates(SaslStep step) => qemu.Reached(Connection, step switch
    {
        SaslStep.Auth => QemuStage.ControlAuth,
        SaslStep.Negotiate => QemuStage.ControlNegotiate,
        _ => QemuStage.ControlBegin,
    });

    public void Opened() => qemu.Took(this);

    public void Closed(string? violation)
    {
        qemu.Violate("control", violation);
        Calls.Fail();
        qemu.Left(this);
    }

    public void Received(DBusMessage message)
    {
        if (message.Type is DBusType.Return or DBusType.Error)
        {
            if (!Calls.Answer(message))
                qemu.Violate("control", $"an answer to nothing, {message.ReplySerial}");
            message.Dispose();
        }
        else if (message.Type == DBusType.Call && message.Interface == "org.freedesktop.DBus.Peer")
            // GDBus's own thread answers it, even while the main loop is blocked.
            new QemuInvocation(qemu, Connection, message).Return(null);
        else if (message.Type == DBusType.Call)
            qemu.MainLoop.Post(() => Serve(message));
    }

    private void Serve(DBusMessage message)
    {
        try
        {
            Dispatch(new QemuInvocation(qemu, Connection, message));
        }
        catch (FormatException e)
        {
            Connection.Close($"{message.Member}: {e.Message}");
        }
        finally
        {
            // A hanging QEMU closes nothing, not even the descriptors of the message.
            if (Connection.IsMute)
                Connection.Keep(message);
            else
                message.Dispose();
        }
    }

    private void Dispatch(QemuInvocation call)
    {
        var message = call.Call;
        qemu.Record(message.Member ?? "");
        var target = qemu.Objects().FirstOrDefault(o => o.Path == message.Path);
        if (message.Path == FakeQemu.Root && message.Interface == FakeQemu.ObjectManager)
            GetManagedObjects(call);
        else if (target is null)
            Unknown(call, "Method", $"Object does not exist at path “{message.Path}”");
        else if (message.Interface == FakeQemu.Properties)
            AskProperties(target, call);
        else if (target.Interfaces.FirstOrDefault(i => i.Name == message.Interface) is not { } found)
            Unknown(call, "Method", $"No such interface “{message.Interface}” on object at path {message.Path}");
        else if (!found.Methods.TryGetValue(message.Member ?? "", out var method))
            Unknown(call, "Method", $"No such method “{message.Member}”");
        else if (Takes(method.Signature, call))
            method.Run(call);
    }

    private bool Takes(string signature, QemuInvocation call)
    {
        var got = call.Call.Signature ?? "";
        if (got == signature)
            return true;
        qemu.Violate("control", $"{call.Call.Member}({got}), not ({signature})");
        call.Error(Errors + "InvalidArgs", $"Type of message, “({got})”, does not match expected type “({signature})”");
        return false;
    }

    private void GetManagedObjects(QemuInvocation call)
    {
        var answer = qemu.Reached(Connection, QemuStage.GetManagedObjects);
        if (answer == false)
            call.Error(QemuFaults.RefusedError, "refused");
        if (answer != true || !Takes("", call))
            return;
        call.Return("a{oa{sa{sv}}}", qemu.Objects().Select(o => new DBusEntry(o.Path, FakeQemu.Described(o))).ToList());
    }

    private void AskProperties(QemuObject target, QemuInvocation call)
    {
        var isAll = call.Call.Member == "GetAll";
        if (!Takes(isAll ? "s" : "ss", call))
            return;
        var name = (string)call.Args[0];
        if (target.Interfaces.FirstOrDefault(i => i.Name == name) is not { } found)
            Unknown(call, null, $"No such interface “{name}”");
        else if (isAll)
            call.Return("a{sv}", found.AllProperties());
        else if (found.Properties.Find(property => property.Name == (string)call.Args[1]) is not { } property)
            Unknown(call, null, $"No such property “{call.Args[1]}”");
        else if (call.Call.Member == "Get")
            call.Return("v", property.Value);
        else
            Unknown(call, null, $"Property “{property.Name}” is not writable");
    }

    private void Unknown(QemuInvocation call, string? what, string text)
    {
        // Reading a property that an older QEMU does not have is not a violation.
        if (what is not null)
            qemu.Violate("control", text);
        call.Error(Errors + (what is null ? "InvalidArgs" : "Unknown" + what), text);
    }
}
