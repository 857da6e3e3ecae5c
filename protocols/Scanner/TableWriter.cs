using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Guestplane.Scanner;

/// <summary>
/// Writes the table of wl_interface (wayland-util.h) as text and numbers, which InterfaceTable.Build reads: one line of each per
/// interface. The text is a u8 literal, because its address never changes and libwayland keeps it as long as the display exists.
/// </summary>
internal static class TableWriter
{
    public static string Write(IReadOnlyList<Interface> all)
    {
        var known = new HashSet<string>(all.Select(i => i.Name));
        var messages = all.SelectMany(Messages).ToArray();
        var writer = SourceWriter.File();
        writer.Block("internal static unsafe partial class InterfaceTable", () =>
        {
            for (var n = 0; n < all.Count; n++)
                writer.Line($"internal const int {Naming.Pascal(all[n].Name)} = {n};");
            writer.Line();
            writer.Line($"internal const int Count = {all.Count};");
            writer.Line();
            writer.Line($"private const int MessageCount = {messages.Length}, SlotCount = {messages.Sum(Slots)};");
            writer.Line();
            writer.Line("private static ReadOnlySpan<byte> Text =>");
            for (var n = 0; n < all.Count; n++)
                writer.Line($"    \"{Text(all[n])}\"u8{(n + 1 < all.Count ? " +" : ";")}");
            writer.Line();
            writer.Line("private static ReadOnlySpan<int> Numbers =>");
            writer.Line("[");
            foreach (var i in all)
                writer.Line($"    {string.Join(", ", Numbers(i, known))},");
            writer.Line("];");
        });
        return writer.ToString();
    }

    private static IEnumerable<Message> Messages(Interface i) => i.Requests.Concat(i.Events);

    private static string Text(Interface i) =>
        i.Name + @"\0" + string.Concat(Messages(i).Select(m => $@"{m.Name}\0{Signature(m)}\0"));

    /// <summary>Names stand for the constants of the same class.</summary>
    private static IEnumerable<string> Numbers(Interface i, HashSet<string> known) =>
        [
            $"{i.Version}", $"{i.Requests.Count}", $"{i.Events.Count}",
            .. Messages(i).SelectMany(m => m.Arguments).Where(a => a.Type is "object" or "new_id")
                .Select(a => a.Interface is { } name && known.Contains(name) ? Naming.Pascal(name) : "-1"),
        ];

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
