using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Guestplane.Scanner;

/// <summary>
/// Writes the table of wl_interface (wayland-util.h). Names and signatures are u8 literals, because their addresses never
/// change and libwayland keeps them as long as the display exists.
/// </summary>
internal static class TableWriter
{
    public static string Write(IReadOnlyList<Interface> all)
    {
        var index = all.Select((i, n) => (i.Name, n)).ToDictionary(x => x.Name, x => x.n);
        var messages = all.Sum(i => i.Requests.Count + i.Events.Count);
        var slots = all.SelectMany(i => i.Requests.Concat(i.Events)).Sum(Slots);
        var writer = SourceWriter.File();
        writer.Block("internal static unsafe partial class InterfaceTable", () =>
        {
            foreach (var i in all)
                writer.Line($"internal const int {Naming.Pascal(i.Name)} = {index[i.Name]};");
            writer.Line();
            writer.Line($"internal const int Count = {all.Count};");
            writer.Line();
            writer.Block("private static NativeInterface* Build()", () =>
            {
                writer.Line($"var table = new TableBuilder(interfaces: {all.Count}, messages: {messages}, slots: {slots});");
                foreach (var i in all)
                    WriteInterface(writer, i, index);
                writer.Line("return table.Interfaces;");
            });
        });
        return writer.ToString();
    }

    private static void WriteInterface(SourceWriter writer, Interface i, Dictionary<string, int> index)
    {
        writer.Line($"table.Interface(\"{i.Name}\"u8, {i.Version}, requests: {i.Requests.Count}, events: {i.Events.Count});");
        foreach (var message in i.Requests.Concat(i.Events))
        {
            var types = string.Join(", ", message.Arguments.SelectMany(a => Types(a, index)));
            writer.Line($"table.Message(\"{message.Name}\"u8, \"{Signature(message)}\"u8, [{types}]);");
        }
    }

    private static IEnumerable<int> Types(Argument a, Dictionary<string, int> index) =>
        a is { Type: "new_id", Interface: null } ? [-1, -1, -1]
        : a.Interface is { } name && index.TryGetValue(name, out var n) ? [n] : [-1];

    private static int Slots(Message message) => message.Arguments.Sum(a => a is { Type: "new_id", Interface: null } ? 3 : 1);

    /// <summary>
    /// wl_message.signature: the "since" version if it is above 1, then one letter per argument, with ? before a nullable one.
    /// </summary>
    private static string Signature(Message message)
    {
        var since = message.Since > 1 ? message.Since.ToString(System.Globalization.CultureInfo.InvariantCulture) : "";
        var text = new StringBuilder(since);
        foreach (var a in message.Arguments)
            text.Append(a.AllowNull ? "?" : "").Append(a.Type switch
            {
                "int" => "i",
                "uint" => "u",
                "fixed" => "f",
                "string" => "s",
                "object" => "o",
                "array" => "a",
                "fd" => "h",
                _ => a.Interface is null ? "sun" : "n",
            });
        return text.ToString();
    }
}
