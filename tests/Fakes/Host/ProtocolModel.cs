using System.Xml.Linq;

namespace Guestplane.Tests.Fakes;

internal enum ArgType
{
    Int,
    UInt,
    Fixed,
    String,
    Object,
    NewId,
    Array,
    Fd,
}

internal sealed record ArgModel(string Name, ArgType Type, string? Interface, bool AllowNull);

internal sealed record MessageModel(string Name, int Opcode, int Since, bool IsDestructor, IReadOnlyList<ArgModel> Args);

internal sealed record InterfaceModel(
    string Name, int Version, IReadOnlyList<MessageModel> Requests, IReadOnlyDictionary<string, MessageModel> Events);

/// <summary>The contents of the protocol XMLs, read without the project's own scanner, so that the two can disagree.</summary>
internal sealed class ProtocolModel
{
    private readonly Dictionary<string, InterfaceModel> _interfaces = [];

    public ProtocolModel(string protocolDir)
    {
        foreach (var file in Directory.EnumerateFiles(protocolDir, "*.xml").Order(StringComparer.Ordinal))
            foreach (var element in XDocument.Load(file).Root!.Elements("interface"))
            {
                var model = ReadInterface(element);
                _interfaces[model.Name] = model;
            }
    }

    public IEnumerable<InterfaceModel> All => _interfaces.Values;

    public InterfaceModel this[string name] => _interfaces.TryGetValue(name, out var model)
        ? model
        : throw new ArgumentException($"no protocol XML has the interface {name}");

    private static InterfaceModel ReadInterface(XElement element)
    {
        var requests = element.Elements("request").Select(ReadMessage).ToList();
        var events = element.Elements("event").Select(ReadMessage).ToDictionary(message => message.Name);
        return new InterfaceModel(Text(element, "name"), int.Parse(Text(element, "version")), requests, events);
    }

    private static MessageModel ReadMessage(XElement element, int opcode) => new(
        Text(element, "name"),
        opcode,
        int.Parse((string?)element.Attribute("since") ?? "1"),
        (string?)element.Attribute("type") == "destructor",
        element.Elements("arg").Select(ReadArg).ToList());

    private static ArgModel ReadArg(XElement element) => new(
        Text(element, "name"),
        Text(element, "type") switch
        {
            "int" => ArgType.Int,
            "uint" => ArgType.UInt,
            "fixed" => ArgType.Fixed,
            "string" => ArgType.String,
            "object" => ArgType.Object,
            "new_id" => ArgType.NewId,
            "array" => ArgType.Array,
            "fd" => ArgType.Fd,
            var other => throw new InvalidDataException($"unknown argument type {other}"),
        },
        (string?)element.Attribute("interface"),
        (string?)element.Attribute("allow-null") == "true");

    private static string Text(XElement element, string attribute) =>
        (string?)element.Attribute(attribute) ?? throw new InvalidDataException($"<{element.Name}> without {attribute}");
}
