namespace Guestplane.Tests.House;

internal static class Findings
{
    /// <summary>Fails with each of them on a line of its own.</summary>
    public static void MustBeNone(this IEnumerable<string> findings)
    {
        var all = findings.ToList();
        if (all.Count > 0)
            Assert.Fail($"{all.Count} found:\n{string.Join('\n', all)}");
    }
}
