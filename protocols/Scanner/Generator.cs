using System;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Guestplane.Scanner;

/// <summary>
/// Generates C# from protocol files: one class per interface, and one table of all interfaces for libwayland. A file is included
/// by <c>&lt;AdditionalFiles Include="x.xml" WaylandProtocol="client"/&gt;</c>, as WaylandSharp does.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class Generator : IIncrementalGenerator
{
    private static readonly Encoding s_utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    private static readonly DiagnosticDescriptor s_badFile = new("WLS001", "Bad protocol file",
        "{0}", "Wayland", DiagnosticSeverity.Error, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor s_badReference = new("WLS002", "Protocol names an unknown or doubled interface",
        "{0}", "Wayland", DiagnosticSeverity.Error, isEnabledByDefault: true);

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var files = context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Where(static pair => pair.Right.GetOptions(pair.Left)
                .TryGetValue("build_metadata.AdditionalFiles.WaylandProtocol", out var side) && side == "client")
            .Select(static (pair, cancel) => ProtocolXml.Parse(pair.Left.Path, pair.Left.GetText(cancel)?.ToString() ?? ""))
            .WithTrackingName("Protocols");

        var interfaces = files.SelectMany(static (file, _) => file.Protocol?.Interfaces.ToImmutableArray() ?? [])
            .WithTrackingName("Interfaces");

        context.RegisterSourceOutput(files, static (output, file) => ReportBadFile(output, file));
        // Two sources with the same name would abort the whole generator. WriteTable reports which interfaces they are.
        var doubled = interfaces.Collect().Select(static (all, _) => new EquatableArray<string>(
            all.GroupBy(i => Naming.Pascal(i.Name), StringComparer.OrdinalIgnoreCase)
                .Where(g => g.Count() > 1).SelectMany(g => g).Select(i => i.Name)));
        context.RegisterSourceOutput(interfaces.Combine(doubled), static (output, pair) =>
        {
            if (pair.Right.Contains(pair.Left.Name))
                return;
            var source = SourceText.From(InterfaceWriter.Write(pair.Left), s_utf8);
            output.AddSource(Naming.Pascal(pair.Left.Name) + ".g.cs", source);
        });
        context.RegisterSourceOutput(interfaces.Collect(), static (output, all) => WriteTable(output, all));
    }

    private static void ReportBadFile(SourceProductionContext output, ParseResult file)
    {
        if (file.Error is null)
            return;
        var at = new LinePosition(file.Line > 0 ? file.Line - 1 : 0, 0);
        var location = Location.Create(file.Path, default, new LinePositionSpan(at, at));
        output.ReportDiagnostic(Diagnostic.Create(s_badFile, location, $"{Path.GetFileName(file.Path)}: {file.Error}"));
    }

    private static void WriteTable(SourceProductionContext output, ImmutableArray<Interface> all)
    {
        var known = all.Select(i => i.Name).ToImmutableHashSet();
        var twice = all.GroupBy(i => Naming.Pascal(i.Name), StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).ToArray();
        foreach (var same in twice)
            output.ReportDiagnostic(Diagnostic.Create(s_badReference, Location.None,
                $"{string.Join(" and ", same.Select(i => i.Name).Distinct())} is defined by {same.Count()} protocol files"));
        var enums = all.SelectMany(i => i.Enums.Select(e => Naming.Enum(e.Name, i.Name))).ToImmutableHashSet();
        foreach (var i in all)
            foreach (var message in i.Requests.Concat(i.Events))
                foreach (var argument in message.Arguments.Where(a => a.Interface is not null && !known.Contains(a.Interface)))
                    output.ReportDiagnostic(Diagnostic.Create(s_badReference, Location.None,
                        $"{i.Name}.{message.Name} names {argument.Interface}, which no protocol file defines"));
        foreach (var i in all)
            foreach (var message in i.Requests.Concat(i.Events))
                foreach (var argument in message.Arguments
                    .Where(a => a.Enum is not null && !enums.Contains(Naming.Enum(a.Enum, i.Name))))
                    output.ReportDiagnostic(Diagnostic.Create(s_badReference, Location.None,
                        $"{i.Name}.{message.Name} names the enum {argument.Enum}, which no protocol file defines"));
        if (all.Length > 0 && twice.Length == 0)
            output.AddSource("InterfaceTable.g.cs", SourceText.From(TableWriter.Write(all), s_utf8));
    }
}
