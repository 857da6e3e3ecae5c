using Xunit.Sdk;
using Xunit.v3;

[assembly: Xunit.TestCollectionOrderer(typeof(Guestplane.Tests.Rig.LongestFirst))]

namespace Guestplane.Tests.Rig;

/// <summary>Begins with QEMU, of which one runs at a time, and with what takes longest, so that none of them runs alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] s_first =
    [
        nameof(CardsTests), nameof(ServiceTests), nameof(VgpuTrixieTests),
        nameof(KioskTests), nameof(ScanoutTests), nameof(PatternHostsTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderByDescending(Weight)];

    private static int Weight<TTestCollection>(TTestCollection one)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(s_first, name => one.TestCollectionDisplayName.EndsWith(name, StringComparison.Ordinal));
        return place < 0 ? 0 : s_first.Length - place;
    }
}
