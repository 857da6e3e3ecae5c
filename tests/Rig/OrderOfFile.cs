using Xunit.v3;

namespace Guestplane.Tests.Rig;

/// <summary>Runs the tests of a class in the order in which they are written.</summary>
public sealed class OrderOfFile : ITestMethodOrderer
{
    public IReadOnlyCollection<TTestMethod?> OrderTestMethods<TTestMethod>(IReadOnlyCollection<TTestMethod?> testMethods)
        where TTestMethod : notnull, Xunit.Sdk.ITestMethod =>
        [.. testMethods.OrderBy(test => test is IXunitTestMethod method ? method.Method.MetadataToken : 0)];
}
