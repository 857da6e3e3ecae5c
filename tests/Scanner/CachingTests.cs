using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Guestplane.Tests.Scanner;

/// <summary>An IDE runs the generator at every key press: whatever did not change must not be written again.</summary>
public sealed class CachingTests
{
    private const string OneInterface = "<protocol name='p'><interface name='a_one' version='1'/></protocol>";
    private const string OtherInterfaces = "<protocol name='q'><interface name='b_one' version='1'/><interface name='b_two' version='1'/></protocol>";

    private static readonly IncrementalStepRunReason[] s_idle = [IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged];

    [Fact]
    public void A_change_of_other_code_regenerates_nothing()
    {
        var driver = ScannerRun.Driver(ScannerRun.ProjectProtocols).RunGenerators(ScannerRun.Empty, TestContext.Current.CancellationToken);
        var edited = ScannerRun.Empty.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class C;", cancellationToken: TestContext.Current.CancellationToken));
        var result = driver.RunGenerators(edited, TestContext.Current.CancellationToken).GetRunResult().Results[0];
        Assert.All(Reasons(result, "Protocols"), reason => Assert.Contains(reason, s_idle));
        Assert.All(Reasons(result, "Interfaces"), reason => Assert.Contains(reason, s_idle));
        Assert.All(Outputs(result), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void A_changed_file_regenerates_only_its_own_interfaces()
    {
        var reasons = AfterChange("<protocol name='p'><interface name='a_one' version='2'/></protocol>");
        Assert.Equal(IncrementalStepRunReason.Modified, reasons["a_one"]);
        Assert.Contains(reasons["b_one"], s_idle);
        Assert.Contains(reasons["b_two"], s_idle);
    }

    [Fact]
    public void A_change_of_comments_and_line_breaks_regenerates_nothing()
    {
        var reasons = AfterChange("<!-- new -->\n\n" + OneInterface);
        Assert.All(reasons.Values, reason => Assert.Contains(reason, s_idle));
    }

    [Fact]
    public void A_new_interface_does_not_regenerate_the_others()
    {
        var reasons = AfterChange(OneInterface.Replace("</protocol>", "<interface name='a_two' version='1'/></protocol>", StringComparison.Ordinal));
        Assert.Contains(reasons["a_one"], s_idle);
        Assert.Equal(IncrementalStepRunReason.New, reasons["a_two"]);
    }

    private static Dictionary<string, IncrementalStepRunReason> AfterChange(string text)
    {
        var before = new ProtocolText("/p/a.xml", OneInterface);
        var driver = ScannerRun.Driver(before, new ProtocolText("/p/b.xml", OtherInterfaces))
            .RunGenerators(ScannerRun.Empty, TestContext.Current.CancellationToken)
            .ReplaceAdditionalText(before, new ProtocolText("/p/a.xml", text))
            .RunGenerators(ScannerRun.Empty, TestContext.Current.CancellationToken);
        return driver.GetRunResult().Results[0].TrackedSteps["Interfaces"].SelectMany(step => step.Outputs)
            .ToDictionary(output => ((Guestplane.Scanner.Interface)output.Value).Name, output => output.Reason);
    }

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorRunResult result, string step) =>
        result.TrackedSteps[step].SelectMany(run => run.Outputs).Select(output => output.Reason);

    private static IEnumerable<IncrementalStepRunReason> Outputs(GeneratorRunResult result) =>
        result.TrackedOutputSteps.Values.SelectMany(runs => runs).SelectMany(run => run.Outputs).Select(output => output.Reason);
}
