using System.Linq;

namespace Guestplane.Scanner;

/// <summary>
/// Writes an interface's events: a C# event and a ref struct of arguments each, and the dispatch over opcodes. An object from the
/// server that no handler takes is kept, like those that its ignored events create, until the display is closed. It must not be
/// destroyed: libwayland drops an event to a destroyed object together with the new id in it, and then rejects the server's next
/// object with EINVAL. We keep no more than the compositor does, such as a tablet pad with its rings.
/// </summary>
internal static class EventWriter
{
    public static void Write(SourceWriter writer, Interface i, bool pooled)
    {
        foreach (var e in i.Events)
        {
            writer.Line();
            writer.Summary(e.Summary, e.Since);
            writer.Line($"public event EventHandler<{Naming.Pascal(e.Name)}EventArgs>? {EventName(i, e)};");
        }
        writer.Line();
        writer.Block("private protected override void Dispatch(uint opcode, WlArgument* args)", () =>
        {
            writer.Block("switch (opcode)", () =>
            {
                foreach (var e in i.Events)
                    WriteCase(writer, i, e);
            });
        });
        if (pooled)
        {
            writer.Line();
            var last = i.Events.Where(e => e.Destructor).Select(e => e.Opcode);
            writer.Line($"private protected override bool IsLast(uint opcode) => opcode is {string.Join(" or ", last)};");
            writer.Line();
            writer.Block("private protected override void ForgetHandlers()", () =>
            {
                foreach (var e in i.Events)
                    writer.Line($"{EventName(i, e)} = null;");
            });
        }
        foreach (var e in i.Events)
            WriteArguments(writer, i, e);
    }

    /// <summary>Adds a suffix to an event that has the name of a request of its interface.</summary>
    private static string EventName(Interface i, Message e) =>
        Naming.Pascal(e.Name) + (i.Requests.Any(r => r.Name == e.Name) ? "Event" : "");

    private static void WriteCase(SourceWriter writer, Interface i, Message e)
    {
        var invoke = $"{EventName(i, e)}?.Invoke(this, new {Naming.Pascal(e.Name)}EventArgs(this, args));";
        writer.Line($"case {e.Opcode}:");
        var owned = e.Arguments.Select((a, n) => (a, n)).Where(x => x.a.Type is "fd" or "new_id").ToArray();
        if (owned.Length == 0)
            writer.Line($"    {invoke}");
        else
        {
            // Also if a handler threw: a descriptor that was not taken is closed, an object that was not taken is kept.
            writer.Line($"    try {{ {invoke} }}");
            var drops = owned.Select(x => x.a.Type == "fd" ? $"FdArgument.Drop(ref args[{x.n}]);"
                : $"if (args[{x.n}].Pointer != 0) {Naming.Pascal(x.a.Interface!)}.Adopt(Display, args[{x.n}].Pointer);");
            writer.Line($"    finally {{ {string.Join(" ", drops)} }}");
        }
        writer.Line("    break;");
    }

    private static void WriteArguments(SourceWriter writer, Interface i, Message e)
    {
        writer.Line();
        writer.Line($"/// <summary>Arguments of {i.Name}.{e.Name}; valid only while the event is handled.</summary>");
        writer.Block($"public readonly ref struct {Naming.Pascal(e.Name)}EventArgs", () =>
        {
            if (e.Arguments.Count > 0)
            {
                writer.Line("private readonly WlProxy _proxy;");
                writer.Line("private readonly WlArgument* _args;");
                writer.Line();
                writer.Line($"internal {Naming.Pascal(e.Name)}EventArgs(WlProxy proxy, WlArgument* args) "
                    + "{ _proxy = proxy; _args = args; }");
            }
            else
                writer.Line($"internal {Naming.Pascal(e.Name)}EventArgs(WlProxy _, WlArgument* __) {{ }}");
            for (var n = 0; n < e.Arguments.Count; n++)
                WriteArgument(writer, i, e.Arguments[n], n);
        });
    }

    private static void WriteArgument(SourceWriter writer, Interface i, Argument a, int n)
    {
        var name = Naming.Pascal(a.Name);
        writer.Line();
        writer.Summary(a.Summary);
        switch (a.Type)
        {
            case "int" or "uint" when a.Enum is not null:
                var type = Naming.Enum(a.Enum, i.Name);
                writer.Line($"public {type} {name} => ({type})_args[{n}].UInt;");
                break;
            case "int" or "uint":
                writer.Line($"public {a.Type} {name} => _args[{n}].{(a.Type == "int" ? "Int" : "UInt")};");
                break;
            case "fixed":
                writer.Line($"public WlFixed {name} => new(_args[{n}].Int);");
                break;
            case "string":
                writer.Line($"public ReadOnlySpan<byte> {name}Utf8 => Utf8Argument.Read(_args[{n}]);");
                writer.Line();
                writer.Line($"public string {name} => System.Text.Encoding.UTF8.GetString({name}Utf8);");
                break;
            case "object":
                var other = a.Interface is null ? "WlProxy" : Naming.Pascal(a.Interface);
                writer.Line("/// <remarks>Null also when the object is already destroyed on our side.</remarks>");
                writer.Line($"public {other}? {name} => WlProxy.FromHandle(_args[{n}].Pointer) as {other};");
                break;
            case "array":
                writer.Line($"public ReadOnlySpan<byte> {name} => NativeArray.Read(_args[{n}]);");
                break;
            case "fd":
                writer.Line("/// <remarks>The caller owns it. If no handler takes it, it is closed after the event.</remarks>");
                writer.Line($"public Fd Take{name}() => FdArgument.Take(ref _args[{n}]);");
                break;
            default:
                WriteNewObject(writer, name, Naming.Pascal(a.Interface!), n);
                break;
        }
    }

    private static void WriteNewObject(SourceWriter writer, string name, string type, int n)
    {
        writer.Line("/// <remarks>Made by the server; the caller owns it. If no handler takes it, it lives until the");
        writer.Line("/// display goes, and its events are ignored.</remarks>");
        writer.Block($"public {type} Take{name}()", () =>
        {
            writer.Line($"if (_args[{n}].Pointer == 0)");
            writer.Line("    throw new InvalidOperationException(\"The event's new object was taken already.\");");
            writer.Line($"var made = {type}.Adopt(_proxy.Display, _args[{n}].Pointer);");
            writer.Line($"_args[{n}].Pointer = 0;");
            writer.Line("return made;");
        });
    }
}
