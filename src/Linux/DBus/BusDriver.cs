namespace Guestplane.Linux.DBus;

/// <summary>
/// What clients of GDBus call before anything else, because they take every address for a message bus (org.freedesktop.DBus in
/// the D-Bus specification). There are two names here: the client's and ours, which stands for every other.
/// </summary>
public static class BusDriver
{
    /// <summary>DBUS_START_REPLY_ALREADY_RUNNING.</summary>
    private const uint AlreadyRunning = 2;

    private const string TheirName = ":1.1";
    private static readonly string s_ourName = System.Text.Encoding.UTF8.GetString(Bus.OurName);

    public static BusObject Object { get; } = new("/org/freedesktop/DBus", new BusInterface("org.freedesktop.DBus",
    [
        new("Hello", "", "s", message => Answer(message, TheirName)),
        new("AddMatch", "s", "", Accept),
        new("RemoveMatch", "s", "", Accept),
        new("GetNameOwner", "s", "s", message => Answer(message, s_ourName)),
        new("ListQueuedOwners", "s", "as", message =>
        {
            message.BeginReply().Add([s_ourName]).Send();
            return true;
        }),
        new("StartServiceByName", "su", "u", message =>
        {
            message.BeginReply().Add(AlreadyRunning).Send();
            return true;
        }),
    ]));

    private static bool Answer(BusMessage message, string name)
    {
        message.BeginReply().Add(name).Send();
        return true;
    }

    private static bool Accept(BusMessage message)
    {
        message.Reply();
        return true;
    }
}
