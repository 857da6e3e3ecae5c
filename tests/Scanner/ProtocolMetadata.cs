using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Guestplane.Tests.Scanner;

/// <summary>What MSBuild hands to the compiler about each additional file.</summary>
internal sealed class ProtocolMetadata : AnalyzerConfigOptionsProvider
{
    public override AnalyzerConfigOptions GlobalOptions => new Options(null);

    public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => new Options(null);

    public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Options((textFile as ProtocolText)?.Side);

    private sealed class Options(string? side) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
        {
            value = key == "build_metadata.AdditionalFiles.WaylandProtocol" ? side : null;
            return value is not null;
        }
    }
}
