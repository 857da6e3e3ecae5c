namespace Guestplane.Tests.Linux;

/// <summary>Tests that count the descriptors of this process: nothing else may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Descriptors
{
    public const string Name = "descriptors";

    /// <summary>All that are open, the test runner's own among them.</summary>
    public static int Open => Directory.GetFileSystemEntries("/proc/self/fd").Count(path => !IsPipe(path));

    /// <summary>What the descriptor links to, or null when it is closed.</summary>
    public static string? Target(int number) => new FileInfo($"/proc/self/fd/{number}").LinkTarget;

    /// <summary>Those of child processes that other tests have had; the runtime closes them when it likes.</summary>
    private static bool IsPipe(string path) => new FileInfo(path).LinkTarget is not { } target || target.StartsWith("pipe:", StringComparison.Ordinal);
}
