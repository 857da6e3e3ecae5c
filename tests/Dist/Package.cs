using Guestplane.Tests.Hosts;

namespace Guestplane.Tests.Dist;

/// <summary>The Debian package, of the program that is built.</summary>
internal static class Package
{
    /// <summary>Why it cannot be made; null when it can.</summary>
    public static string? Missing() =>
        !File.Exists(Repository.Program) ? "The package holds the NativeAOT program, which is not built: ./run --build-only"
        : !Tools.Has("scdoc") || !Tools.Has("dpkg-shlibdeps") ? "Making the package takes what dist/make --packages prints" : null;

    /// <summary>Makes it and lays it into a folder.</summary>
    public static async Task Make(string folder)
    {
        var (status, said) = await Tools.Script(new(Path.Combine(Repository.Root, "dist", "make"), ["--no-build"]));
        Assert.True(status == 0, $"dist/make ended with {status}.\n{said}");
        // The name is the last word that it said.
        var package = said.Trim().Split(' ')[^1];
        File.Copy(Path.Combine(Repository.Root, package), Path.Combine(folder, Path.GetFileName(package)));
    }
}
