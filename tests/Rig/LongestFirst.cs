using Xunit.Sdk;
using Xunit.v3;

[assembly: Xunit.TestCollectionOrderer(typeof(Guestplane.Tests.Rig.LongestFirst))]

namespace Guestplane.Tests.Rig;

/// <summary>Begins with the scenarios that take longest, so that none of them runs alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] s_longest = [nameof(KioskTests), nameof(ScanoutTests), nameof(PatternHostsTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(one => s_longest.Any(name => one.TestCollectionDisplayName.EndsWith(name, StringComparison.Ordinal)))];
}
