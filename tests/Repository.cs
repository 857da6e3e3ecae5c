using System.Reflection;

namespace Guestplane.Tests;

/// <summary>Where things lie in the checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepositoryRoot").Value!);

    public static string Protocols => Path.Combine(Root, "protocols");

    public static string Rig => Path.Combine(Root, "tests", "rig");

    /// <summary>The NativeAOT program, as ./run --build-only leaves it.</summary>
    public static string Program => Path.Combine(Root, "artifacts", "guestplane");
}
