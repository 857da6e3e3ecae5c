using System.Linq;

namespace Guestplane.Scanner;

/// <summary>Writes an interface's events: a C# event and a ref struct of arguments each, and the dispatch over opcodes.</summary>
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

    /// <summary>An event that shares its name with a request of the same interface is told apart by a suffix.</summary>
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
            // What nobody took is closed or destroyed, also when a handler threw.
            writer.Line($"    try {{ {invoke} }}");
            var drops = owned.Select(x => x.a.Type == "fd" ? $"FdArgument.Drop(ref args[{x.n}]);"
                : $"if (args[{x.n}].Pointer != 0) {Naming.Pascal(x.a.Interface!)}.Adopt(Display, args[{x.n}].Pointer).Dispose();");
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
                writer.Line($"internal {Naming.Pascal(e.Name)}EventArgs(WlProxy proxy, WlArgument* args) {{ _proxy = proxy; _args = args; }}");
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
                writer.Line($"public {Naming.Enum(a.Enum, i.Name)} {name} => ({Naming.Enum(a.Enum, i.Name)})_args[{n}].UInt;");
                break;
            case "int":
                writer.Line($"public int {name} => _args[{n}].Int;");
                break;
            case "uint":
                writer.Line($"public uint {name} => _args[{n}].UInt;");
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
                var type = a.Interface is null ? "WlProxy" : Naming.Pascal(a.Interface);
                writer.Line($"/// <remarks>Null also when the object is already destroyed on our side.</remarks>");
                writer.Line($"public {type}? {name} => WlProxy.FromHandle(_args[{n}].Pointer) as {type};");
                break;
            case "array":
                writer.Line($"public ReadOnlySpan<byte> {name} => NativeArray.Read(_args[{n}]);");
                break;
            case "fd":
                writer.Line("/// <remarks>The caller owns it. Not taken, it is closed after the event.</remarks>");
                writer.Line($"public Fd Take{name}() => FdArgument.Take(ref _args[{n}]);");
                break;
            default:
                writer.Line("/// <remarks>Made by the server; the caller owns it. Not taken, it is destroyed after the event.</remarks>");
                writer.Block($"public {Naming.Pascal(a.Interface!)} Take{name}()", () =>
                {
                    writer.Line($"if (_args[{n}].Pointer == 0)");
                    writer.Line("    throw new InvalidOperationException(\"The event's new object was taken already.\");");
                    writer.Line($"var made = {Naming.Pascal(a.Interface!)}.Adopt(_proxy.Display, _args[{n}].Pointer);");
                    writer.Line($"_args[{n}].Pointer = 0;");
                    writer.Line("return made;");
                });
                break;
        }
    }
}
