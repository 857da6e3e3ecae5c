using Guestplane.Tests.Compositor;
using Guestplane.Tests.Dist;
using Guestplane.Tests.Hosts;
using Guestplane.Tests.House;
using Guestplane.Tests.Rig;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Xunit.TestCollectionOrderer(typeof(Guestplane.Tests.LongestFirst))]

namespace Guestplane.Tests;

/// <summary>Begins with what takes longest, so that none of it runs alone at the end. So does Rig/Processors.cs with machines that wait.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] s_first =
    [
        typeof(LinuxGuestTests), typeof(CardsTests), typeof(ServiceTests), typeof(Rig.KioskTests), typeof(ScanoutTests), typeof(PatternHostsTests),
        typeof(KioskDrillTests), typeof(LimitTests), typeof(ProofShowTests), typeof(SilentCompositorTests), typeof(ShowTests),
        typeof(ProbeTests), typeof(ReconnectTests), typeof(WakeUpTests), typeof(PackageTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderByDescending(Weight)];

    /// <summary>True if the collection is that of a class: each has one of its own unless it is told otherwise.</summary>
    public static bool IsOf(Type type, ITestCollection collection) =>
        collection.TestCollectionDisplayName.Contains($" {type.FullName} ", StringComparison.Ordinal);

    private static int Weight<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(s_first, type => IsOf(type, collection));
        return place < 0 ? 0 : s_first.Length - place;
    }
}

public sealed class LongestFirstTests
{
    /// <summary>If xunit names collections in another way, nothing would begin first, and nobody would notice.</summary>
    [Fact]
    public void A_collection_is_known_by_its_class() =>
        Assert.True(LongestFirst.IsOf(typeof(LongestFirstTests), TestContext.Current.TestCollection!));
}
