using System.Collections.Generic;
using System.Linq;

namespace Guestplane.Scanner;

/// <summary>
/// Writes a request as a method: the arguments are on the stack, libwayland is called once, nothing is allocated.
/// </summary>
internal static class RequestWriter
{
    public static void Write(SourceWriter writer, Interface i, Message request)
    {
        writer.Line();
        writer.Summary(request.Summary, request.Since);
        foreach (var a in request.Arguments.Where(a => a.Summary.Length > 0 && a.Type != "new_id"))
            writer.Line($"/// <param name=\"{Naming.Camel(a.Name).TrimStart('@')}\">{Escape(a.Summary)}</param>");
        var made = request.Arguments.FirstOrDefault(a => a.Type == "new_id");
        var generic = made is { Interface: null };
        var result = made is null ? "void" : generic ? "T" : Naming.Pascal(made.Interface!);
        var parameters = string.Join(", ", request.Arguments.SelectMany(a => Parameters(i, a)));
        var constraint = generic ? " where T : WlProxy, IWlInterface<T>" : "";
        writer.Block($"public {result} {Naming.Pascal(request.Name)}{(generic ? "<T>" : "")}({parameters}){constraint}", () =>
        {
            if (request.Since > 1)
                writer.Line($"RequireVersion({request.Since}, \"{request.Name}\");");
            var count = request.Arguments.Sum(a => a is { Type: "new_id", Interface: null } ? 3 : 1);
            writer.Line(count > 0 ? $"var args = stackalloc WlArgument[{count}];" : "WlArgument* args = null;");
            var fds = request.Arguments.Where(a => a.Type == "fd").Select(a => Naming.Camel(a.Name)).ToArray();
            foreach (var fd in fds)
                writer.Line($"using var {fd.TrimStart('@')}Lease = new FdLease({fd});");
            var slot = 0;
            foreach (var a in request.Arguments)
                slot += WriteArgument(writer, a, slot);
            WriteCall(writer, request, made);
        });
    }

    private static IEnumerable<string> Parameters(Interface i, Argument a)
    {
        var name = Naming.Camel(a.Name);
        var nullable = a.AllowNull ? "?" : "";
        return a.Type switch
        {
            "new_id" => a.Interface is null ? ["uint version"] : [],
            "int" => [$"{(a.Enum is null ? "int" : Naming.Enum(a.Enum, i.Name))} {name}"],
            "uint" => [$"{(a.Enum is null ? "uint" : Naming.Enum(a.Enum, i.Name))} {name}"],
            "fixed" => [$"WlFixed {name}"],
            "string" => [$"string{nullable} {name}"],
            "object" => [$"{(a.Interface is null ? "WlProxy" : Naming.Pascal(a.Interface))}{nullable} {name}"],
            "array" => [$"ReadOnlySpan<byte> {name}"],
            _ => [$"Fd {name}"],
        };
    }

    /// <summary>Fills the argument's slots of the wl_argument array. Returns the number of slots.</summary>
    private static int WriteArgument(SourceWriter writer, Argument a, int slot)
    {
        var name = Naming.Camel(a.Name);
        var bare = name.TrimStart('@');
        switch (a.Type)
        {
            case "int" or "uint":
                writer.Line($"args[{slot}].UInt = (uint){name};");
                return 1;
            case "fixed":
                writer.Line($"args[{slot}].Int = {name}.Raw;");
                return 1;
            case "string":
                writer.Line($"using var {bare}Utf8 = new Utf8Argument({name}, stackalloc byte[Utf8Argument.StackBytes]);");
                writer.Line($"args[{slot}].Pointer = {bare}Utf8.Pointer;");
                return 1;
            case "object":
                writer.Line($"args[{slot}].Pointer = HandleOf({name});");
                return 1;
            case "array":
                writer.Line($"var {bare}Array = new NativeArray({name});");
                writer.Line($"args[{slot}].Pointer = (nint)(&{bare}Array);");
                return 1;
            case "fd":
                writer.Line($"args[{slot}].Int = {bare}Lease.Number;");
                return 1;
            default:
                if (a.Interface is not null)
                    return 1;
                writer.Line($"args[{slot}].Pointer = InterfaceTable.NameOf(T.TableIndex);");
                writer.Line($"args[{slot + 1}].UInt = version;");
                return 3;
        }
    }

    private static void WriteCall(SourceWriter writer, Message request, Argument? made)
    {
        if (made is null)
            writer.Line($"{(request.Destructor ? "MarshalDestructor" : "Marshal")}({request.Opcode}, args);");
        else if (made.Interface is null)
            writer.Line($"return T.Adopt(Display, MarshalConstructor({request.Opcode}, T.TableIndex, version, args));");
        else
        {
            var type = Naming.Pascal(made.Interface);
            var marshal = request.Destructor ? "MarshalDestructingConstructor" : "MarshalConstructor";
            writer.Line($"return {type}.Adopt(Display, {marshal}({request.Opcode}, InterfaceTable.{type}, ProxyVersion, args));");
        }
    }

    private static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
