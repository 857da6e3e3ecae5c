namespace Guestplane.Scanner;

/// <summary>
/// One protocol file, with the elements of wayland.dtd. All records have value equality, so that the generator's steps are
/// cached.
/// </summary>
internal sealed record Protocol(string Name, EquatableArray<Interface> Interfaces);

internal sealed record Interface(
    string Name, int Version, string Summary,
    EquatableArray<Message> Requests, EquatableArray<Message> Events, EquatableArray<ProtocolEnum> Enums);

/// <summary>A request or an event. <c>Destructor</c>: it destroys the object.</summary>
internal sealed record Message(
    string Name, int Opcode, int Since, bool Destructor, string Summary, EquatableArray<Argument> Arguments);

/// <summary>Type is one of int, uint, fixed, string, object, new_id, array, fd.</summary>
internal sealed record Argument(string Name, string Type, string? Interface, string? Enum, bool AllowNull, string Summary);

internal sealed record ProtocolEnum(string Name, bool Bitfield, string Summary, EquatableArray<EnumEntry> Entries);

internal sealed record EnumEntry(string Name, uint Value, string Summary);

/// <summary>The result of reading a protocol file: a protocol, or an error message with its 1-based line.</summary>
internal sealed record ParseResult(string Path, Protocol? Protocol, string? Error, int Line);
