using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.House;

/// <summary>bench/Micro is not in the solution, because its packages are for benchmarks alone.</summary>
public sealed class MicroBenchmarkTests
{
    // NuGet's codes for a package that is not to be had, and for a place that does not answer.
    private static readonly string[] s_unavailable = ["NU1101", "NU1301"];

    [Fact]
    public async Task The_benchmarks_of_single_calls_build()
    {
        // Its own errors, too, go where they are read. No process of the build's outlives it.
        var (status, said) = await Tools.Script(new("sh",
            ["-c", "exec dotnet build bench/Micro --no-dependencies --nologo -v quiet -nodeReuse:false -p:UseSharedCompilation=false >&2"])
        {
            WorkingDirectory = Repository.Root,
        });
        Assert.SkipWhen(s_unavailable.Any(said.Contains), "The packages of bench/Micro cannot be had here.");
        Assert.True(status == 0, said);
    }
}
