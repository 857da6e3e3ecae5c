using System.Linq;

namespace Guestplane.Scanner;

/// <summary>Writes one interface: the class with its requests and events, and its enums.</summary>
internal static class InterfaceWriter
{
    public static string Write(Interface i)
    {
        var name = Naming.Pascal(i.Name);
        // Objects that an event destroys (wl_callback, presentation feedback) are created per frame: their wrappers are pooled.
        var pooled = i.Events.Any(e => e.Destructor);
        var writer = SourceWriter.File();
        foreach (var e in i.Enums)
            WriteEnum(writer, i, e);
        writer.Summary(i.Summary);
        writer.Block($"public sealed unsafe partial class {name} : WlProxy, IWlInterface<{name}>", () =>
        {
            writer.Line($"private {name}(WlDisplay display) : base(display, InterfaceTable.{name}) {{ }}");
            writer.Line();
            writer.Line($"static int IWlInterface<{name}>.TableIndex => InterfaceTable.{name};");
            writer.Line();
            writer.Line($"static ReadOnlySpan<byte> IWlInterface<{name}>.InterfaceName => \"{i.Name}\"u8;");
            writer.Line();
            writer.Line($"static {name} IWlInterface<{name}>.Adopt(WlDisplay display, nint proxy) => Adopt(display, proxy);");
            writer.Line();
            WriteAdopt(writer, name, pooled);
            foreach (var request in i.Requests)
                RequestWriter.Write(writer, i, request);
            WriteDestroy(writer, i);
            // libwayland handles wl_display's two events itself.
            if (i.Name != "wl_display" && i.Events.Count > 0)
                EventWriter.Write(writer, i, pooled);
        });
        return writer.ToString();
    }

    private static void WriteAdopt(SourceWriter writer, string name, bool pooled)
    {
        writer.Line($"internal static {name} Adopt(WlDisplay display, nint proxy)");
        writer.Block("", () =>
        {
            if (pooled)
            {
                writer.Line($"var wrapper = ({name}?)display.Rent(InterfaceTable.{name});");
                // Created in batches, so that one more object in flight than ever before does not allocate.
                writer.Line("for (var n = 0; wrapper is null && n < WlDisplay.PoolBatch; n++)");
                writer.Line($"    display.Return(InterfaceTable.{name}, new {name}(display));");
                writer.Line($"wrapper ??= ({name})display.Rent(InterfaceTable.{name})!;");
            }
            else
                writer.Line($"var wrapper = new {name}(display);");
            writer.Line("wrapper.Attach(proxy);");
            writer.Line("return wrapper;");
        });
    }

    private static void WriteEnum(SourceWriter writer, Interface i, ProtocolEnum e)
    {
        writer.Summary(e.Summary);
        if (e.Bitfield)
            writer.Line("[Flags]");
        writer.Block($"public enum {Naming.Pascal(i.Name)}{Naming.Pascal(e.Name)} : uint", () =>
        {
            foreach (var entry in e.Entries)
            {
                writer.Summary(entry.Summary);
                writer.Line($"{Naming.Pascal(entry.Name)} = {entry.Value}u,");
            }
        });
        writer.Line();
    }

    /// <summary>
    /// Dispose sends the destructor request if the bound version has one; otherwise it only destroys the client's side.
    /// </summary>
    private static void WriteDestroy(SourceWriter writer, Interface i)
    {
        var destructors = i.Requests.Where(r => r.Destructor && r.Arguments.Count == 0).ToArray();
        if (destructors.Length == 0)
            return;
        var request = destructors.FirstOrDefault(r => r.Name == "destroy") ?? destructors[0];
        writer.Line();
        writer.Block("private protected override void DestroyProxy()", () =>
        {
            var call = $"{Naming.Pascal(request.Name)}();";
            if (request.Since == 1)
            {
                writer.Line(call);
                return;
            }
            writer.Line($"if (ProxyVersion >= {request.Since})");
            writer.Line($"    {call}");
            writer.Line("else");
            writer.Line("    base.DestroyProxy();");
        });
    }
}
