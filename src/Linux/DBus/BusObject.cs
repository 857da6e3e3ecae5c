using System.Text;

namespace Guestplane.Linux.DBus;

/// <summary>Writes a property's value into a message.</summary>
public delegate void BusValue(BusCall message);

/// <summary>A property that may be read. <paramref name="type"/> is the type of what <paramref name="write"/> adds.</summary>
public sealed class BusProperty(string name, string type, BusValue write)
{
    public string Name => name;

    internal string Type => type;

    internal byte[] Variant { get; } = Bus.ZeroEnded(type);

    public void Write(BusCall message) => write(message);

    public static BusProperty Of(string name, Func<string> value) => new(name, "s", message => message.Add(value()));

    public static BusProperty Of(string name, Func<uint> value) => new(name, "u", message => message.Add(value()));

    public static BusProperty Of(string name, Func<bool> value) => new(name, "b", message => message.Add(value()));

    public static BusProperty Of(string name, params string[] values) => new(name, "as", message => message.Add(values));
}

/// <summary>A method, the types of its arguments and of its results, and what answers its calls.</summary>
public sealed class BusMethod(string name, string arguments, string results, BusHandler handle)
{
    internal string Name => name;

    internal string Arguments => arguments;

    internal string Results => results;

    internal BusHandler Handle => handle;

    internal byte[] Member { get; } = Encoding.UTF8.GetBytes(name);

    internal byte[] Signature { get; } = Bus.ZeroEnded(arguments);
}

/// <summary>One interface of an object.</summary>
public sealed class BusInterface(string name, BusMethod[] methods, params BusProperty[] properties)
{
    public string Name => name;

    internal BusMethod[] Methods => methods;

    internal BusProperty[] Properties => properties;

    internal byte[] Bytes { get; } = Encoding.UTF8.GetBytes(name);

    /// <summary>Adds "a{sv}": all properties.</summary>
    public void AddProperties(BusCall message)
    {
        message.Open('a', "{sv}"u8);
        foreach (var property in properties)
            AddProperty(message, property);
        message.Close();
    }

    private static void AddProperty(BusCall message, BusProperty property)
    {
        message.Open('e', "sv"u8).Add(property.Name).Open('v', property.Variant);
        property.Write(message);
        message.Close().Close();
    }
}

/// <summary>
/// An object that we serve, described by its interfaces. The standard interfaces are answered from that: Properties, whose
/// values may only be read, and Introspectable.
/// </summary>
public sealed class BusObject(string path, params BusInterface[] interfaces)
{
    public string Path => path;

    public BusInterface[] Interfaces => interfaces;

    /// <summary>Answers a call. False if there is no such method: sd-bus answers it with an error then.</summary>
    /// <exception cref="BusException">The call is malformed.</exception>
    public bool Handle(BusMessage message)
    {
        if (message.Interface.SequenceEqual("org.freedesktop.DBus.Properties"u8))
            return HandleProperties(message);
        if (message.Interface.SequenceEqual("org.freedesktop.DBus.Introspectable"u8))
            return Introspect(message);
        foreach (var known in interfaces)
            if (message.Interface.IsEmpty || message.Interface.SequenceEqual(known.Bytes))
                foreach (var method in known.Methods)
                    if (message.Member.SequenceEqual(method.Member))
                        return Call(method, message);
        return false;
    }

    private static bool Call(BusMethod method, BusMessage message)
    {
        if (message.HasSignature(method.Signature))
            return method.Handle(message);
        message.Fail("org.freedesktop.DBus.Error.InvalidArgs"u8, $"{method.Name} takes ({method.Arguments}).");
        return true;
    }

    private bool HandleProperties(BusMessage message)
    {
        var isGetAll = message.Member.SequenceEqual("GetAll"u8) && message.HasSignature("s"u8);
        if (!isGetAll && !(message.Member.SequenceEqual("Get"u8) && message.HasSignature("ss"u8)))
            return false;
        var name = message.ReadString();
        var known = Array.Find(interfaces, known => known.Name == name);
        if (isGetAll)
            AnswerAll(message, known);
        else if (message.ReadString() is var member && known is not null
            && Array.Find(known.Properties, one => one.Name == member) is { } property)
            Answer(message, property);
        else
            message.Fail("org.freedesktop.DBus.Error.UnknownProperty"u8, $"{path} has no such property.");
        return true;
    }

    private static void AnswerAll(BusMessage message, BusInterface? known)
    {
        var reply = message.BeginReply();
        if (known is null)
            reply.Open('a', "{sv}"u8).Close();
        else
            known.AddProperties(reply);
        reply.Send();
    }

    private static void Answer(BusMessage message, BusProperty property)
    {
        var reply = message.BeginReply().Open('v', property.Variant);
        property.Write(reply);
        reply.Close().Send();
    }

    private bool Introspect(BusMessage message)
    {
        if (!message.Member.SequenceEqual("Introspect"u8))
            return false;
        var xml = new StringBuilder("<node>\n");
        foreach (var known in interfaces)
        {
            xml.Append($" <interface name=\"{known.Name}\">\n");
            foreach (var method in known.Methods)
                xml.Append($"  <method name=\"{method.Name}\">"
                    + $"{Arguments(method.Arguments, "in")}{Arguments(method.Results, "out")}</method>\n");
            foreach (var property in known.Properties)
                xml.Append($"  <property name=\"{property.Name}\" type=\"{property.Type}\" access=\"read\"/>\n");
            xml.Append(" </interface>\n");
        }
        message.BeginReply().Add(xml.Append("</node>\n").ToString()).Send();
        return true;
    }

    /// <summary>An element for each type. Arrays are of one basic type, or the whole signature.</summary>
    private static string Arguments(string signature, string direction)
    {
        var xml = new StringBuilder();
        for (var i = 0; i < signature.Length;)
        {
            var length = signature[i] != 'a' ? 1 : signature[i + 1] is '{' or '(' ? signature.Length - i : 2;
            xml.Append($"<arg type=\"{signature.AsSpan(i, length)}\" direction=\"{direction}\"/>");
            i += length;
        }
        return xml.ToString();
    }
}
