using System.Runtime.InteropServices;
using Guestplane.Linux;

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

    /// <summary>Does something while this process can open only so many descriptors more (RLIMIT_NOFILE).</summary>
    public static void WithOnly(int free, Action act)
    {
        const int FileLimit = 7;
        // The kernel takes the lowest number that is free: below the last one there is none.
        List<Fd> kept = [.. Enumerable.Range(0, free + 1).Select(_ => Memfd.Create("kept", 1))];
        var (get, set) = (Load<LimitCall>("getrlimit"), Load<LimitCall>("setrlimit"));
        var limit = default(Limit);
        Assert.Equal(0, get(FileLimit, ref limit));
        var low = limit with { Soft = (ulong)kept[^1].Number + 1 };
        kept[1..].ForEach(fd => fd.Dispose());
        try
        {
            Assert.Equal(0, set(FileLimit, ref low));
            act();
        }
        finally
        {
            Assert.Equal(0, set(FileLimit, ref limit));
            kept.ForEach(fd => fd.Dispose());
        }
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int LimitCall(int resource, ref Limit limit);

    private static T Load<T>(string name)
        where T : Delegate =>
        Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), name));

    private record struct Limit(ulong Soft, ulong Hard);

    /// <summary>Those of child processes that other tests have had; the runtime closes them when it likes.</summary>
    private static bool IsPipe(string path) => new FileInfo(path).LinkTarget is not { } target || target.StartsWith("pipe:", StringComparison.Ordinal);
}
