using System.Runtime.InteropServices;
using Guestplane.Tests.Fakes;
using Guestplane.Wayland;

namespace Guestplane.Tests.Wayland;

/// <summary>What libwayland is given is what the protocol files say, by its own header (wayland-util.h).</summary>
public sealed class InterfaceTableTests
{
    /// <summary>The addresses of all interfaces by name, and the names by address.</summary>
    private static readonly Dictionary<string, nint> s_addresses =
        Enumerable.Range(0, InterfaceTable.Count).ToDictionary(InterfaceTable.Name, InterfaceTable.At);

    private static readonly Dictionary<nint, string> s_names = s_addresses.ToDictionary(pair => pair.Value, pair => pair.Key);

    private static readonly ProtocolModel s_model = new(Repository.Protocols);

    [Fact]
    public void Every_interface_is_in_the_table_once() =>
        Assert.Equal(s_model.All.Select(i => i.Name).Order(StringComparer.Ordinal), s_addresses.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_interface_is_as_its_protocol_file_says() => Assert.All(s_model.All, expected =>
    {
        var at = Marshal.PtrToStructure<Interface>(s_addresses[expected.Name]);
        Assert.Equal((expected.Name, expected.Version), (Text(at.Name), at.Version));
        Assert.Equal(expected.Requests.Select(Line), Messages(at.Methods, at.MethodCount));
        Assert.Equal(expected.Events.Values.OrderBy(e => e.Opcode).Select(Line), Messages(at.Events, at.EventCount));
    });

    /// <summary>A message as the file has it: "bind usun - - - -", with the name of the interface in each argument's place.</summary>
    private static string Line(MessageModel message)
    {
        var signature = string.Concat(message.Args.Select(a => (a.AllowNull ? "?" : "") + Letter(a)));
        var types = message.Args.SelectMany(a => a is { Type: ArgType.NewId, Interface: null } ? ["-", "-", "-"] : new[] { a.Interface ?? "-" });
        return string.Join(' ', [message.Name, (message.Since > 1 ? $"{message.Since}" : "") + signature, .. types]);
    }

    private static string Letter(ArgModel argument) => argument.Type switch
    {
        ArgType.Int => "i",
        ArgType.UInt => "u",
        ArgType.Fixed => "f",
        ArgType.String => "s",
        ArgType.Object => "o",
        ArgType.Array => "a",
        ArgType.Fd => "h",
        _ => argument.Interface is null ? "sun" : "n",
    };

    /// <summary>The same of a wl_message; an address that is no interface's is not found.</summary>
    private static IEnumerable<string> Messages(nint at, int count) => Enumerable.Range(0, count)
        .Select(n => Marshal.PtrToStructure<Message>(at + (n * Marshal.SizeOf<Message>())))
        .Select(message => string.Join(' ', [Text(message.Name), Text(message.Signature), .. Text(message.Signature)
            .Where(char.IsAsciiLetter).Select((_, n) => Marshal.ReadIntPtr(message.Types, n * nint.Size))
            .Select(type => type == 0 ? "-" : s_names[type])]));

    private static string Text(nint at) => Marshal.PtrToStringUTF8(at)!;

    // Written down once more, from the header.
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Interface(nint Name, int Version, int MethodCount, nint Methods, int EventCount, nint Events);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Message(nint Name, nint Signature, nint Types);
}
