using Guestplane.Linux.DBus;

namespace Guestplane.Gvt.Qemu;

/// <summary>
/// "Interfaces", the one property of an object that we serve: which further interfaces it has. QEMU reads it with its main
/// loop standing still, and calls of those that it finds there what it would call of the base otherwise.
/// </summary>
internal static class InterfacesProperty
{
    /// <summary>Answers org.freedesktop.DBus.Properties' Get and GetAll; whether it was one of those.</summary>
    public static bool Handle(BusMessage message, string @interface, ReadOnlySpan<string> value)
    {
        var isGetAll = message.Member.SequenceEqual("GetAll"u8) && message.HasSignature("s"u8);
        if (!isGetAll && !(message.Member.SequenceEqual("Get"u8) && message.HasSignature("ss"u8)))
            return false;
        var isOurs = message.ReadString() == @interface;
        if (!isGetAll && (!isOurs || message.ReadString() != "Interfaces"))
            return false;
        var reply = message.BeginReply();
        if (isGetAll)
            AddAll(reply, isOurs, value);
        else
            reply.Open('v', "as"u8).Add(value).Close();
        reply.Send();
        return true;
    }

    private static void AddAll(BusCall reply, bool isOurs, ReadOnlySpan<string> value)
    {
        reply.Open('a', "{sv}"u8);
        if (isOurs)
            reply.Open('e', "sv"u8).Add("Interfaces").Open('v', "as"u8).Add(value).Close().Close();
        reply.Close();
    }
}
