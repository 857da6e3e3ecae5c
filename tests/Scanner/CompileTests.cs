using Microsoft.CodeAnalysis;

namespace Guestplane.Tests.Scanner;

public sealed class CompileTests
{
    [Fact]
    public void All_protocols_compile_together_without_a_warning() => Compiles(ScannerRun.ProjectProtocols);

    [Fact]
    public void The_sample_with_every_feature_compiles_without_a_warning() =>
        Compiles([.. ScannerRun.ProjectProtocols, GoldenTests.Sample]);

    [Fact]
    public void Every_interface_gets_its_file_and_all_share_one_table()
    {
        var hints = ScannerRun.Run(ScannerRun.ProjectProtocols).GeneratedSources.Select(source => source.HintName).ToList();
        Assert.Contains("InterfaceTable.g.cs", hints);
        Assert.Contains("WlSurface.g.cs", hints);
        Assert.Contains("ZwpLinuxBufferParamsV1.g.cs", hints);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("server")]
    public void A_file_that_is_not_marked_for_clients_is_ignored(string? side)
    {
        var result = ScannerRun.Run(new ProtocolText("/p/other.xml", "<protocol", side));
        Assert.Empty(result.GeneratedSources);
        Assert.Empty(result.Diagnostics);
    }

    private static void Compiles(IEnumerable<ProtocolText> protocols)
    {
        ScannerRun.Driver(protocols).RunGeneratorsAndUpdateCompilation(
            ScannerRun.Runtime(), out var compilation, out var said, TestContext.Current.CancellationToken);
        Assert.Empty(said);
        Assert.Empty(compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(d => d.Severity >= DiagnosticSeverity.Warning));
    }
}
