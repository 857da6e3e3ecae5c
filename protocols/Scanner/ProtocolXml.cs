using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Xml;
using System.Xml.Linq;

namespace Guestplane.Scanner;

/// <summary>
/// Reads a Wayland protocol file (wayland.dtd). Any error in it becomes a message and a line number, never an exception.
/// </summary>
internal static class ProtocolXml
{
    private static readonly HashSet<string> s_types = ["int", "uint", "fixed", "string", "object", "new_id", "array", "fd"];

    public static ParseResult Parse(string path, string text)
    {
        try
        {
            // Protocol files have no DTD of their own; one that has could make the compiler fetch files or expand entities.
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
            using var reader = XmlReader.Create(new System.IO.StringReader(text), settings);
            var root = XDocument.Load(reader, LoadOptions.SetLineInfo).Root!;
            Check(root.Name == "protocol", root, $"the root element is <{root.Name}>, not <protocol>");
            return new(path, new(Name(root), new(root.Elements("interface").Select(ReadInterface))), null, 0);
        }
        catch (XmlException e)
        {
            return new(path, null, e.Message, e.LineNumber);
        }
        catch (BadProtocolException e)
        {
            return new(path, null, e.Message, e.Line);
        }
    }

    private static Interface ReadInterface(XElement x) => new(
        Name(x), Number(x, "version"), Summary(x),
        new(x.Elements("request").Select(ReadMessage)),
        new(x.Elements("event").Select(ReadMessage)),
        new(x.Elements("enum").Select(ReadEnum)));

    private static Message ReadMessage(XElement x, int opcode)
    {
        var arguments = x.Elements("arg").Select(ReadArgument).ToArray();
        // libwayland's WL_CLOSURE_MAX_ARGS (connection.c) is 20; an untyped new_id counts as three.
        Check(arguments.Length <= 18, x, $"{Name(x)} has {arguments.Length} arguments; libwayland takes 20 on the wire");
        Check(x.Name != "event" || !arguments.Any(a => a is { Type: "new_id", Interface: null }), x,
            $"{Name(x)} has a new_id without an interface, which only a request may have");
        var isDestructor = (string?)x.Attribute("type") == "destructor";
        return new(Name(x), opcode, Number(x, "since", 1), isDestructor, Summary(x), new(arguments));
    }

    private static Argument ReadArgument(XElement x)
    {
        var type = Attribute(x, "type");
        Check(s_types.Contains(type), x, $"argument {Name(x)} has the unknown type '{type}'");
        return new(Name(x), type, (string?)x.Attribute("interface"), (string?)x.Attribute("enum"),
            (string?)x.Attribute("allow-null") == "true", OneLine((string?)x.Attribute("summary")));
    }

    private static ProtocolEnum ReadEnum(XElement x) => new(
        Name(x), (string?)x.Attribute("bitfield") == "true", Summary(x),
        new(x.Elements("entry").Select(e => new EnumEntry(Name(e), Value(e), OneLine((string?)e.Attribute("summary"))))));

    private static uint Value(XElement x)
    {
        var text = Attribute(x, "value");
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var ok = uint.TryParse(hex ? text.Substring(2) : text, hex ? NumberStyles.HexNumber : NumberStyles.Integer,
            CultureInfo.InvariantCulture, out var value);
        Check(ok, x, $"entry {Name(x)} has the value '{text}', which is no 32-bit number");
        return value;
    }

    private static int Number(XElement x, string attribute, int? missing = null)
    {
        var text = missing is null ? Attribute(x, attribute) : (string?)x.Attribute(attribute);
        if (text is null)
            return missing!.Value;
        var ok = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0;
        Check(ok, x, $"<{x.Name}> has {attribute}='{text}', which is no positive number");
        return value;
    }

    /// <summary>A name of letters, digits, _ and -, with at least one letter or digit, because it becomes a C# name.</summary>
    private static string Name(XElement x)
    {
        var name = Attribute(x, "name");
        Check(name.All(c => c < 128 && (char.IsLetterOrDigit(c) || c is '_' or '-')) && name.Any(char.IsLetterOrDigit), x,
            $"'{name}' is no name of letters, digits and _");
        return name;
    }

    private static string Attribute(XElement x, string name)
    {
        var value = (string?)x.Attribute(name);
        Check(!string.IsNullOrEmpty(value), x, $"<{x.Name}> lacks the attribute '{name}'");
        return value!;
    }

    private static string Summary(XElement x) => OneLine((string?)x.Element("description")?.Attribute("summary"));

    private static string OneLine(string? text) =>
        string.Join(" ", (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static void Check(bool condition, XElement at, string sentence)
    {
        if (!condition)
            throw new BadProtocolException(sentence, ((IXmlLineInfo)at).LineNumber);
    }

    private sealed class BadProtocolException(string message, int line) : Exception(message)
    {
        public int Line { get; } = line;
    }
}
